"""Proofs that a commitment hides a number in [0, 2^bits), and nothing else about it (protocol §3a).

The number is split into bits, each committed to on its own: C_i = b_i·2^i·G + r_i·H with Σ C_i = C. For
each bit the prover knows r_i such that C_i = r_i·H or C_i − 2^i·G = r_i·H; which of the two stays
hidden (Cramer, Damgård and Schoenmakers 1994: the real Schnorr proof beside a simulated one, their two
challenges adding up to the common one). The common challenge is the hash of everything before it
(Fiat and Shamir), so that a proof holds for one commitment, width and context alone.

The prover's chance is derived from the opening and all that is proved (as RFC 6979 does for
signatures): the same proof is made again, and no two different proofs share a nonce.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from coincurve import PublicKey

from usufruct.core.commitments import INFINITY, N, add_commitments, commit, h_point, point_of
from usufruct.errors import EvidenceError, InputError

MAX_BITS: Final = 63
"""Widest range: quantities are below 2^63 (protocol §1)."""
BIT_LENGTH: Final = 33 + 3 * 32
"""Bytes of a proof for each bit: C_i, the challenge of "the bit is 0", the two responses."""

_TAG: Final = b"usufruct/range/1"
_CHANCE: Final = b"usufruct/range/chance/1"
_SCALAR: Final = 32


@dataclass(frozen=True, slots=True)
class _Bit:
    """The part of a proof for one bit.

    Attributes:
        point: The commitment C_i to the bit.
        challenge: Challenge of "the bit is 0"; the common challenge less it is that of "it is 1".
        zero: Response of "the bit is 0".
        one: Response of "the bit is 1".
    """

    point: bytes
    challenge: int
    zero: int
    one: int

    def written(self) -> bytes:
        return self.point + b"".join(map(_bytes, (self.challenge, self.zero, self.one)))

    def announcements(self, place: int, common: int) -> bytes:
        """The commitments of both Schnorr proofs, from their challenges and responses."""
        point = point_of(self.point)
        less = PublicKey.combine_keys([point, _less_power(place)])
        return _announced(point, self.challenge, self.zero) + _announced(
            less, (common - self.challenge) % N, self.one
        )


@dataclass(frozen=True, slots=True)
class _Secrets:
    """What the prover knows of one bit, and the chance it takes for it."""

    digit: int
    blinding: int
    nonce: int
    challenge: int
    response: int

    def point(self, place: int) -> bytes:
        return commit(self.digit << place, self.blinding)

    def announcements(self, place: int) -> bytes:
        """The real proof's commitment nonce·H, and that of the simulated one."""
        real = _times_h(self.nonce)
        point = point_of(self.point(place))
        if self.digit:
            return _announced(point, self.challenge, self.response) + real
        less = PublicKey.combine_keys([point, _less_power(place)])
        return real + _announced(less, self.challenge, self.response)

    def answered(self, place: int, common: int) -> _Bit:
        """The bit's part of the proof, once the common challenge is known."""
        real = (common - self.challenge) % N
        answer = (self.nonce + real * self.blinding) % N
        if self.digit:
            return _Bit(self.point(place), self.challenge, self.response, answer)
        return _Bit(self.point(place), real, answer, self.response)


def prove_range(value: int, blinding: int, bits: int, context: bytes) -> bytes:
    """A proof that commit(value, blinding) hides a number in [0, 2^bits).

    Args:
        value: The number.
        blinding: The blinding of its commitment, not 0: without one it hides nothing.
        bits: Width, 1 to MAX_BITS.
        context: What the proof is bound to, e.g. the hash of the leaf; any bytes.

    Returns:
        The common challenge (32 bytes), then BIT_LENGTH bytes for each bit from the lowest.

    Raises:
        InputError: The number is not in the range, or another argument is outside its own.
    """
    _require_width(bits)
    if not 0 <= value < 1 << bits:
        raise _refused("value", "(hidden)", f"0 ≤ value < 2^{bits}", "prove a wider range")
    if not 0 < blinding < N:
        raise _refused("blinding", "(secret)", "0 < blinding < order of secp256k1", "blind it")
    statement = _statement(commit(value, blinding), bits, context)
    secrets = _secrets(value, blinding, bits, statement)
    points = b"".join(each.point(place) for place, each in enumerate(secrets))
    announced = b"".join(each.announcements(place) for place, each in enumerate(secrets))
    common = _challenge(statement, points, announced)
    parts = [each.answered(place, common).written() for place, each in enumerate(secrets)]
    return _bytes(common) + b"".join(parts)


def verify_range(commitment: bytes, bits: int, context: bytes, proof: bytes) -> bool:
    """Whether the proof shows that the commitment hides a number in [0, 2^bits).

    Args:
        commitment: A compressed point (33 bytes).
        bits: Width, 1 to MAX_BITS.
        context: What the proof is bound to.
        proof: What `prove_range` made; for anything else the answer is no.

    Raises:
        InputError: The width is none.
    """
    _require_width(bits)
    if len(proof) != _SCALAR + BIT_LENGTH * bits or commitment == INFINITY:
        return False
    try:
        common, parts = _number(proof[:_SCALAR]), _parts(proof[_SCALAR:])
        if add_commitments(each.point for each in parts) != commitment:
            return False
        announced = b"".join(each.announcements(at, common) for at, each in enumerate(parts))
    except (EvidenceError, ValueError):
        return False
    points = b"".join(each.point for each in parts)
    return _challenge(_statement(commitment, bits, context), points, announced) == common


def _secrets(value: int, blinding: int, bits: int, statement: bytes) -> list[_Secrets]:
    """The bits with their blindings, which add up to the commitment's, and with the chance."""
    key = hmac.digest(_bytes(blinding), _CHANCE + _bytes(value) + statement, "sha512")

    def scalar(purpose: bytes, place: int) -> int:
        message = purpose + place.to_bytes(1, "big")
        return int.from_bytes(hmac.digest(key, message, "sha512"), "big") % (N - 1) + 1

    parts = [scalar(b"blinding", place) for place in range(bits - 1)]
    parts.append((blinding - sum(parts)) % N)
    return [
        _Secrets(
            digit=value >> place & 1,
            blinding=parts[place],
            nonce=scalar(b"nonce", place),
            challenge=scalar(b"challenge", place),
            response=scalar(b"response", place),
        )
        for place in range(bits)
    ]


def _statement(commitment: bytes, bits: int, context: bytes) -> bytes:
    """What is proved, hashed: group, commitment, width, context."""
    return sha256(_TAG + commitment + bits.to_bytes(1, "big") + sha256(context).digest()).digest()


def _challenge(statement: bytes, points: bytes, announced: bytes) -> int:
    found = sha256(_TAG + statement + points + announced).digest()
    return int.from_bytes(found, "big") % N


def _announced(point: PublicKey, challenge: int, response: int) -> bytes:
    """response·H − challenge·point."""
    scaled = point.multiply(_bytes(N - challenge))
    return PublicKey.combine_keys([h_point().multiply(_bytes(response)), scaled]).format()


def _times_h(scalar: int) -> bytes:
    return h_point().multiply(_bytes(scalar)).format()


def _less_power(place: int) -> PublicKey:
    """−2^place·G."""
    return PublicKey.from_secret(_bytes(N - (1 << place)))


def _parts(data: bytes) -> Sequence[_Bit]:
    found = []
    for at in range(0, len(data), BIT_LENGTH):
        raw = data[at : at + BIT_LENGTH]
        numbers = [
            _number(raw[start : start + _SCALAR]) for start in range(33, BIT_LENGTH, _SCALAR)
        ]
        found.append(_Bit(raw[:33], *numbers))
    return found


def _number(data: bytes) -> int:
    """A scalar in its only form; ValueError outside (0, N), which no honest prover meets."""
    number = int.from_bytes(data, "big")
    if not 0 < number < N:
        message = "not a scalar"
        raise ValueError(message)
    return number


def _bytes(number: int) -> bytes:
    return number.to_bytes(_SCALAR, "big")


def _require_width(bits: int) -> None:
    if not 1 <= bits <= MAX_BITS:
        raise _refused("bits", bits, f"1 to {MAX_BITS}", "quantities are below 2^63")


def _refused(name: str, value: object, rule: str, remedy: str) -> InputError:
    return InputError("no range proof", field=name, value=value, rule=rule, remedy=remedy)
