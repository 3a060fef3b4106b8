"""Time-of-use tariffs (protocol §6): price rows, and a calendar that gives each reading its row."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import gcd
from zoneinfo import ZoneInfo

from usufruct.core.documents import integer, items, keyed, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.core.keccak import keccak256
from usufruct.core.periods import zone
from usufruct.errors import InputError

DAY_MINUTES = 1440
"""Minutes of a local day by its clock face."""
MAX_PRICE = 2**128 - 1
"""Largest price of a row, minor units."""
MAX_PER = 2**64 - 1
"""Largest divisor of a row, base units."""
MAX_ROWS = 2**16
"""Most price rows."""

_VERSION = 1
_BLOCK_MINUTES = 15
_MONTHS = range(1, 13)
_WEEKDAYS = range(1, 8)
_TOP_KEYS = {"v", "id", "stream", "currency", "base_unit", "timezone", "rows", "calendar"}
_ROW_KEYS = {"id", "price", "per"}
_RULE_KEYS = {"row", "months", "weekdays", "from", "to"}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price: `price` minor units for `per` base units.

    Attributes:
        id: Name of the row, unique in the tariff.
        price: Minor units, 0 or more.
        per: Base units, 1 or more.
    """

    id: str
    price: int
    per: int


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """When a row applies: all conditions together, an empty list is any.

    Attributes:
        row: Id of the price row.
        months: Months 1–12.
        weekdays: Days 1 = Monday … 7.
        from_: First minute of the local day.
        to: Minute after the last, at most 1440.
    """

    row: str
    months: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    from_: int = 0
    to: int = DAY_MINUTES

    @property
    def always(self) -> bool:
        """Whether it matches at any time."""
        return not self.months and not self.weekdays and (self.from_, self.to) == (0, DAY_MINUTES)

    def matches(self, local: datetime) -> bool:
        """Whether it matches a local time."""
        if self.months and local.month not in self.months:
            return False
        if self.weekdays and local.isoweekday() not in self.weekdays:
            return False
        return self.from_ <= 60 * local.hour + local.minute < self.to


@dataclass(frozen=True)
class Tariff:
    """A tariff of one stream.

    Attributes:
        id: Name of the tariff.
        stream: Code of the stream.
        currency: Code of the currency.
        base_unit: Unit of quantities.
        timezone: IANA zone of the calendar.
        rows: Price rows; a statement has one line for each, in this order.
        calendar: Rules; the first that matches the local start of a reading gives its row.

    Raises:
        InputError: A rule of protocol §6 is broken.
    """

    id: str
    stream: str
    currency: str
    base_unit: str
    timezone: str
    rows: tuple[PriceRow, ...]
    calendar: tuple[CalendarRule, ...]
    _rows_by_block: dict[int, int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(self.rows))
        object.__setattr__(self, "calendar", tuple(self.calendar))
        _check_rows(self.rows)
        _check_calendar(self.calendar, {row.id for row in self.rows})
        zone(self.timezone)

    def row_index_at(self, start: int) -> int:
        """Index of the row for a reading that starts at `start` (unix seconds).

        The row is kept for the block of time around `start` in which it cannot change.
        """
        block = start // self._block
        known = self._rows_by_block.get(block)
        return self._look_up(start, block) if known is None else known

    def row_index(self, row: str) -> int:
        """Index of the row with that id.

        Raises:
            InputError: There is none.
        """
        found = self._index_by_id.get(row)
        if found is None:
            raise InputError(
                "unknown price row",
                field="row",
                value=row,
                rule="one of " + ", ".join(self._index_by_id),
                remedy="use the tariff that was in force in the period",
            )
        return found

    def canonical(self) -> bytes:
        """The canonical JSON that is hashed."""
        return self._canonical

    def hash(self) -> bytes:
        """keccak256 of the canonical JSON: the tariffHash of statements."""
        return keccak256(self._canonical)

    @classmethod
    def from_json(cls, data: bytes) -> "Tariff":
        """The tariff of a JSON document of protocol §6.

        Raises:
            InputError: Not such a document.
        """
        top = keyed(load_json(data), _TOP_KEYS, "tariff")
        if top["v"] != _VERSION or isinstance(top["v"], bool):
            raise wrong("tariff.v", top["v"], "the version is 1")
        texts = {key: text(top[key], key) for key in ("id", "stream", "currency", "base_unit")}
        return cls(
            **texts,
            timezone=text(top["timezone"], "timezone"),
            rows=tuple(_row(each) for each in items(top["rows"], "rows")),
            calendar=tuple(_rule(each) for each in items(top["calendar"], "calendar")),
        )

    def _look_up(self, start: int, block: int) -> int:
        first, length = block * self._block, self._block
        index = self._row_of(datetime.fromtimestamp(start, self._zone))
        # A block is kept only if the clock does not change in it and its start is one by the
        # clock face too; both fail only for historic or exotic offsets.
        offsets = {int(_offset(self._zone, each)) for each in (first, first + length - 1)}
        if len(offsets) == 1 and not (first + offsets.pop()) % length:
            self._rows_by_block[block] = index
        return index

    def _row_of(self, local: datetime) -> int:
        for rule in self.calendar:
            if rule.matches(local):
                return self._index_by_id[rule.row]
        message = "the last calendar rule matches always"
        raise AssertionError(message)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return zone(self.timezone)

    @cached_property
    def _index_by_id(self) -> dict[str, int]:
        return {row.id: index for index, row in enumerate(self.rows)}

    @cached_property
    def _block(self) -> int:
        """Seconds of the longest block that no calendar boundary cuts, at most 15 minutes."""
        edges = (edge for rule in self.calendar for edge in (rule.from_, rule.to))
        return 60 * gcd(_BLOCK_MINUTES, *edges)

    @cached_property
    def _canonical(self) -> bytes:
        return canonical_json(
            {
                "v": _VERSION,
                "id": self.id,
                "stream": self.stream,
                "currency": self.currency,
                "base_unit": self.base_unit,
                "timezone": self.timezone,
                "rows": [{"id": row.id, "price": row.price, "per": row.per} for row in self.rows],
                "calendar": [
                    {
                        "row": rule.row,
                        "months": list(rule.months),
                        "weekdays": list(rule.weekdays),
                        "from": rule.from_,
                        "to": rule.to,
                    }
                    for rule in self.calendar
                ],
            }
        )


def _offset(place: ZoneInfo, time: int) -> float:
    offset = datetime.fromtimestamp(time, place).utcoffset()
    return offset.total_seconds() if offset is not None else 0


def _check_rows(rows: tuple[PriceRow, ...]) -> None:
    ids = [row.id for row in rows]
    if not 0 < len(ids) <= MAX_ROWS or len(set(ids)) != len(ids) or not all(ids):
        raise wrong("rows", ids, "from 1 to 65536 rows, each with an id of its own")
    for row in rows:
        if not 0 <= row.price <= MAX_PRICE:
            raise wrong(f"rows.{row.id}.price", row.price, "0 to 2^128 − 1 minor units")
        if not 1 <= row.per <= MAX_PER:
            raise wrong(f"rows.{row.id}.per", row.per, "1 to 2^64 − 1 base units")


def _check_calendar(calendar: tuple[CalendarRule, ...], ids: set[str]) -> None:
    if not calendar or not calendar[-1].always:
        raise wrong(
            "calendar", len(calendar), "the last rule has no conditions, so that it matches always"
        )
    for place, rule in enumerate(calendar):
        name = f"calendar[{place}]"
        if rule.row not in ids:
            raise wrong(f"{name}.row", rule.row, "one of the price rows")
        if not all(each in _MONTHS for each in rule.months):
            raise wrong(f"{name}.months", rule.months, "months are 1 to 12")
        if not all(each in _WEEKDAYS for each in rule.weekdays):
            raise wrong(f"{name}.weekdays", rule.weekdays, "weekdays are 1 (Monday) to 7")
        if not 0 <= rule.from_ < rule.to <= DAY_MINUTES:
            raise wrong(
                f"{name}.from, to",
                f"{rule.from_}, {rule.to}",
                "0 ≤ from < to ≤ 1440; write a rule over midnight as two",
            )


def _row(value: object) -> PriceRow:
    row = keyed(value, _ROW_KEYS, "rows")
    return PriceRow(
        id=text(row["id"], "rows.id"),
        price=integer(row["price"], "rows.price"),
        per=integer(row["per"], "rows.per"),
    )


def _rule(value: object) -> CalendarRule:
    rule = keyed(value, _RULE_KEYS, "calendar")
    return CalendarRule(
        row=text(rule["row"], "calendar.row"),
        months=tuple(integer(each, "months") for each in items(rule["months"], "months")),
        weekdays=tuple(integer(each, "weekdays") for each in items(rule["weekdays"], "weekdays")),
        from_=integer(rule["from"], "calendar.from"),
        to=integer(rule["to"], "calendar.to"),
    )
