"""Recursive Length Prefix: how transactions and created addresses are serialised before hashing."""

from __future__ import annotations

from typing import Final

from usufruct.contracts import Address, address
from usufruct.core.keccak import keccak256

__all__ = ["created_address", "rlp"]

_BYTES: Final = 0x80
_LIST: Final = 0xC0
_SHORT: Final = 55


def rlp(item: object) -> bytes:
    """The encoding of bytes, of a non-negative integer (without leading zeros), or of a list of such."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8)
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < _BYTES:
            return item
        return _prefix(len(item), _BYTES) + item
    if isinstance(item, list):
        body = b"".join(rlp(each) for each in item)
        return _prefix(len(body), _LIST) + body
    raise TypeError(f"RLP has no form for {type(item).__name__}")


def created_address(sender: str, nonce: int) -> Address:
    """The address of the contract that `sender` creates with its transaction `nonce` (CREATE)."""
    return address(keccak256(rlp([bytes.fromhex(sender[2:]), nonce]))[12:])


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([base + _SHORT + len(size)]) + size
