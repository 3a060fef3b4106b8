"""Reading the fields of a JSON object one by one: typed, bounded, none left over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from usufruct_oracles.sources.ocmf.model import OcmfError
from usufruct_oracles.validation.rows import MAX_DIGITS, MAX_PLACES

MAX_TEXT = 250
"""Most characters of a text for which the specification names no other bound."""


def wrong(name: str, value: object, rule: str) -> OcmfError:
    """The error for a field."""
    return OcmfError(
        f"{name} breaks the OCMF specification",
        field=name,
        value=value,
        rule=rule,
        remedy="correct the device's software; a record cannot be changed once it is signed",
    )


class Fields:
    """The members of one JSON object.

    Args:
        value: What was parsed.
        name: What it is, for errors.
    """

    def __init__(self, value: object, name: str) -> None:
        if not isinstance(value, dict):
            raise wrong(name, _kind(value), "a JSON object")
        self._values: Mapping[str, object] = value
        self._prefix = "" if name in {"payload", "signature"} else f"{name}."

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def place(self, key: str) -> str:
        """The name of a field in errors."""
        return f"{self._prefix}{key}"

    def wrong(self, key: str, rule: str) -> OcmfError:
        """The error for a field of this object."""
        return wrong(self.place(key), self._values.get(key, "(missing)"), rule)

    def known(self, names: Collection[str], reserved: str, *, lenient: bool = False) -> None:
        """Refuse names that are not defined, save for extensions with an initial of `reserved`."""
        for key in self._values:
            if key not in names and key[:1] not in tuple(reserved) and not lenient:
                raise wrong(self.place(key)[:MAX_TEXT], "(present)", "not a name of the format")

    def required(self, key: str) -> object:
        """The value, which must be there."""
        if key not in self._values:
            raise self.wrong(key, "required")
        return self._values[key]

    def text(self, key: str, most: int = MAX_TEXT) -> str:
        """A text, "" if it is missing."""
        value = self._values.get(key, "")
        if not isinstance(value, str):
            raise wrong(self.place(key), _kind(value), "a text")
        if len(value) > most:
            raise self.wrong(key, f"at most {most} characters")
        return value

    def choice(self, key: str, options: Collection[str]) -> str:
        """One of the options; "" if it is missing or empty, as devices write what they do not know."""
        value = self.text(key)
        if value and value not in options:
            raise self.wrong(key, "one of " + ", ".join(sorted(options)))
        return value

    def flag(self, key: str) -> bool:
        """A boolean, required."""
        value = self.required(key)
        if not isinstance(value, bool):
            raise wrong(self.place(key), _kind(value), "true or false")
        return value

    def number(self, key: str) -> Decimal | None:
        """A number exactly as written, None if it is missing."""
        if key not in self._values:
            return None
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise wrong(self.place(key), _kind(value), "a JSON number, not a text")
        found = Decimal(value)
        exponent = found.as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        if found.adjusted() >= MAX_DIGITS or places > MAX_PLACES:
            raise self.wrong(key, f"at most {MAX_DIGITS} digits and {MAX_PLACES} places")
        return found

    def array(self, key: str) -> list[object]:
        """A list, empty if it is missing."""
        value = self._values.get(key, [])
        if not isinstance(value, list):
            raise wrong(self.place(key), _kind(value), "a JSON array")
        return value


def _kind(value: object) -> str:
    """What a value of the wrong type looks like, short: it may be as long as the record."""
    shown = repr(value) if isinstance(value, str | int | Decimal | None) else type(value).__name__
    return shown if len(shown) <= MAX_TEXT else shown[:MAX_TEXT]
