"""Keccak-256, one message at a time or many of equal length at once.

Many messages go through a compiled kernel that hashes four lanes per instruction. Loading it costs
about as much as hashing a million rows one by one, so a process loads it only once it has hashed
`LOAD_AFTER` rows without it (or calls `warm`). The bytes are the same either way.
"""

import os
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

Bytes2D = npt.NDArray[np.uint8]
"""An array of bytes of shape [rows, length]."""

DIGEST = 32
"""Bytes of a digest."""
KERNEL_ROWS = 64
"""Fewest rows for which the loaded kernel is worth its call."""
LOAD_AFTER = 100_000
"""Rows hashed one by one after which the kernel is loaded."""

_KERNEL_LENGTH = 135
"""Longest row that fits one block of 136 bytes with its padding."""
_NODE = 2 * DIGEST


def keccak256(data: bytes) -> bytes:
    """Keccak-256 of a byte string (32 bytes)."""
    return _digest(data)


def _scalar() -> Callable[[bytes], bytes]:
    try:
        from sha3 import keccak_256  # noqa: PLC0415 - optional
    except ImportError:
        from eth_hash.auto import keccak  # noqa: PLC0415 - only where pysha3 is missing

        return keccak
    return lambda data: keccak_256(data).digest()


_digest = _scalar()


def keccak256_rows(rows: Bytes2D) -> Bytes2D:
    """Keccak-256 of each row of an array [n, length]; returns an array [n, 32]."""
    kernel = _kernel(len(rows)) if rows.shape[1] <= _KERNEL_LENGTH else None
    if kernel is not None:
        return _as_bytes(kernel.hash_rows(np.ascontiguousarray(rows)))
    return _one_by_one([row.tobytes() for row in rows])


def keccak256_nodes(level: Bytes2D) -> Bytes2D:
    """Keccak-256 of `0x01 ‖ left ‖ right` for each adjacent pair of digests.

    Args:
        level: Digests, shape [2·n, 32].

    Returns:
        Shape [n, 32].
    """
    kernel = _kernel(len(level) // 2)
    if kernel is not None:
        words = np.ascontiguousarray(level).view("<u8")
        return _as_bytes(kernel.hash_nodes(words))
    raw = level.tobytes()
    return _one_by_one([b"\x01" + raw[at : at + _NODE] for at in range(0, len(raw), _NODE)])


def warm() -> bool:
    """Loads the kernel now; false if this process does without it."""
    return _load() is not None


class _Count:
    """Rows hashed one by one so far."""

    rows = 0


def _kernel(rows: int) -> "ModuleType | None":
    if rows < KERNEL_ROWS:
        return None
    if _Count.rows + rows < LOAD_AFTER and not _load.cache_info().currsize:
        _Count.rows += rows
        return None
    return _load()


@cache
def _load() -> "ModuleType | None":
    if os.environ.get("USUFRUCT_NO_NUMBA") == "1" or sys.byteorder != "little":
        return None
    try:
        from usufruct.core import _keccak_kernel  # noqa: PLC0415 - compiles on import
    except ImportError:
        return None
    return _keccak_kernel


def _one_by_one(messages: list[bytes]) -> Bytes2D:
    joined = b"".join(map(_digest, messages))
    return np.frombuffer(joined, np.uint8).reshape(-1, DIGEST)


def _as_bytes(words: npt.NDArray[np.uint64]) -> Bytes2D:
    return words.view(np.uint8)
