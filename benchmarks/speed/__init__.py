"""Parts of ``python benchmarks/peers.py``, one module for each kind of work."""
