"""Files of the finance engine, read with what they stand on: their own keys, and what the ledger attests.

Where an amount of a file says `"attested"`, the ledger is asked: for what was distributable, or for the gross income
with `"attested gross"`, of the stream that is meant or of another one, `"attested:VPP"`. A single amount is the last
year's (or the last period's of a structure); in a list it stands for all whole years or periods in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel

from usufruct.config.tables import Document, parse_document, read_text, shape
from usufruct.core.encoding import canonical_json, hex0x
from usufruct.core.keccak import keccak256
from usufruct.finance.attested import Feed, Receipt, statements_section
from usufruct.finance.numbers import refused
from usufruct.finance.report import Figure, Report
from usufruct.money import Currency

__all__ = ["Loaded", "load_file", "load_text", "made_up", "with_sources"]

TableT = TypeVar("TableT", bound=BaseModel)
AnyT = TypeVar("AnyT")

_ATTESTED: Final = re.compile(r"attested(?: (gross))?(?::([A-Z0-9_-]{1,32}))?", re.ASCII)
_YEAR: Final = 12
_SHOWN: Final = 18
_ASSUMPTION: Final = "assumption"


@dataclass(frozen=True, slots=True)
class Loaded(Generic[AnyT]):
    """A file that was read.

    Attributes:
        name: Name of the file.
        table: What it says.
        raw: Its values by key, as they are written.
        attested: For each key that the ledger filled in, the receipts it stands on.
        currency: The ledger's currency, None if it was not asked.
    """

    name: str
    table: AnyT
    raw: Mapping[str, Any]
    attested: Mapping[str, tuple[Receipt, ...]] = field(default_factory=dict)
    currency: Currency | None = None

    def key_hash(self, key: str) -> str | None:
        """Keccak-256 of what stands at a dotted key, as canonical JSON; None if nothing does."""
        value: Any = self.raw
        for part in key.split("."):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError, ValueError):
                return None
        return hex0x(keccak256(canonical_json(_plain(value))))

    def receipts(self, key: str = "") -> tuple[Receipt, ...]:
        """The receipts below a key, or of the whole file, each once."""
        found = {
            (each.stream, each.period): each
            for place, receipts in self.attested.items()
            if not key or f"{place}.".startswith(f"{key}.") or f"{key}.".startswith(f"{place}.")
            for each in receipts
        }
        return tuple(found[place] for place in sorted(found))


def load_file(
    path: str | Path, table: type[TableT], example: str, feed: Feed | None = None
) -> Loaded[TableT]:
    """The file at `path`, completely checked.

    Raises:
        ConfigErrors: Keys or values are wrong; all that were found.
        ConfigError: It cannot be read, or is not TOML.
        InputError: It asks for what the ledger does not attest, or the ledger is of another currency.
    """
    text = read_text(path, f"check the path; {example} shows the format")
    return load_text(text, str(path), table, feed)


def load_text(
    text: str,
    name: str,
    table: type[TableT],
    feed: Feed | None = None,
    *,
    optional: bool = False,
) -> Loaded[TableT]:
    """The same of a text; `name` is the file that errors name, `optional` lets it ask for nothing of the ledger."""
    document = parse_document(text, name)
    filler = _Filler(feed, _YEAR // _per_year(document))
    written = document.raw
    document.raw = filler.filled(written, ())
    if feed is None or (optional and not filler.used):
        return Loaded(Path(name).name, shape(document, table), written)
    if not filler.used:
        raise refused(
            "--ledger",
            Path(name).name,
            'a file in which an amount says "attested"',
            'write income = "attested" where the ledger shall be asked',
        )
    _require_currency(document.raw.get("currency"), feed.currency)
    return Loaded(Path(name).name, shape(document, table), written, filler.used, feed.currency)


def with_sources(report: Report, loaded: Loaded[AnyT]) -> Report:
    """The report with the statements in front, and named by every figure that stands on them directly."""
    if loaded.currency is None:
        return report
    for section in report.sections:
        section.figures = [_named(each, loaded) for each in section.figures]
    first = statements_section(loaded.receipts(), loaded.currency)
    first.flags += made_up(loaded)
    return Report(report.title, [first, *report.sections])


def made_up(loaded: Loaded[AnyT]) -> list[str]:
    """A flag for the amounts that fewer periods stand for than they are of."""
    months = _YEAR // int(loaded.raw.get("per_year", 1))
    keys: dict[tuple[Receipt, ...], list[str]] = {}
    for key, receipts in loaded.attested.items():
        if len(receipts) < months:
            keys.setdefault(receipts, []).append(key)
    return [
        f"{', '.join(found)}: {months} periods made up from {len(receipts)}, "
        f"{', '.join(each.name for each in receipts)}"
        for receipts, found in keys.items()
    ]


def _named(figure: Figure, loaded: Loaded[AnyT]) -> Figure:
    found = {each for key in figure.keys for each in loaded.receipts(key)}
    receipts = sorted(found, key=lambda each: (each.stream, each.period))
    if not receipts:
        return figure
    span = _span(receipts)
    return replace(
        figure, source=span if figure.source == _ASSUMPTION else f"{figure.source}; {span}"
    )


def _span(receipts: list[Receipt]) -> str:
    """One receipt's source, or how many there are with the first and the last."""
    if len(receipts) == 1:
        return receipts[0].source
    ends = " to ".join(
        f"period {each.period} ({each.month}, {each.digest[:_SHOWN]}…)"
        for each in (receipts[0], receipts[-1])
    )
    return f"{len(receipts)} statements of {receipts[0].stream}, {ends}"


def _per_year(document: Document) -> int:
    found = document.raw.get("per_year", 1)
    return found if isinstance(found, int) and found in {1, 2, 4, 12} else 1


def _require_currency(found: object, currency: Currency) -> None:
    """Amounts of two currencies are not added."""
    if isinstance(found, Mapping):
        code, decimals = found.get("code"), found.get("decimals")
    else:
        code, decimals = found, currency.decimals
    if (code, decimals) != (currency.code, currency.decimals):
        raise refused(
            "currency",
            code if decimals == currency.decimals else f"{code} with {decimals} decimals",
            f"the ledger's, {currency.code} with {currency.decimals} decimals: currencies are not mixed",
            "state the file in that currency",
        )


class _Filler:
    """Puts attested amounts where a file asks for them, and notes where."""

    def __init__(self, feed: Feed | None, months: int) -> None:
        self.feed, self.months = feed, months
        self.used: dict[str, tuple[Receipt, ...]] = {}

    def filled(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return {key: self.filled(each, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return self._list(value, path)
        asked = _ATTESTED.fullmatch(value) if isinstance(value, str) else None
        if asked is None:
            return value
        feed = self._asked(path)
        amount, receipts = feed.latest(asked[2] or "", _measure(asked[1]), self.months)
        self.used[".".join(path)] = tuple(receipts)
        return format(amount, "f")

    def _list(self, values: list[Any], path: tuple[str, ...]) -> list[Any]:
        found: list[Any] = []
        for each in values:
            asked = _ATTESTED.fullmatch(each) if isinstance(each, str) else None
            if asked is None:
                found.append(self.filled(each, (*path, str(len(found)))))
                continue
            groups = self._asked(path).amounts(asked[2] or "", _measure(asked[1]), self.months)
            for amount, receipts in groups:
                self.used[".".join((*path, str(len(found))))] = tuple(receipts)
                found.append(format(amount, "f"))
        return found

    def _asked(self, path: tuple[str, ...]) -> Feed:
        if self.feed is None:
            raise refused(
                ".".join(path),
                "attested",
                "an amount that the ledger attests",
                "name the ledger: --ledger URL --stream CODE",
            )
        return self.feed


def _measure(word: str | None) -> str:
    return word or "distributable"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, float | date | Decimal):
        return str(value)
    return value
