"""Streams and their meters, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from usufruct.core.tariffs import Tariff

__all__ = ["KINDS", "Estimation", "Meter", "Stream"]

KINDS: Final[Mapping[str, int]] = MappingProxyType(
    {"SUBUNIT": 1, "PARKING": 2, "STORAGE": 3, "VPP": 4, "WATER": 5, "DATA": 6}
)
"""Technologies of a stream and their numbers in StreamRegistry."""


@dataclass(frozen=True, slots=True)
class Estimation:
    """How intervals that nobody measured are estimated, in this order; what remains is missing.

    Attributes:
        longest_gap: Most intervals in a row that are interpolated between their measured neighbours, 0 for none.
        weeks: Number of the weeks before whose measured values at the same weekday and time are averaged, 0 for
            none.
        last_year: Whether the measured value 52 weeks before is taken.
    """

    longest_gap: int
    weeks: int
    last_year: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """One income stream.

    Attributes:
        id: Number on the chain.
        code: Short code.
        kind: Technology, a key of KINDS.
        kind_code: Its number.
        measure: `interval`, `session` or `money`.
        base_unit: Unit of quantities: Wh, L, s, or `unit` (for money: one minor unit of the
            currency).
        committed: True if only commitments to readings leave the workers.
        challenge_window: Seconds from attestation to finality.
        funding_grace: Seconds that settlement waits for full funding.
        min_coverage_bp: Least share of expected readings, basis points.
        max_estimated_bp: Largest estimated share, basis points.
        resolution_time: Seconds the guardian has for a dispute.
        lapse_upholds: True if a dispute nobody resolves voids the statement.
        common_parts: True if the stream uses common parts, which the owners must have agreed to.
        owners_share_bp: Least share of the owners, first after tax, basis points.
        depends_on: Codes of streams that must be open before.
        tariff: Prices and calendar.
        start: Unix time at which the first period begins.
        estimation: How missing intervals are estimated, None for not at all.
    """

    id: int
    code: str
    kind: str
    kind_code: int
    measure: str
    base_unit: str
    committed: bool
    challenge_window: int
    funding_grace: int
    min_coverage_bp: int
    max_estimated_bp: int
    resolution_time: int
    lapse_upholds: bool
    common_parts: bool
    owners_share_bp: int
    depends_on: tuple[str, ...]
    tariff: Tariff
    start: int
    estimation: Estimation | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter.

    Attributes:
        id: Number on the chain.
        code: Name in source records, e.g. `home-01`.
        stream: Code of its stream.
        stream_id: Number of its stream.
        unit: Unit of source values.
        multiplier: Source value × multiplier = base units.
        interval: Seconds of an interval, None for session and money streams.
        nameplate: Most base units in an hour.
        scheme: Signature scheme, a key of `usufruct.core.signing.SCHEMES`.
        public_key: Compressed public key, 33 bytes.
        valid_from: Unix time from which the key is valid: the start of the first period.
        calibrated_until: Unix time at which the calibration ends: the end of the day in the file.
        dev: True if the key is derived from the code and accepted on the development chain only.
        place: Dotted path of its table in the file.
    """

    id: int
    code: str
    stream: str
    stream_id: int
    unit: str
    multiplier: Fraction
    interval: int | None
    nameplate: int
    scheme: str
    public_key: bytes
    valid_from: int
    calibrated_until: int
    dev: bool
    place: str
