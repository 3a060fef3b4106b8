"""Public ids: a prefix that says what it is, then its natural key. Readable, unambiguous, safe in a URL.

ser_lvpps                               series (its symbol in lower case, `ser_lvpps-2` for the second with this symbol)
dist_lvpps_3  rec_lvpps_3               its third distribution, the record date of period 3
po_lvpps_3_5b38…ddc4                    a wallet's payout of it (address without 0x)
str_1   bat_1_15   st_1_2_v1   set_1_2  stream, batch 15, statement of period 2, settlement of period 2
dis_1_2_v1_1                            first dispute of that statement
pos_lvpps_5b38…ddc4                     a wallet's position in a series
off_1   sub_1_5b38…ddc4                 an offering, and a wallet's subscription to it
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from usufruct.errors import InputError

__all__ = [
    "PayoutKey",
    "Slugs",
    "batch_id",
    "dispute_id",
    "distribution_id",
    "offering_id",
    "parse_distribution_id",
    "parse_offering_id",
    "parse_payout_id",
    "parse_position_id",
    "parse_record_id",
    "parse_subscription_id",
    "payout_id",
    "position_id",
    "record_id",
    "series_id",
    "settlement_id",
    "statement_id",
    "stream_id",
    "subscription_id",
]

_UINT31: Final = (1 << 31) - 1
_SLUG: Final = r"([a-z0-9]{1,32}(?:-[0-9]{1,9})?)"
_NUMBER: Final = r"([1-9][0-9]{0,9})"
_PAYOUT: Final = re.compile(rf"po_{_SLUG}_{_NUMBER}_([0-9a-f]{{40}})", re.ASCII)
_POSITION: Final = re.compile(rf"pos_{_SLUG}_([0-9a-f]{{40}})", re.ASCII)
_RECORD: Final = re.compile(rf"rec_{_SLUG}_{_NUMBER}", re.ASCII)
_DISTRIBUTION: Final = re.compile(rf"dist_{_SLUG}_{_NUMBER}", re.ASCII)

_OFFERING: Final = re.compile(rf"off_{_NUMBER}", re.ASCII)
_SUBSCRIPTION: Final = re.compile(rf"sub_{_NUMBER}_([0-9a-f]{{40}})", re.ASCII)


class Slugs:
    """Gives series their names in ids, in the order of their creation."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def next(self, symbol: str) -> str:
        """The symbol's lower case letters and digits, with a number behind where they are taken already."""
        base = re.sub(r"[^a-z0-9]", "", symbol.lower())[:32] or "series"
        slug, count = base, 1
        while slug in self._taken:
            count += 1
            slug = f"{base}-{count}"
        self._taken.add(slug)
        return slug


class PayoutKey(NamedTuple):
    """What a payout's id says."""

    slug: str
    number: int
    wallet: bytes


def series_id(slug: str) -> str:
    """Id of a series."""
    return f"ser_{slug}"


def distribution_id(slug: str, number: int) -> str:
    """Id of a series' distribution."""
    return f"dist_{slug}_{number}"


def payout_id(slug: str, number: int, wallet: bytes) -> str:
    """Id of a wallet's payout; `wallet` is the 20-byte address."""
    return f"po_{slug}_{number}_{wallet.hex()}"


def record_id(slug: str, period: int) -> str:
    """Id of the record date of a period of a series."""
    return f"rec_{slug}_{period}"


def position_id(slug: str, wallet: bytes) -> str:
    """Id of a wallet's position in a series."""
    return f"pos_{slug}_{wallet.hex()}"


def stream_id(stream: int) -> str:
    """Id of a stream."""
    return f"str_{stream}"


def batch_id(stream: int, seq: int) -> str:
    """Id of a batch."""
    return f"bat_{stream}_{seq}"


def statement_id(stream: int, period: int, version: int) -> str:
    """Id of one version of a period's statement."""
    return f"st_{stream}_{period}_v{version}"


def dispute_id(stream: int, period: int, version: int, number: int) -> str:
    """Id of a dispute of one version of a period's statement, counted from 1."""
    return f"dis_{stream}_{period}_v{version}_{number}"


def settlement_id(stream: int, period: int) -> str:
    """Id of a period's settlement."""
    return f"set_{stream}_{period}"


def offering_id(offering: int) -> str:
    """Id of an offering."""
    return f"off_{offering}"


def subscription_id(offering: int, wallet: bytes) -> str:
    """Id of a wallet's subscription to an offering."""
    return f"sub_{offering}_{wallet.hex()}"


def parse_payout_id(text: str, field: str = "id") -> PayoutKey:
    """The parts of a payout's id; InputError if it is none."""
    match = _PAYOUT.fullmatch(text)
    if match is None:
        raise _malformed("payout", field, text, "po_lvpps_3_<address without 0x, lower case>")
    return PayoutKey(match[1], int(match[2]), bytes.fromhex(match[3]))


def parse_position_id(text: str, field: str = "id") -> tuple[str, bytes]:
    """Slug and wallet in a position's id; InputError if it is none."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise _malformed("position", field, text, "pos_lvpps_<address without 0x, lower case>")
    return match[1], bytes.fromhex(match[2])


def parse_distribution_id(text: str, field: str = "id") -> tuple[str, int]:
    """Slug and number in a distribution's id; InputError if it is none."""
    match = _DISTRIBUTION.fullmatch(text)
    if match is None:
        raise _malformed("distribution", field, text, "dist_lvpps_3")
    return match[1], int(match[2])


def parse_record_id(text: str, field: str = "id") -> tuple[str, int]:
    """Slug and period in a record date's id; InputError if it is none."""
    match = _RECORD.fullmatch(text)
    if match is None:
        raise _malformed("record date", field, text, "rec_lvpps_3")
    return match[1], int(match[2])


def parse_offering_id(text: str, field: str = "id") -> int:
    """The number in an offering's id; InputError if it is none."""
    match = _OFFERING.fullmatch(text)
    if match is None or int(match[1]) > _UINT31:
        raise _malformed("primary offering", field, text, "off_1")
    return int(match[1])


def parse_subscription_id(text: str, field: str = "id") -> tuple[int, bytes]:
    """Offering and wallet in a subscription's id; InputError if it is none."""
    match = _SUBSCRIPTION.fullmatch(text)
    if match is None or int(match[1]) > _UINT31:
        raise _malformed("subscription", field, text, "sub_1_<address without 0x, lower case>")
    return int(match[1]), bytes.fromhex(match[2])


def _malformed(what: str, field: str, text: str, example: str) -> InputError:
    return InputError(
        f"this is not the id of a {what}",
        field=field,
        value=text,
        rule=f"ids of a {what} look like {example}",
        remedy="copy the id from a list",
    )
