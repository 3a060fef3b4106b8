"""Reading a parsed JSON document part by part, with an error that names the part at fault."""

from collections.abc import Set as AbstractSet
from typing import cast

from usufruct.errors import InputError

MAX_DIGITS = 78
"""Most digits of a number in a document: those of 2²⁵⁶."""


def keyed(value: object, keys: AbstractSet[str], name: str) -> dict[str, object]:
    """The object `value`, which has exactly `keys`.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, dict) or set(value) != keys:
        raise wrong(name, value, "an object with exactly " + ", ".join(sorted(keys)))
    return cast("dict[str, object]", value)


def items(value: object, name: str) -> list[object]:
    """The list `value`.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, list):
        raise wrong(name, value, "a list")
    return value


def text(value: object, name: str) -> str:
    """The text `value`.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, str):
        raise wrong(name, value, "a text")
    return value


def integer(value: object, name: str) -> int:
    """The integer `value`; a boolean is none.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(name, value, "an integer")
    return value


def natural(value: object, name: str) -> int:
    """The integer `value`, which is not negative.

    Raises:
        InputError: It is something else.
    """
    number = integer(value, name)
    if number < 0:
        raise wrong(name, number, "not negative")
    return number


def digits(value: object, name: str) -> int:
    """The natural number written as the text `value`, without sign or leading zeros.

    Raises:
        InputError: It is something else.
    """
    number = text(value, name)
    plain = number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS
    if not plain or str(int(number)) != number:
        raise wrong(name, number, "a natural number as a text, without leading zeros")
    return int(number)


def signed_digits(value: object, name: str) -> int:
    """The integer written as the text `value`: like `digits`, with a minus sign where it is negative.

    Raises:
        InputError: It is something else.
    """
    number = text(value, name)
    magnitude = digits(number.removeprefix("-"), name)
    if not number.startswith("-"):
        return magnitude
    if not magnitude:
        raise wrong(name, number, "0 has no sign")
    return -magnitude


def wrong(name: str, value: object, rule: str) -> InputError:
    """The error for a part of a document."""
    return InputError(
        f"invalid document: {name}",
        field=name,
        value=value,
        rule=rule,
        remedy="correct the document; a published one is fetched again",
    )
