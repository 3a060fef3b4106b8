"""What a node tells: blocks, logs and receipts as typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from usufruct.contracts import Address, address

__all__ = ["Block", "Log", "Receipt", "quantity"]

_KEPT: Final = 1 << 16
_WORD_TEXT: Final = 66
"""Characters of 32 bytes in hex; only texts of that size are remembered, so that nobody fills the memory."""
_QUANTITY_TEXT: Final = 18


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, as far as it is used here."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    base_fee: int = 0
    """Wei per gas; 0 on chains without fees."""
    logs_bloom: bytes = field(default=b"", repr=False)
    """The header's filter over all logs of the block (256 bytes), empty if the node gives none."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Block:
        """The block in a node's answer."""
        return cls(
            number=quantity(raw["number"]),
            hash=data(raw["hash"]),
            parent_hash=data(raw["parentHash"]),
            timestamp=quantity(raw["timestamp"]),
            base_fee=quantity(raw.get("baseFeePerGas") or "0x0"),
            logs_bloom=data(raw.get("logsBloom") or "0x"),
        )


class Log(Struct, frozen=True, gc=False):
    """One event as a contract emitted it."""

    address: Address
    topics: list[bytes]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    log_index: int

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Log:
        """The log in a node's answer."""
        return cls(
            _account(raw["address"]),
            list(map(_word, raw["topics"])),
            data(raw["data"]),
            _small(raw["blockNumber"]),
            _word(raw["blockHash"]),
            data(raw["transactionHash"]),
            _small(raw["transactionIndex"]),
            _small(raw["logIndex"]),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a mined transaction."""

    tx_hash: bytes
    status: int
    """1 if it succeeded, 0 if it reverted."""
    gas_used: int
    block_number: int
    contract_address: Address | None
    """The contract it created, if it created one."""
    logs: list[Log]
    gas_price: int = 0
    """Wei per gas that were paid."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Receipt:
        """The receipt in a node's answer."""
        created = raw.get("contractAddress")
        return cls(
            tx_hash=data(raw["transactionHash"]),
            status=quantity(raw["status"]),
            gas_used=quantity(raw["gasUsed"]),
            block_number=quantity(raw["blockNumber"]),
            contract_address=address(data(created)) if created else None,
            logs=[Log.parse(log) for log in raw["logs"]],
            gas_price=quantity(raw.get("effectiveGasPrice") or "0x0"),
        )


def quantity(text: str) -> int:
    """The integer in a node's hex quantity; ValueError if it is none."""
    if text[:2] != "0x" or not text.isalnum():
        raise ValueError("a quantity is 0x and hex digits")
    return int(text, 16)


def data(text: str) -> bytes:
    """The bytes in a node's hex data; ValueError if it is none."""
    if text[:2] != "0x":
        raise ValueError("data begin with 0x")
    return bytes.fromhex(text[2:])


# These come again and again in logs. What is too long raises, and what raises is not remembered.


@lru_cache(_KEPT)
def _word(text: str) -> bytes:
    """The topic or block hash in a node's hex data."""
    if len(text) != _WORD_TEXT:
        raise ValueError("topics and hashes have 32 bytes")
    return data(text)


@lru_cache(_KEPT)
def _small(text: str) -> int:
    """The number of a block, or of a place in it, in a node's hex quantity."""
    if len(text) > _QUANTITY_TEXT:
        raise ValueError("numbers of blocks and places have 64 bits")
    return quantity(text)


@lru_cache(_KEPT)
def _account(text: str) -> Address:
    """The address in a node's hex data."""
    if len(text) > _WORD_TEXT:
        raise ValueError("an address has 20 bytes")
    return address(data(text))
