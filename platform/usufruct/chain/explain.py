"""Contract errors in words: what happened, with the values, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from string import Formatter
from typing import Any, Final

from usufruct.chain.sentences import REFUSALS, SENTENCES, STATUSES
from usufruct.contracts import ContractError
from usufruct.money import Currency, format_amount

__all__ = ["explain"]

_CURRENCY: Final = Currency("", 6)
_SHORT: Final = 6
_LAST_TIME: Final = 2**40 - 1


def explain(error: ContractError) -> str:
    """One line for people: the sentence of the error with its values, a semicolon, the remedy.

    An error without a sentence (from a contract that is not ours) is shown as it is.
    """
    found = SENTENCES.get(error.SIGNATURE)
    if found is None:
        return str(error)
    values = dict(zip(error.FIELDS, error.values(), strict=True))
    return "; ".join(_WORDS.vformat(text, (), values) for text in found)


class _Words(Formatter):
    """str.format with the conversions that `sentences` describes."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        converter = _CONVERTERS.get(conversion or "")
        return value if converter is None else converter(value)


_WORDS: Final = _Words()


def _time(value: int) -> str:
    if not 0 < value < _LAST_TIME:
        return "not by itself" if value == 0 else "never"
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _word(words: tuple[str, ...], number: int) -> str:
    return words[number] if number < len(words) else f"number {number}"


def _percent(value: int) -> str:
    return f"{value // 100}.{value % 100:02d}%"


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode("ascii", "replace")


def _short(value: bytes) -> str:
    return f"0x{value[:_SHORT].hex()}" + ("…" if len(value) > _SHORT else "")


_CONVERTERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "t": _time,
    "m": lambda value: format_amount(value, _CURRENCY),
    "p": _percent,
    "f": _text,
    "h": _short,
    "r": lambda value: _word(REFUSALS, value),
    "s": lambda value: _word(STATUSES, value),
}
