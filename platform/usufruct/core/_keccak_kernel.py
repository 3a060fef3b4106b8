"""Keccak-f[1600] over several messages per instruction, compiled by numba on the first call.

The state of WIDTH messages lies side by side: word w of message j is at state[WIDTH·w + j]. A round
over all j is a loop without branches, which the compiler turns into vector instructions.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from usufruct.core.keccak import Bytes2D

WIDTH = 8
"""Messages hashed side by side."""

Words = npt.NDArray[np.uint64]
Function = TypeVar("Function", bound=Callable[..., object])

_RATE_WORDS = 17
_STATE = 25 * WIDTH
_ROUND_CONSTANTS = np.array(
    [
        0x0000000000000001,
        0x0000000000008082,
        0x800000000000808A,
        0x8000000080008000,
        0x000000000000808B,
        0x0000000080000001,
        0x8000000080008081,
        0x8000000000008009,
        0x000000000000008A,
        0x0000000000000088,
        0x0000000080008009,
        0x000000008000000A,
        0x000000008000808B,
        0x800000000000008B,
        0x8000000000008089,
        0x8000000000008003,
        0x8000000000008002,
        0x8000000000000080,
        0x000000000000800A,
        0x800000008000000A,
        0x8000000080008081,
        0x8000000000008080,
        0x0000000080000001,
        0x8000000080008008,
    ],
    dtype=np.uint64,
)

u64 = np.uint64


def _compiled(function: Function) -> Function:
    """Compiled and kept on disk, or only compiled where nothing can be written."""
    compiled: Function
    try:
        compiled = njit(function, cache=True, nogil=True)
    except RuntimeError:
        compiled = njit(function, nogil=True)
    return compiled


@_compiled
def _rol(word: np.uint64, bits: np.uint64) -> np.uint64:
    return (word << bits) | (word >> (u64(64) - bits))


@_compiled
def _permute(s: Words) -> None:  # noqa: PLR0915 - one round unrolled is what vectorises
    rol = _rol
    for r in range(24):
        rc = _ROUND_CONSTANTS[r]
        for j in range(WIDTH):
            a0 = s[j]
            a1 = s[WIDTH + j]
            a2 = s[WIDTH * 2 + j]
            a3 = s[WIDTH * 3 + j]
            a4 = s[WIDTH * 4 + j]
            a5 = s[WIDTH * 5 + j]
            a6 = s[WIDTH * 6 + j]
            a7 = s[WIDTH * 7 + j]
            a8 = s[WIDTH * 8 + j]
            a9 = s[WIDTH * 9 + j]
            a10 = s[WIDTH * 10 + j]
            a11 = s[WIDTH * 11 + j]
            a12 = s[WIDTH * 12 + j]
            a13 = s[WIDTH * 13 + j]
            a14 = s[WIDTH * 14 + j]
            a15 = s[WIDTH * 15 + j]
            a16 = s[WIDTH * 16 + j]
            a17 = s[WIDTH * 17 + j]
            a18 = s[WIDTH * 18 + j]
            a19 = s[WIDTH * 19 + j]
            a20 = s[WIDTH * 20 + j]
            a21 = s[WIDTH * 21 + j]
            a22 = s[WIDTH * 22 + j]
            a23 = s[WIDTH * 23 + j]
            a24 = s[WIDTH * 24 + j]
            c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            d0 = c4 ^ rol(c1, u64(1))
            d1 = c0 ^ rol(c2, u64(1))
            d2 = c1 ^ rol(c3, u64(1))
            d3 = c2 ^ rol(c4, u64(1))
            d4 = c3 ^ rol(c0, u64(1))
            b0 = a0 ^ d0
            b1 = rol(a6 ^ d1, u64(44))
            b2 = rol(a12 ^ d2, u64(43))
            b3 = rol(a18 ^ d3, u64(21))
            b4 = rol(a24 ^ d4, u64(14))
            s[j] = b0 ^ (~b1 & b2) ^ rc
            s[WIDTH + j] = b1 ^ (~b2 & b3)
            s[WIDTH * 2 + j] = b2 ^ (~b3 & b4)
            s[WIDTH * 3 + j] = b3 ^ (~b4 & b0)
            s[WIDTH * 4 + j] = b4 ^ (~b0 & b1)
            b0 = rol(a3 ^ d3, u64(28))
            b1 = rol(a9 ^ d4, u64(20))
            b2 = rol(a10 ^ d0, u64(3))
            b3 = rol(a16 ^ d1, u64(45))
            b4 = rol(a22 ^ d2, u64(61))
            s[WIDTH * 5 + j] = b0 ^ (~b1 & b2)
            s[WIDTH * 6 + j] = b1 ^ (~b2 & b3)
            s[WIDTH * 7 + j] = b2 ^ (~b3 & b4)
            s[WIDTH * 8 + j] = b3 ^ (~b4 & b0)
            s[WIDTH * 9 + j] = b4 ^ (~b0 & b1)
            b0 = rol(a1 ^ d1, u64(1))
            b1 = rol(a7 ^ d2, u64(6))
            b2 = rol(a13 ^ d3, u64(25))
            b3 = rol(a19 ^ d4, u64(8))
            b4 = rol(a20 ^ d0, u64(18))
            s[WIDTH * 10 + j] = b0 ^ (~b1 & b2)
            s[WIDTH * 11 + j] = b1 ^ (~b2 & b3)
            s[WIDTH * 12 + j] = b2 ^ (~b3 & b4)
            s[WIDTH * 13 + j] = b3 ^ (~b4 & b0)
            s[WIDTH * 14 + j] = b4 ^ (~b0 & b1)
            b0 = rol(a4 ^ d4, u64(27))
            b1 = rol(a5 ^ d0, u64(36))
            b2 = rol(a11 ^ d1, u64(10))
            b3 = rol(a17 ^ d2, u64(15))
            b4 = rol(a23 ^ d3, u64(56))
            s[WIDTH * 15 + j] = b0 ^ (~b1 & b2)
            s[WIDTH * 16 + j] = b1 ^ (~b2 & b3)
            s[WIDTH * 17 + j] = b2 ^ (~b3 & b4)
            s[WIDTH * 18 + j] = b3 ^ (~b4 & b0)
            s[WIDTH * 19 + j] = b4 ^ (~b0 & b1)
            b0 = rol(a2 ^ d2, u64(62))
            b1 = rol(a8 ^ d3, u64(55))
            b2 = rol(a14 ^ d4, u64(39))
            b3 = rol(a15 ^ d0, u64(41))
            b4 = rol(a21 ^ d1, u64(2))
            s[WIDTH * 20 + j] = b0 ^ (~b1 & b2)
            s[WIDTH * 21 + j] = b1 ^ (~b2 & b3)
            s[WIDTH * 22 + j] = b2 ^ (~b3 & b4)
            s[WIDTH * 23 + j] = b3 ^ (~b4 & b0)
            s[WIDTH * 24 + j] = b4 ^ (~b0 & b1)


@_compiled
def _word(rows: Bytes2D, row: int, at: int) -> np.uint64:
    word = u64(0)
    for k in range(8):
        word |= u64(rows[row, at + k]) << u64(8 * k)
    return word


@_compiled
def _tail(rows: Bytes2D, row: int, at: int) -> np.uint64:
    """The last word of a message: what is left of the row, then the first padding byte 0x01."""
    word = u64(0)
    left = rows.shape[1] - at
    for k in range(left):
        word |= u64(rows[row, at + k]) << u64(8 * k)
    return word | (u64(1) << u64(8 * left))


@_compiled
def hash_rows(rows: Bytes2D) -> Words:
    """Digests, four little-endian words each, of rows of at most 135 bytes."""
    count, length = rows.shape
    whole = length // 8
    out = np.empty((count, 4), np.uint64)
    s = np.empty(_STATE, np.uint64)
    for base in range(0, count, WIDTH):
        s[:] = u64(0)
        lanes = min(WIDTH, count - base)
        for j in range(lanes):
            for w in range(whole):
                s[WIDTH * w + j] = _word(rows, base + j, 8 * w)
            s[WIDTH * whole + j] = _tail(rows, base + j, 8 * whole)
            s[WIDTH * (_RATE_WORDS - 1) + j] ^= u64(1) << u64(63)
        _permute(s)
        for j in range(lanes):
            for w in range(4):
                out[base + j, w] = s[WIDTH * w + j]
    return out


@_compiled
def hash_nodes(level: Words) -> Words:
    """Digests of 0x01 ‖ left ‖ right for adjacent digests, four words each."""
    count = level.shape[0] // 2
    out = np.empty((count, 4), np.uint64)
    s = np.empty(_STATE, np.uint64)
    for base in range(0, count, WIDTH):
        s[:] = u64(0)
        lanes = min(WIDTH, count - base)
        for j in range(lanes):
            # 0x01 ‖ left ‖ right: every word moves up by one byte.
            carry = u64(1)
            for w in range(8):
                word = level[2 * (base + j) + (w >> 2), w & 3]
                s[WIDTH * w + j] = carry | (word << u64(8))
                carry = word >> u64(56)
            s[WIDTH * 8 + j] = carry | (u64(1) << u64(8))
            s[WIDTH * (_RATE_WORDS - 1) + j] = u64(1) << u64(63)
        _permute(s)
        for j in range(lanes):
            for w in range(4):
                out[base + j, w] = s[WIDTH * w + j]
    return out
