"""Calendar periods and days of a project's time zone as half-open ranges of unix seconds."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from usufruct.errors import InputError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_DURATION = re.compile(r"([1-9]\d{0,8})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTHS = 12


def zone(timezone: str) -> ZoneInfo:
    """The IANA time zone of that name.

    Raises:
        InputError: There is none.
    """
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(
            "unknown time zone",
            field="timezone",
            value=timezone,
            rule="an IANA time zone",
            remedy='write it like "Asia/Shanghai"',
        ) from error


def period_bounds(first_period: str, number: int, timezone: str) -> tuple[int, int]:
    """Start and end of period `number`: a calendar month, numbered from 1 at `first_period`.

    Raises:
        InputError: `first_period` is no "YYYY-MM", `number` is below 1, or the zone is unknown.
    """
    first = _months(first_period)
    if number < 1:
        raise InputError(
            "no such period",
            field="period",
            value=number,
            rule="periods are numbered from 1",
            remedy=f"1 is {first_period}",
        )
    place = zone(timezone)
    return _month_start(first + number - 1, place), _month_start(first + number, place)


def period_of(first_period: str, time: int, timezone: str) -> int:
    """Number of the period that contains `time`; below 1 if it is before the first.

    Raises:
        InputError: `first_period` is no "YYYY-MM", or the zone is unknown.
    """
    local = datetime.fromtimestamp(time, zone(timezone))
    return _MONTHS * local.year + local.month - 1 - _months(first_period) + 1


def period_name(first_period: str, number: int) -> str:
    """The month of period `number` as "YYYY-MM".

    Raises:
        InputError: `first_period` is no "YYYY-MM".
    """
    year, month = divmod(_months(first_period) + number - 1, _MONTHS)
    return f"{year:04d}-{month + 1:02d}"


def month_distance(start: str, end: str) -> int:
    """Months from one "YYYY-MM" to another, negative if `end` is the earlier.

    Raises:
        InputError: One of them is no "YYYY-MM".
    """
    return _months(end) - _months(start)


def day_bounds(day: date | str, timezone: str) -> tuple[int, int]:
    """Start and end of a local day: 82 800, 86 400 or 90 000 s long where the clock changes.

    Raises:
        InputError: Not a day ("YYYY-MM-DD"), or the zone is unknown.
    """
    start = parse_day(day) if isinstance(day, str) else day
    place = zone(timezone)
    return _midnight(start, place), _midnight(start + timedelta(days=1), place)


def day_of(time: int, timezone: str) -> date:
    """The local day that contains `time`.

    Raises:
        InputError: The zone is unknown.
    """
    return datetime.fromtimestamp(time, zone(timezone)).date()


def parse_day(text: str) -> date:
    """The day "YYYY-MM-DD".

    Raises:
        InputError: Not such a day.
    """
    try:
        found = date.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise _bad_day(text) from error
    if found.isoformat() != text:
        raise _bad_day(text)
    return found


def parse_duration(text: object) -> int:
    """Seconds of "15m", "1h", "3d", "2w" or "30s".

    Raises:
        InputError: Not such a duration.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            "not a duration",
            field="duration",
            value=text,
            rule="a whole number above 0 and one of s, m, h, d, w",
            remedy='write it like "15m" or "3d"',
        )
    return int(match[1]) * _SECONDS[match[2]]


@lru_cache(maxsize=64)
def _months(first_period: str) -> int:
    match = _MONTH.fullmatch(first_period)
    if match is None:
        raise InputError(
            "not a month",
            field="first_period",
            value=first_period,
            rule='a month as "YYYY-MM"',
            remedy='write it like "2026-09"',
        )
    return _MONTHS * int(match[1]) + int(match[2]) - 1


def _month_start(months: int, place: ZoneInfo) -> int:
    year, month = divmod(months, _MONTHS)
    return _midnight(date(year, month + 1, 1), place)


def _midnight(day: date, place: ZoneInfo) -> int:
    # Where midnight is skipped, the offset before the change (fold 0) gives the moment of the change.
    return int(datetime(day.year, day.month, day.day, tzinfo=place).timestamp())


def _bad_day(text: str) -> InputError:
    return InputError(
        "not a day",
        field="day",
        value=text,
        rule='a day as "YYYY-MM-DD"',
        remedy='write it like "2026-10-01"',
    )
