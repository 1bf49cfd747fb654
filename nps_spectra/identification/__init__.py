"""Identification: evidence beside the score, tests of replicates, and groups that cannot be told apart."""
