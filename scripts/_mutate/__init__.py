"""Mutation of Solidity source: what `scripts/mutate.py` is made of."""
