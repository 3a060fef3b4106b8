"""Participants, their series, and what is offered of them, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from usufruct.contracts import Address

__all__ = ["CLASSES", "RANKS", "Holder", "Offering", "Participant", "Series"]

CLASSES: Final[Mapping[str, int]] = MappingProxyType(
    {"retail": 1, "professional": 2, "institution": 3}
)
"""Investor classes and their numbers in ParticipantRegistry.

The number is the bit in a series' mask.
"""
RANKS: Final[Mapping[str, int]] = MappingProxyType(
    {"senior": 0, "mezzanine": 1, "junior": 2, "residual": 3}
)
"""Ranks of a series and their numbers in its terms."""


@dataclass(frozen=True, slots=True)
class Participant:
    """A person or institution that may hold units; the name never leaves the file.

    Attributes:
        id: Number, the same for all wallets.
        name: Name.
        country: ISO 3166-1 numeric code.
        class_name: Investor class, a key of CLASSES.
        class_code: Its number.
        kyc_until: Last valid day of the identity check, days since 1970-01-01.
        locked_until: Unix time before which the wallets may not send units, 0 for none.
        wallets: Addresses.
    """

    id: int
    name: str
    country: int
    class_name: str
    class_code: int
    kyc_until: int
    locked_until: int
    wallets: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """What a wallet is issued at the beginning."""

    wallet: Address
    units: int


@dataclass(frozen=True, slots=True)
class Series:
    """A series of income rights.

    Attributes:
        code: Short code.
        name: Name of the token.
        symbol: Symbol of the token.
        stream: Code of its stream.
        stream_id: Number of its stream.
        rank: A key of RANKS.
        rank_code: Its number.
        term_from: First period paid.
        term_to: Last period paid.
        decimals: Decimals of the units.
        class_mask: Allowed investor classes, bit by class number.
        countries: Allowed ISO numeric codes, empty for any.
        min_ticket: Least units of a holder.
        locked_until: Unix time before which units do not move, 0 for none.
        tail: Periods after the term in which arrears may still be paid.
        holder_cap: Participants that may hold units, 0 for any number.
        country_cap: Participants of one country that may hold units, 0 for any number.
        window_every: Seconds from one transfer window to the next, 0 for always open.
        window_length: Seconds that each window is open.
        consent: Whether a change of the waterfall's rules needs a vote of the holders.
        holders: First holders.
    """

    code: str
    name: str
    symbol: str
    stream: str
    stream_id: int
    rank: str
    rank_code: int
    term_from: int
    term_to: int
    decimals: int
    class_mask: int
    countries: tuple[int, ...]
    min_ticket: int
    locked_until: int
    tail: int
    holder_cap: int
    country_cap: int
    window_every: int
    window_length: int
    consent: bool
    holders: tuple[Holder, ...]

    @property
    def supply(self) -> int:
        """Units of all first holders."""
        return sum(holder.units for holder in self.holders)


@dataclass(frozen=True, slots=True)
class Offering:
    """Units of a series that are offered for subscription.

    Attributes:
        series: Code of the series.
        number: Its place among the offerings of the series, from 1.
        opens: Unix time from which subscriptions are taken.
        closes: Unix time from which they are no longer.
        deliver_until: Unix time from which what cannot be delivered lapses.
        beneficiary: Who is paid for delivered units.
        withdrawable: Whether a subscription may be taken back before `closes`.
        price: Minor units for one unit, which is the smallest part that the series' decimals allow.
        min_units: Below this total the offering fails.
        max_units: Most units placed.
        min_each: Least units of a subscriber, 0 for none.
        max_each: Most units of a subscriber, 0 for none.
        cancelled: Whether it was given up before `closes`, and everybody gets the money back.
    """

    series: str
    number: int
    opens: int
    closes: int
    deliver_until: int
    beneficiary: Address
    withdrawable: bool
    price: int
    min_units: int
    max_units: int
    min_each: int
    max_each: int
    cancelled: bool
