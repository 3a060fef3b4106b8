"""Money: whole minor units of a currency, and the few exact ways in and out of them."""

import re
from dataclasses import dataclass

from usufruct.errors import InputError

BASIS = 10_000
"""Basis points of the whole: 100%."""
MAX_BASIS_POINTS = 0xFFFE
"""Largest share a contract's uint16 holds beside 0xFFFF, which means "missing"."""

_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_PERCENT_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency.

    Attributes:
        code: Short code, e.g. `USDX`.
        decimals: Decimal places of its minor unit.
    """

    code: str
    decimals: int

    @property
    def unit(self) -> int:
        """Minor units of one whole unit."""
        return int(10**self.decimals)


def parse_amount(text: str, currency: Currency, *, signed: bool = False) -> int:
    """Minor units of a plain decimal such as `"1234.56"`: exact, no exponent, no separators.

    Raises:
        InputError: Not a plain decimal, more places than the currency has, or negative although
            `signed` is false.
    """
    minor = _scaled(text, currency.decimals, f"amount of {currency.code}")
    if minor < 0 and not signed:
        raise InputError(
            "negative amount",
            field="amount",
            value=text,
            rule="an amount is not negative",
            remedy="give the amount without a sign",
        )
    return minor


def format_amount(minor: int, currency: Currency) -> str:
    """`minor` units as a plain decimal with all places: `"1234.560000"`."""
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), currency.unit)
    return f"{sign}{whole}.{rest:0{currency.decimals}}" if currency.decimals else f"{sign}{whole}"


def basis_points(text: str) -> int:
    """Basis points of a percentage such as `"6%"` or `"99.5%"`.

    Raises:
        InputError: No percentage, finer than 0.01%, negative, or above 655.34%.
    """
    number = text.strip()
    points = _scaled(number[:-1], _PERCENT_DECIMALS, "percentage") if number.endswith("%") else -1
    if not 0 <= points <= MAX_BASIS_POINTS:
        raise InputError(
            "not a share",
            field="share",
            value=text,
            rule="a share is a percentage from 0% to 655.34% in steps of 0.01%",
            remedy='write it like "6%" or "99.5%"',
        )
    return points


def mul_div_down(a: int, b: int, c: int) -> int:
    """⌊a·b/c⌋ for a, b ≥ 0 and c > 0; the product is never cut off."""
    return a * b // c


def _scaled(text: object, decimals: int, what: str) -> int:
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            f"not a plain decimal: {what}",
            field=what,
            value=text,
            rule="digits with at most one point, no exponent, no separators",
            remedy='write it like "1234.56"',
        )
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise InputError(
            f"too many decimal places: {what}",
            field=what,
            value=text,
            rule=f"at most {decimals} decimal places",
            remedy="round it at the source, where the rounding can be accounted for",
        )
    try:
        minor = int(whole + fraction.ljust(decimals, "0"))
    except ValueError as error:
        raise InputError(
            f"number too long: {what}",
            field=what,
            value=text,
            rule="a number of at most some thousand digits",
            remedy="check where it came from",
        ) from error
    return -minor if sign else minor
