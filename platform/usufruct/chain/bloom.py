"""The filter over logs in a block's header (Ethereum yellow paper, 4.3.1): what tells that logs are missing.

A node that answers eth_getLogs cannot be caught by its answer alone. But the header, which the block's hash
covers, has for each log's address and topics three of 2048 bits set. An address none of whose bits are missing
may have logs in the block, or others have set its bits; all logs of the block together set exactly its bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from usufruct.chain.records import Log
from usufruct.core.keccak import keccak256

__all__ = ["bloom_of", "may_hold"]

_BYTES = 256
_BITS = 8 * _BYTES
_HASHES = 3


def bloom_of(logs: Iterable[Log]) -> bytes:
    """The filter that these logs make (256 bytes)."""
    found = 0
    for log in logs:
        for part in (bytes.fromhex(log.address[2:]), *log.topics):
            found |= _bits(part)
    return found.to_bytes(_BYTES, "big")


def may_hold(bloom: bytes, address: str) -> bool:
    """False if no log of the address is among those that made the filter."""
    bits = _bits(bytes.fromhex(address[2:]))
    return int.from_bytes(bloom, "big") & bits == bits


@lru_cache(1 << 14)
def _bits(part: bytes) -> int:
    digest = keccak256(part)
    pairs = (digest[2 * at : 2 * at + 2] for at in range(_HASHES))
    return sum({1 << int.from_bytes(pair, "big") % _BITS for pair in pairs})
