"""Receipts that the ledger proves: the newest statement of each period, with the digest that it was attested under.

A statement that is disputed or voided proves nothing until another takes its place: its period is missing, and periods
in the middle are not skipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Row

from usufruct.core.encoding import hex0x
from usufruct.finance.numbers import exact, refused
from usufruct.finance.report import Figure, Section
from usufruct.ledger.database import Database
from usufruct.ledger.reads.places import META
from usufruct.ledger.reads.rows import EVER
from usufruct.ledger.reads.statements import STREAMS, statements_page
from usufruct.money import Currency

__all__ = ["Feed", "Receipt", "read_feed", "receipts_of", "statements_section"]

_MOST: Final = 2_400
_LAST: Final = 2**63 - 1
_GONE: Final = ("disputed", "voided")
_REMEDY: Final = "wait for its statement, or end the series before it"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An attested period.

    Attributes:
        stream: Code of the stream.
        period: Number of the period.
        month: The calendar month that most of it lies in, "YYYY-MM".
        version: Version of its statement.
        digest: The digest that the oracles signed, 0x….
        gross: Income by the tariff, minor units.
        distributable: What is paid out of, minor units: gross and adjustments.
        status: "attested" or "settled".
        coverage_bp: Part of the expected readings that was there.
        estimated_bp: Part of the quantity that was estimated.
    """

    stream: str
    period: int
    month: str
    version: int
    digest: str
    gross: int
    distributable: int
    status: str
    coverage_bp: int
    estimated_bp: int

    @property
    def name(self) -> str:
        """Stream and period, such as VPP/3."""
        return f"{self.stream}/{self.period}"

    @property
    def source(self) -> str:
        """What a figure that stands on it names."""
        return f"statement {self.digest}, {self.stream} period {self.period} ({self.month})"


@dataclass(frozen=True, slots=True)
class Feed:
    """What a ledger proves of its streams.

    Attributes:
        currency: Currency of all amounts.
        streams: Codes of all streams.
        receipts: Attested periods by stream, without gaps, in order.
        stream: The stream that is meant where none is named, "" for none.
        annualise: Whether fewer than a year's periods may stand for a year.
    """

    currency: Currency
    streams: tuple[str, ...]
    receipts: dict[str, tuple[Receipt, ...]]
    stream: str = ""
    annualise: bool = False

    def of(self, code: str) -> tuple[Receipt, ...]:
        """The receipts of a stream, of the one that is meant by default if `code` is empty.

        Raises:
            InputError: The stream is unknown or has no attested period.
        """
        name = code or self.stream
        if name not in self.streams:
            raise refused(
                "--stream",
                name,
                "a stream of the ledger: " + (", ".join(self.streams) or "it has none"),
                "name one of these",
            )
        found = self.receipts.get(name, ())
        if not found:
            raise refused("--stream", name, "at least one attested period", _REMEDY)
        return found

    def amounts(self, code: str, measure: str, months: int) -> list[tuple[Decimal, list[Receipt]]]:
        """Sums over groups of `months` periods, from the first on, with the receipts of each.

        Raises:
            InputError: As for `of`; or the last group is not whole.
        """
        receipts = self.of(code)
        if len(receipts) % months:
            raise refused(
                "attested",
                f"{len(receipts)} periods of {receipts[0].stream}",
                f"whole groups of {months} periods: none is missing",
                _REMEDY,
            )
        groups = [list(receipts[at : at + months]) for at in range(0, len(receipts), months)]
        return [(self._whole(group, measure), group) for group in groups]

    def latest(self, code: str, measure: str, months: int) -> tuple[Decimal, list[Receipt]]:
        """The sum of the last `months` periods; of fewer, in proportion, if they may stand for them.

        Raises:
            InputError: As for `of`; or there are fewer, and they may not.
        """
        receipts = list(self.of(code)[-months:])
        if len(receipts) < months and not self.annualise:
            raise refused(
                "attested",
                f"{len(receipts)} periods of {receipts[0].stream}",
                f"{months} periods: what is missing is not made up",
                "wait for the statements, or say --annualise, which is flagged",
            )
        total = self._whole(receipts, measure)
        with exact():
            grown = total * months / len(receipts)
            step = Decimal(1) / self.currency.unit
            return grown // step * step, receipts

    def _whole(self, receipts: Sequence[Receipt], measure: str) -> Decimal:
        minor = sum(getattr(each, measure) for each in receipts)
        with exact():
            return Decimal(minor) / self.currency.unit


def read_feed(url: str, stream: str = "", *, annualise: bool = False) -> Feed:
    """The receipts of a ledger.

    Raises:
        ConfigError: There is no ledger at `url`.
        InputError: Periods in the middle of a stream have no statement that stands.
    """
    database = Database(url)
    database.require()
    try:
        with database.read() as connection:
            facts = {row.key: row.value for row in connection.execute(META)}
            streams = connection.execute(STREAMS).all()
            query, most = (
                statements_page(by_stream=True),
                {"before": _LAST, "limit": _MOST, "known": EVER},
            )
            rows = {
                each.code: connection.execute(query, most | {"stream": each.id}).all()
                for each in streams
            }
    finally:
        database.dispose()
    code, _, decimals = facts.get("currency", "").rpartition(":")
    currency = Currency(code or "?", int(decimals or 0))
    receipts = {name: tuple(receipts_of(name, found)) for name, found in rows.items()}
    return Feed(currency, tuple(rows), receipts, stream, annualise)


def statements_section(receipts: Sequence[Receipt], currency: Currency) -> Section:
    """The statements that a study stands on, one by one."""
    section = Section("Attested statements")
    for each in receipts:
        with exact():
            gross, paid = (Decimal(n) / currency.unit for n in (each.gross, each.distributable))
        note = f"gross; distributable {paid:,f}, version {each.version}, {each.status}"
        label = f"{each.stream} period {each.period} ({each.month})"
        section.figures.append(
            Figure(label, gross, currency.code, each.source, note, statements=(each.name,))
        )
    return section


def receipts_of(stream: str, rows: Sequence[Row[Any]]) -> Iterator[Receipt]:
    """The periods of a stream that a statement stands for, in order, from the rows of its statements.

    Raises:
        InputError: One in the middle has none.
    """
    usable = sorted((row for row in rows if row.event not in _GONE), key=lambda row: row.period)
    for before, row in zip([None, *usable], usable, strict=False):
        if before is not None and row.period != before.period + 1:
            raise refused(
                "attested",
                f"{stream} periods {before.period + 1} to {row.period - 1}",
                "every period between the first and the last has a statement that stands",
                _REMEDY,
            )
        yield _receipt(stream, row)


def _receipt(stream: str, row: Row[Any]) -> Receipt:
    fields = json.loads(row.fields)
    middle = datetime.fromtimestamp((fields["from_"] + fields["to"]) // 2, UTC)
    return Receipt(
        stream=stream,
        period=row.period,
        month=middle.strftime("%Y-%m"),
        version=row.version,
        digest=hex0x(row.digest),
        gross=int(fields["gross"]),
        distributable=row.distributable,
        status="settled" if row.event == "settled" else "attested",
        coverage_bp=fields["coverage_bp"],
        estimated_bp=fields["estimated_bp"],
    )
