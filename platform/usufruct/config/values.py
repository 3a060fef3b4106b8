"""The single values of a community file: each type says in one rule what may be written.

A value that breaks its rule raises PydanticCustomError with the keys `rule` and `remedy`, which the
loader shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Annotated, Any, Final, TypeVar

from eth_utils.address import is_address, is_checksum_address
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from usufruct.contracts import Address, address
from usufruct.core.periods import parse_day, parse_duration, period_bounds, zone
from usufruct.errors import InputError
from usufruct.keys import dev_address
from usufruct.money import BASIS, basis_points

__all__ = [
    "DEV_ACCOUNT",
    "DEV_KEY",
    "Account",
    "Ascii32",
    "BasisPoints",
    "Clock",
    "Code",
    "Day",
    "DecimalText",
    "Duration",
    "KeyText",
    "Month",
    "Natural",
    "Part",
    "Payee",
    "Ratio",
    "Share",
    "Text",
    "Units",
    "Zone",
    "refused",
]

DEV_ACCOUNT: Final = re.compile(r"dev:(0|[1-9][0-9]{0,3})", re.ASCII)
"""A development account: Anvil's well-known account of that number."""
_PART: Final = re.compile(r"(at least|more than) ([0-9]{1,5})/([0-9]{1,5})", re.ASCII)
DEV_KEY: Final = "dev"
"""A development meter key, derived from the meter's code."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}", re.ASCII)
_RATIO = re.compile(r"([0-9]{1,30})(?:/([0-9]{1,30}))?", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])", re.ASCII)
_KEY = re.compile(r"0x0[23][0-9a-fA-F]{64}", re.ASCII)
_SERIES: Final = "series:"
_DAY_MINUTES: Final = 1440
_MAX_UNITS: Final = 2**63 - 1
_MAX_TEXT: Final = 200
_ASCII_WIDTH: Final = 32
_EPOCH: Final = date(1970, 1, 1)

T = TypeVar("T")


def refused(rule: str, remedy: str) -> PydanticCustomError:
    """The error of a value that breaks `rule`."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule, "remedy": remedy})


def _checked(parse: Callable[[Any], T]) -> BeforeValidator:
    def run(value: object) -> T:
        try:
            return parse(value)
        except InputError as error:
            raise refused(error.rule or error.message, error.remedy or "correct it") from None

    return BeforeValidator(run)


def _matching(pattern: re.Pattern[str], value: object, rule: str, remedy: str) -> re.Match[str]:
    match = pattern.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refused(rule, remedy)
    return match


def _code(value: object) -> str:
    rule = "1 to 31 ASCII letters, digits, - and _, beginning with a letter or digit"
    return _matching(_CODE, value, rule, 'shorten it or replace characters: "PARK-A"')[0]


def _text(value: object) -> str:
    if isinstance(value, str) and value.strip() and len(value) <= _MAX_TEXT and value.isprintable():
        return value
    raise refused(f"a text of 1 to {_MAX_TEXT} printable characters", "write a text")


def _ascii32(value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= _ASCII_WIDTH and value.isascii():
        return _text(value)
    raise refused("1 to 32 printable ASCII characters: it is stored in one word", "shorten it")


def _natural(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_UNITS:
        return value
    raise refused("a whole number from 0 to 2^63 − 1", "write digits without quotes")


def _units(value: object) -> int:
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return _natural(value)


def _share(value: object) -> int:
    points = _basis_points(value)
    if points > BASIS:
        raise refused("a share is at most 100%", "reduce it")
    return points


def _basis_points(value: object) -> int:
    if not isinstance(value, str):
        raise refused('a percentage in quotes such as "6%" or "12.5%"', "add quotes and %")
    return basis_points(value)


def _ratio(value: object) -> Fraction:
    rule = 'a whole number or a fraction of two, in quotes: "1000" or "1/3"'
    match = _matching(_RATIO, value, rule, "write the exact ratio; decimals would hide a rounding")
    numerator, denominator = int(match[1]), int(match[2] or 1)
    if not numerator or not denominator:
        raise refused("a multiplier is above 0", "write how many base units one unit is")
    return Fraction(numerator, denominator)


def _decimal(value: object) -> str:
    rule = 'a plain decimal in quotes, such as "0.54"'
    return _matching(_DECIMAL, value, rule, "add quotes; no exponent, no separators, no sign")[0]


def _part(text: object) -> tuple[int, int, bool]:
    """A part to be reached or exceeded: numerator, denominator, whether it must be exceeded."""
    found = _PART.fullmatch(text) if isinstance(text, str) else None
    if found is not None:
        numerator, denominator = int(found[2]), int(found[3])
        exceeded = found[1] == "more than"
        most = denominator - 1 if exceeded else denominator
        if 1 <= denominator < 2**16 and (0 if exceeded else 1) <= numerator <= most:
            return numerator, denominator, exceeded
    raise refused('a part like "at least 2/3" or "more than 1/2"', "write it like that")


def _clock(value: object) -> int:
    rule = 'a time of day "HH:MM" from "00:00" to "24:00"'
    match = _matching(_CLOCK, value, rule, 'write it like "08:00"')
    minutes = 60 * int(match[1]) + int(match[2])
    if minutes > _DAY_MINUTES:
        raise refused(rule, 'the end of the day is "24:00"')
    return minutes


def _day(value: object) -> date:
    # A TOML date with a time of day is a datetime, which is also a date.
    if isinstance(value, date) and not isinstance(value, datetime):
        day = value
    elif isinstance(value, str):
        day = parse_day(value)
    else:
        raise refused('a day as "YYYY-MM-DD"', 'write it like "2030-12-31"')
    # The first day has begun everywhere before the chain's clock did, the last fits in 16 bits.
    if not 1 <= (day - _EPOCH).days < 1 << 16:
        raise refused(
            "a day from 1970-01-02 to 2149-06-06: the chain counts seconds from 1970, and days in 16 bits",
            "check the year",
        )
    return day


def _month(value: object) -> str:
    text = value if isinstance(value, str) else ""
    period_bounds(text, 1, "UTC")
    if datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).year < _EPOCH.year:
        raise refused("a month from 1970-01 on", "check the year")
    return text


def _zone(value: object) -> str:
    return zone(value if isinstance(value, str) else "").key


def _account(value: object) -> Address:
    if isinstance(value, str):
        dev = DEV_ACCOUNT.fullmatch(value)
        if dev is not None:
            return dev_address(int(dev[1]))
        if is_address(value) and is_checksum_address(value) and int(value, 16):
            return address(value)
    raise refused(
        "an address with checksum (0x and 40 hex digits, capitals as in EIP-55), or dev:N",
        "copy the address with its capital letters; they catch typing errors",
    )


def _payee(value: object) -> str:
    """An address, or `series:CODE` unchanged."""
    if isinstance(value, str) and value.startswith(_SERIES):
        return _SERIES + _code(value.removeprefix(_SERIES))
    return _account(value)


def _key(value: object) -> str:
    rule = 'a compressed public key in hex (0x02… or 0x03…, 33 bytes), or "dev"'
    if value == DEV_KEY:
        return DEV_KEY
    return _matching(_KEY, value, rule, "read the key from the device")[0].lower()


Code = Annotated[str, _checked(_code)]
"""A short code: also a file name and a bytes32."""
Text = Annotated[str, _checked(_text)]
Ascii32 = Annotated[str, _checked(_ascii32)]
Natural = Annotated[int, _checked(_natural)]
Units = Annotated[int, _checked(_units)]
"""A whole number, with or without quotes."""
Share = Annotated[int, _checked(_share)]
"""A percentage up to 100% in basis points."""
BasisPoints = Annotated[int, _checked(_basis_points)]
"""Any percentage in basis points."""
Ratio = Annotated[Fraction, _checked(_ratio)]
DecimalText = Annotated[str, _checked(_decimal)]
Part = Annotated[tuple[int, int, bool], _checked(_part)]
"""A part of a whole that is reached or exceeded."""
Clock = Annotated[int, _checked(_clock)]
"""Minutes of the local day."""
Day = Annotated[date, _checked(_day)]
Month = Annotated[str, _checked(_month)]
Zone = Annotated[str, _checked(_zone)]
Duration = Annotated[int, _checked(parse_duration)]
"""Seconds."""
Account = Annotated[Address, _checked(_account)]
Payee = Annotated[str, _checked(_payee)]
KeyText = Annotated[str, _checked(_key)]
