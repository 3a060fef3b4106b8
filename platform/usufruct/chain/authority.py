"""The extra data of headers of chains whose blocks validators sign: QBFT, EIP-650's successor.

RLP of [32 bytes of vanity, [validators], vote, round, [seals]]; in a genesis block vote and seals are empty lists and
the round is 0 (Besu documentation, "Extra data").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import rlp

from usufruct.contracts import Address, address
from usufruct.errors import InputError

__all__ = ["ExtraData", "decode_extra_data", "encode_extra_data"]

_VANITY: Final = 32
_ADDRESS: Final = 20
_PARTS: Final = 5


@dataclass(frozen=True, slots=True)
class ExtraData:
    """What a QBFT header says beside the block.

    Attributes:
        vanity: 32 bytes of the proposer's choice.
        validators: Who may propose and sign, in the order of their addresses.
        round: Round in which the block was agreed.
        seals: Number of signatures.
    """

    vanity: bytes
    validators: tuple[Address, ...]
    round: int
    seals: int


def encode_extra_data(validators: Sequence[str], vanity: bytes = bytes(_VANITY)) -> bytes:
    """Extra data of a genesis block with these validators, sorted by address as the protocol wants."""
    raw = sorted(bytes.fromhex(each.removeprefix("0x")) for each in validators)
    if any(len(each) != _ADDRESS for each in raw) or len(set(raw)) != len(raw):
        raise _refused("validators must be distinct addresses of 20 bytes")
    if len(vanity) != _VANITY:
        raise _refused("the vanity must have 32 bytes")
    return bytes(rlp.encode([vanity, raw, [], b"", []]))


def decode_extra_data(data: bytes) -> ExtraData:
    """The parts of a QBFT header's extra data; InputError if it is none."""
    try:
        parts: Any = rlp.decode(data)
    except rlp.DecodingError as error:
        raise _refused(f"it must be RLP ({error})") from None
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise _refused("it must be a list of five")
    vanity, validators, _, round_, seals = parts
    if not isinstance(vanity, bytes) or len(vanity) != _VANITY:
        raise _refused("its first part must have 32 bytes")
    if not isinstance(validators, list) or any(
        not isinstance(each, bytes) or len(each) != _ADDRESS for each in validators
    ):
        raise _refused("its second part must be a list of addresses")
    if not isinstance(round_, bytes) or not isinstance(seals, list):
        raise _refused("its round must be a number and its seals a list")
    known = tuple(address(each) for each in validators)
    return ExtraData(vanity, known, int.from_bytes(round_), len(seals))


def _refused(rule: str) -> InputError:
    return InputError(
        "this is no QBFT extra data",
        field="extraData",
        value="",
        rule=rule,
        remedy="make it with usufruct.chain.authority, or with besu rlp encode --type=QBFT_EXTRA_DATA",
    )
