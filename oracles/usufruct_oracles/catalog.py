"""The community as the oracle looks things up in it: streams, meters and prices by code and by day."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256

from usufruct.config import Community, Meter, Stream
from usufruct.core.periods import day_bounds, day_of, period_bounds, period_name, period_of
from usufruct.errors import InputError
from usufruct.money import mul_div_down

KIND_CODES = {"interval": 0, "session": 1, "money": 2}
"""`kind` of a reading leaf by the stream's measure (protocol §2)."""

_DELIVERED, _RECEIVED, _TOTAL = 1, 19, 20
_RECEIVED_KINDS = {"VPP", "WATER"}
_KEPT = 8
_FINGERPRINT = 8


class Catalog:
    """Look-ups over one community.

    Args:
        community: The community, resolved.
    """

    def __init__(self, community: Community) -> None:
        self.community = community
        self.timezone = community.project.timezone
        self.streams = {stream.code: stream for stream in community.streams}
        self.meters = {meter.code: meter for meter in community.meters}
        self.meters_by_id = {meter.id: meter for meter in community.meters}

    def stream(self, which: str | int) -> Stream:
        """The stream with that code or number.

        Raises:
            InputError: There is none.
        """
        found = self._by_id.get(which) if isinstance(which, int) else self.streams.get(which)
        if found is None:
            raise InputError(
                "unknown stream",
                field="stream",
                value=which,
                rule="one of " + ", ".join(self.streams),
                remedy="use a stream of the community file",
            )
        return found

    def meters_of(self, stream: Stream) -> list[Meter]:
        """The stream's meters in the order of their ids."""
        return self._by_stream.get(stream.code, [])

    def day(self, day: str) -> tuple[int, int]:
        """Start and end of a local day.

        Raises:
            InputError: Not a day.
        """
        return day_bounds(day, self.timezone)

    def day_before(self, time: int) -> str:
        """The local day that ends at `time` or in which the second before it lies."""
        return day_of(time - 1, self.timezone).isoformat()

    def period_bounds(self, period: int) -> tuple[int, int]:
        """Start and end of a period.

        Raises:
            InputError: There is no such period.
        """
        return period_bounds(self.community.project.first_period, period, self.timezone)

    def period_name(self, period: int) -> str:
        """The month of a period as "YYYY-MM"."""
        return period_name(self.community.project.first_period, period)

    def period_of(self, time: int) -> int:
        """The period that contains `time`, below 1 before the first."""
        return period_of(self.community.project.first_period, time, self.timezone)

    def fingerprint(self, stream: str) -> bytes:
        """8 bytes that change when a meter of the stream with that code is registered differently."""
        return self._fingerprints.get(stream, bytes(_FINGERPRINT))

    @cached_property
    def _fingerprints(self) -> dict[str, bytes]:
        return {code: _fingerprint(meters) for code, meters in self._by_stream.items()}

    @cached_property
    def _by_id(self) -> dict[int, Stream]:
        return {stream.id: stream for stream in self.community.streams}

    @cached_property
    def _by_stream(self) -> dict[str, list[Meter]]:
        found: dict[str, list[Meter]] = {}
        for meter in sorted(self.community.meters, key=lambda each: each.id):
            found.setdefault(meter.stream, []).append(meter)
        return found


def _fingerprint(meters: list[Meter]) -> bytes:
    rules = [
        (
            meter.id,
            meter.code,
            meter.unit,
            str(meter.multiplier),
            meter.interval,
            meter.nameplate,
            meter.scheme,
            meter.public_key,
            meter.calibrated_until,
        )
        for meter in meters
    ]
    return sha256(repr(rules).encode()).digest()[:_FINGERPRINT]


_catalogs: dict[int, Catalog] = {}


def catalog_of(community: Community) -> Catalog:
    """The catalog of a community, made once for each object."""
    found = _catalogs.get(id(community))
    if found is None or found.community is not community:
        if len(_catalogs) >= _KEPT:
            _catalogs.clear()
        found = _catalogs[id(community)] = Catalog(community)
    return found


def flow_of(stream: Stream) -> int:
    """ESPI flow direction of a stream's readings.

    What homes and roofs give (energy, rain) is received by the community, what sessions take is
    delivered, occupancy and money have no direction and are totals.
    """
    if stream.measure == "session":
        return _DELIVERED
    return _RECEIVED if stream.kind in _RECEIVED_KINDS else _TOTAL


def amount_of(stream: Stream, start: int, quantity: int) -> int:
    """What a single reading earns, minor units, rounded down (statements round once per line)."""
    row = stream.tariff.rows[stream.tariff.row_index_at(start)]
    return mul_div_down(quantity, row.price, row.per)
