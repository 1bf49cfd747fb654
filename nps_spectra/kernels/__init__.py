"""Numba kernels on bare arrays: no objects, no options, one layout (peaks end to end, with offsets)."""
