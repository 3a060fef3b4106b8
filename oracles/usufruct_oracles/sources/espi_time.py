"""LocalTimeParameters of ESPI: the offset of local time, with daylight-saving rules as bit maps (IEEE 2030.5).

Starts of readings are unix seconds in UTC; these parameters only tell which local day they belong to.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from usufruct.errors import InputError

_RULE = re.compile(r"[0-9A-Fa-f]{8}")
_DISABLED = 0xFFFFFFFF
_ON_DAY, _ON_OR_AFTER, _LAST = 0, 1, 7
_WEEK = 7
_MONTHS, _HOURS, _SECONDS = 12, 24, 3600


@dataclass(frozen=True, slots=True)
class DstRule:
    """When daylight-saving time begins or ends each year, in local wall time.

    Attributes:
        month: 1 to 12.
        operator: 0 on the day of the month, 1 on the first such weekday on or after it, 2 to 6 the first to fifth
            such weekday of the month, 7 the last.
        day: Day of the month, 0 where it does not apply.
        weekday: 1 Monday to 7 Sunday, 0 where it does not apply.
        hour: Hour.
        second: Second within the hour.
    """

    month: int
    operator: int
    day: int
    weekday: int
    hour: int
    second: int

    def moment(self, year: int) -> datetime:
        """The local wall time at which the rule acts in a year, naive."""
        midnight = datetime.combine(self._date(year), datetime.min.time())
        return midnight + timedelta(hours=self.hour, seconds=self.second)

    def _date(self, year: int) -> date:
        if self.operator == _ON_DAY:
            return date(year, self.month, self.day)
        if self.operator == _ON_OR_AFTER:
            return self._weekday_from(date(year, self.month, self.day))
        first = self._weekday_from(date(year, self.month, 1))
        weeks = self.operator - 2
        if self.operator == _LAST:
            weeks = (monthrange(year, self.month)[1] - first.day) // _WEEK
        found = first + timedelta(weeks=weeks)
        return found if found.month == self.month else found - timedelta(weeks=1)

    def _weekday_from(self, start: date) -> date:
        return start + timedelta(days=(self.weekday - start.isoweekday()) % _WEEK)


def parse_rule(text: str) -> DstRule | None:
    """The rule in eight hex digits; None for FFFFFFFF, no daylight saving.

    Raises:
        InputError: Not such a rule.
    """
    if _RULE.fullmatch(text) is None:
        raise _bad_rule(text)
    bits = int(text, 16)
    if bits == _DISABLED:
        return None
    rule = DstRule(
        month=bits >> 28,
        operator=bits >> 25 & 0x7,
        day=bits >> 20 & 0x1F,
        weekday=bits >> 17 & 0x7,
        hour=bits >> 12 & 0x1F,
        second=bits & 0xFFF,
    )
    needs_day = rule.operator in {_ON_DAY, _ON_OR_AFTER}
    if (
        not 1 <= rule.month <= _MONTHS
        or rule.hour >= _HOURS
        or rule.second >= _SECONDS
        or (needs_day and not 1 <= rule.day <= monthrange(2001, rule.month)[1])
        or (rule.operator != _ON_DAY and not rule.weekday)
    ):
        raise _bad_rule(text)
    return rule


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Local time of a usage point.

    Attributes:
        offset: Seconds east of UTC without daylight saving.
        dst_offset: Seconds that daylight saving adds.
        dst_start: When it begins, None if never.
        dst_end: When it ends, None if never.
    """

    offset: int
    dst_offset: int
    dst_start: DstRule | None
    dst_end: DstRule | None

    def offset_at(self, moment: int) -> int:
        """Seconds to add to unix seconds for local wall time."""
        if self.dst_start is None or self.dst_end is None:
            return self.offset
        year = (datetime.fromtimestamp(moment, UTC) + timedelta(seconds=self.offset)).year
        start = _unix(self.dst_start.moment(year)) - self.offset
        end = _unix(self.dst_end.moment(year)) - self.offset - self.dst_offset
        # South of the equator daylight saving ends before it begins.
        summer = start <= moment < end if start < end else not end <= moment < start
        return self.offset + (self.dst_offset if summer else 0)

    def local(self, moment: int) -> datetime:
        """Local wall time of unix seconds, naive."""
        shifted = datetime.fromtimestamp(moment, UTC) + timedelta(seconds=self.offset_at(moment))
        return shifted.replace(tzinfo=None)


def _unix(wall: datetime) -> int:
    return int(wall.replace(tzinfo=UTC).timestamp())


def _bad_rule(text: str) -> InputError:
    return InputError(
        "not a daylight-saving rule",
        field="dstStartRule, dstEndRule",
        value=text,
        rule="eight hex digits: month, operator, day, weekday, hour, seconds (IEEE 2030.5 DstRuleType)",
        remedy="correct the LocalTimeParameters at the exporter",
    )
