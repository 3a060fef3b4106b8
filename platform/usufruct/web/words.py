"""Amounts, units, times and names as a reader of one language sees them. Nothing is rounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from markupsafe import Markup

from usufruct.countries import country_code
from usufruct.money import Currency, format_amount
from usufruct.web.language import translate
from usufruct.web.messages import LANGUAGES, MESSAGES
from usufruct.web.problems import PATTERNS, translated

__all__ = ["Words"]

_SHOWN: Final = 2
_LARGER: Final = {"Wh": "kWh", "L": "m3"}
"""Units of a thousand base units."""
_HOUR: Final = 3_600
_SHORT: Final = 13
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that templates say in one language and time zone."""

    language: str
    timezone: tzinfo

    def t(self, key: str, **values: object) -> str:
        """A text of the catalogue."""
        return translate(self.language, key, **values)

    def coded(self, key: str) -> Markup:
        """A text of the catalogue, with what stands between backticks marked as code."""
        parts = self.t(key).split("`")
        plain, code = Markup("{}"), Markup("<code>{}</code>")
        return Markup("").join((code if n % 2 else plain).format(p) for n, p in enumerate(parts))

    def maybe(self, prefix: str, name: str) -> str:
        """A text for a word of the protocol; the word itself where the catalogue has none."""
        key = f"{prefix}.{name}"
        return self.t(key) if key in MESSAGES else name

    def label(self, text: str) -> Markup:
        """What a project calls a step or a price row; in Chinese as the field says it, where it is a usual one.

        What the project wrote stands in the title: it is what replays and files name.
        """
        key = f"label.{text.lower()}"
        if self.language == LANGUAGES[0] or key not in MESSAGES:
            return Markup("{}").format(text)
        return Markup('<span title="{}">{}</span>').format(text, self.t(key))

    def money(self, value: dict[str, Any]) -> Markup:
        """An exact amount: thousands in groups, the places after the second in small digits."""
        currency = Currency(value["currency"], value["decimals"])
        whole, _, places = format_amount(int(value["amount"]), currency).partition(".")
        sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
        fine = Markup('<span class="fine">{}</span>').format(places[_SHOWN:])
        point = f".{places[:_SHOWN]}" if places else ""
        return Markup(
            '<span class="money"><span class="digits">{}{}{}{}</span> <span class="code">{}</span></span>'
        ).format(sign, f"{int(digits):,}", point, fine if places[_SHOWN:] else "", currency.code)

    def like(self, value: dict[str, Any], amount: str | int) -> Markup:
        """Another amount of the same currency."""
        return self.money(value | {"amount": str(amount)})

    def price(self, value: dict[str, Any], decimals: int) -> Markup:
        """The price of one unit as `units` shows it, of that of the smallest part of one."""
        return self.like(value, int(value["amount"]) * 10**decimals)

    def total(self, values: list[dict[str, Any]]) -> Markup:
        """The sum of amounts of one currency; a dash for none."""
        if not values:
            return Markup("–")
        return self.like(values[0], sum(int(each["amount"]) for each in values))

    def whole(self, value: str | int) -> str:
        """A whole number in groups of thousands."""
        return f"{int(value):,}"

    def units(self, value: str | int, decimals: int) -> str:
        """Units of a series with its decimals."""
        whole, _, places = format_amount(int(value), Currency("", decimals)).partition(".")
        places = places.rstrip("0")
        return f"{int(whole):,}" + (f".{places}" if places else "")

    def quantity(self, value: str | int, unit: str) -> Markup:
        """A metered quantity in the unit that people know; base units in the title."""
        base = f"{int(value):,} {self.maybe('unit', unit)}".strip()
        shown = self.measure(value, unit)
        return Markup('<span class="money" title="{}">{}</span>').format(base, shown)

    def measure(self, value: str | int, unit: str) -> str:
        """The same as plain text: kWh, cubic metres, hours and minutes, exactly; other units as they are."""
        number = int(value)
        if unit == "s":
            minutes, seconds = divmod(number, 60)
            shown = self.t("quantity.time", hours=f"{minutes // 60:,}", minutes=minutes % 60)
            return shown + (self.t("quantity.seconds", seconds=seconds) if seconds else "")
        if unit in _LARGER:
            whole, rest = divmod(number, 1_000)
            return f"{whole:,}.{rest:03d} {self.t('unit.' + _LARGER[unit])}"
        return f"{number:,} {self.maybe('unit', unit)}".strip()

    def per(self, value: str | int, unit: str) -> str:
        """What a price is for, in the unit that people know: `kWh`, `2.5 m³`, `h`; one of them is not counted."""
        number, size, name = int(value), 1, unit
        if unit == "s" and number % _HOUR == 0:
            size, name = _HOUR, "h"
        elif unit in _LARGER:
            size, name = 1_000, _LARGER[unit]
        count = self.units(number * 1_000 // size, 3)
        shown = self.maybe("unit", name)
        return shown if count == "1" and shown else f"{count} {shown}".strip()

    def told(self, text: str | None) -> Markup:
        """What a program says, in the reader's language; marked as English where it is not translated."""
        if text is None:
            return Markup("–")
        if self.language == LANGUAGES[0]:
            return Markup("{}").format(text)
        found = translated(text, self.language)
        if found is None:
            return Markup('<span lang="en">{}</span>').format(text)
        return Markup("{}").format(found)

    def percent(self, basis_points: int) -> str:
        """Basis points as a percentage."""
        space = "" if self.language == "zh" else "\u00a0"
        return f"{format_amount(basis_points, Currency('', 2))}{space}%"

    def date(self, text: str | None) -> Markup:
        """A time of the API in the project's time zone."""
        if text is None:
            return Markup("–")
        local = datetime.fromisoformat(text).astimezone(self.timezone)
        clock = f"{local:%H:%M}"
        if self.language == "zh":
            shown = f"{local.year}年{local.month}月{local.day}日 {clock}"
        else:
            shown = f"{local.day} {_MONTHS[local.month - 1]} {local.year}, {clock}"
        return Markup('<time datetime="{}">{}</time>').format(text, shown)

    def day(self, text: str | None) -> Markup:
        """The day of a time of the API in the project's time zone."""
        if text is None:
            return Markup("–")
        local = datetime.fromisoformat(text).astimezone(self.timezone)
        if self.language == "zh":
            shown = f"{local.year}年{local.month}月{local.day}日"
        else:
            shown = f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
        return Markup('<time datetime="{}">{}</time>').format(text, shown)

    def country(self, number: int) -> Markup:
        """A country of the register by its letters; its number is there to be looked up."""
        shown = country_code(number)
        return Markup('<abbr title="ISO 3166-1: {:03}">{}</abbr>').format(number, shown)

    def period(self, period: dict[str, Any]) -> str:
        """The month of a period, or its number where the month is not known."""
        if period["month"] is None:
            return self.t("period.number", number=period["number"])
        year, month = period["month"].split("-")
        if self.language == "zh":
            return f"{year}年{int(month)}月"
        return f"{_MONTHS[int(month) - 1]} {year}"

    def short(self, text: str) -> Markup:
        """An address or hash in short, whole in its title."""
        shown = text if len(text) <= _SHORT else f"{text[:6]}…{text[-4:]}"
        return Markup('<span class="hash" title="{}">{}</span>').format(text, shown)

    def names(self, streams: Mapping[str, dict[str, Any]]) -> dict[str, str]:
        """What streams are called, by id; anything else is called what it is."""
        found = _Names()
        for key, each in streams.items():
            kind = self.maybe("stream", each["kind"])
            found[key] = kind if each["code"] == each["kind"] else f"{kind} ({each['code']})"
        return found

    def setup(self, prefix: str, **values: object) -> str:
        """JSON for a script of the page: values, and the texts of the catalogue below `prefix` as they are written."""
        words = {
            key.removeprefix(prefix): texts[self.language]
            for key, texts in MESSAGES.items()
            if key.startswith(prefix)
        }
        return json.dumps({**values, "words": words, "told": self._patterns()})

    def _patterns(self) -> list[tuple[str, str]]:
        """What scripts translate the texts of programs by: regular expressions, and what to say instead."""
        if self.language == LANGUAGES[0]:
            return []
        return [(each.pattern.pattern, each.texts[self.language]) for each in PATTERNS]


class _Names(dict[str, str]):
    """Names by id."""

    def __missing__(self, key: str) -> str:
        return key
