"""Usufruct anchors signed meter readings on a chain and pays the holders of income rights."""

import sys
from contextlib import suppress
from importlib import import_module

# web3 and eth_account import py_ecc, which raises the recursion limit a hundredfold. Then a JSON text
# of many opening brackets, in a request or a proof, overflows the stack and kills the process instead
# of raising RecursionError. We use nothing of py_ecc: imported here first, it does so only once.
_limit = sys.getrecursionlimit()
with suppress(ImportError):
    import_module("py_ecc")
sys.setrecursionlimit(_limit)
