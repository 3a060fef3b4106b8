"""Column types that keep chain integers exact on SQLite and PostgreSQL alike, and the packed log position.

| chain type | column | why |
|---|---|---|
| uint64 | BIGINT, two's complement | both databases stop at 2⁶³ − 1; so every uint64 has a place |
| int128 | 16 bytes, two's complement | no integer of that width in SQLite; never added by SQL |
| bytes32, address | raw bytes | a third of the size of hex text |

Equality of a U64 is exact everywhere. Units, payments and accumulators are bounded below 2⁶³ by the contracts, so
these also sort and add in SQL as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from sqlalchemy import BigInteger, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

__all__ = ["I128", "LOG_BITS", "U64", "block_of", "first_position", "position"]

LOG_BITS: Final = 20
"""Bits of a packed position that hold the log index; a block has fewer than 2²⁰ logs by its gas limit."""

_WORD: Final = 1 << 64
_HALF: Final = 1 << 63
_DEBT_BYTES: Final = 16


class U64(TypeDecorator[int]):
    """An exact uint64 in a signed BIGINT."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """The signed number with the same 64 bits; OverflowError outside uint64."""
        del dialect
        return None if value is None else signed64(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """The unsigned number with the same 64 bits."""
        del dialect
        return None if value is None else unsigned64(int(value))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], int | None]:
        """The same for the many values of a column, without what SQLAlchemy calls in between."""
        del dialect, coltype
        return _read


def _read(value: Any) -> int | None:
    if value is None:
        return None
    number = value if value.__class__ is int else int(value)  # sums come as decimals
    return number if number >= 0 else number + _WORD


class I128(TypeDecorator[int]):
    """An exact int128 in 16 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        """Big-endian two's complement; OverflowError outside int128."""
        del dialect
        return None if value is None else value.to_bytes(_DEBT_BYTES, "big", signed=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """The number in big-endian two's complement."""
        del dialect
        return None if value is None else int.from_bytes(value, "big", signed=True)


def fits64(values: Sequence[int | None]) -> bool:
    """Whether all of a column's values are stored as they are: none is null, negative or 2⁶³ or more."""
    if None in values:
        return False
    numbers = cast("Sequence[int]", values)
    return min(numbers, default=0) >= 0 and max(numbers, default=0) < _HALF


def signed64(value: int) -> int:
    """`value` of a uint64 as the int64 with the same bits."""
    if not 0 <= value < _WORD:
        raise OverflowError(f"{value} is not a uint64")
    return value if value < _HALF else value - _WORD


def unsigned64(value: int) -> int:
    """`value` of an int64 as the uint64 with the same bits."""
    return value if value >= 0 else value + _WORD


def position(block: int, log_index: int) -> int:
    """Block number and log index in one sortable integer: the key of every row that comes from a log."""
    if not 0 <= log_index < 1 << LOG_BITS:
        raise OverflowError(f"log index {log_index} does not fit {LOG_BITS} bits")
    return block << LOG_BITS | log_index


def first_position(block: int) -> int:
    """The least position in `block`; the end of the block before it."""
    return block << LOG_BITS


def block_of(pos: int) -> int:
    """The block number in a position."""
    return pos >> LOG_BITS
