"""A ledger of any size without a chain: what an index would hold after months of distributions.

Accounts are kept by the ledger's own arithmetic (`SeriesBook`), so that every payout explains itself. Every tenth
holder has claimed half-way; a tenth of the units of each series moved once, so that holders differ over time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, func, insert, select

from usufruct.ledger import models as m
from usufruct.ledger.accounts import SeriesBook
from usufruct.ledger.bulk import insert_rows
from usufruct.ledger.database import Database
from usufruct.ledger.types import position

__all__ = ["Size", "fill", "slug", "wallet"]

START: Final = 1_790_006_400
SECONDS: Final = 12
UNITS: Final = 1_000
MONEY: Final = 90_000_000_007
_HALF: Final = 2
_TENTH: Final = 10
_FIRST_BLOCK: Final = 100
_ZERO: Final = "0x" + "00" * 32


@dataclass(frozen=True, slots=True)
class Size:
    """How large: payouts are `holders` × `distributions`."""

    holders: int
    distributions: int = 10
    per_series: int = 1_000
    streams: int = 4

    @property
    def series(self) -> int:
        """How many series there are."""
        return -(-self.holders // self.per_series)


def wallet(number: int) -> bytes:
    """Address of the holder numbered from 1."""
    return (0xA1 << 152 | number).to_bytes(20, "big")


def slug(series: int) -> str:
    """Slug of the series numbered from 1."""
    return f"s{series}"


class _Writer:
    """Rows by table, with a block for each step."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[tuple[Any, ...]]] = {}
        self.block = _FIRST_BLOCK
        self._index = 0

    def step(self) -> int:
        """Begins a block; its time."""
        self.block += 1
        self._index = 0
        time = self.time
        digest = self.block.to_bytes(32, "big")
        parent = (self.block - 1).to_bytes(32, "big")
        self.add(m.block, self.block, digest, parent, time)
        return time

    @property
    def time(self) -> int:
        """Time of the block."""
        return START + self.block * SECONDS

    def log(self) -> int:
        """Adds a log to the block; its position."""
        pos = position(self.block, self._index)
        tx = pos.to_bytes(32, "big")
        self.add(m.log, pos, self.block, self._index, self._index, tx)
        self._index += 1
        return pos

    def add(self, table: Table, *values: Any) -> None:
        """Adds a row."""
        self._rows.setdefault(table, []).append(values)

    def flush(self) -> None:
        """Writes all rows."""
        for table, rows in self._rows.items():
            insert_rows(self._connection, table, rows)
        self._rows.clear()


def fill(database: Database, size: Size) -> int:
    """Fills an empty migrated ledger; returns the number of payouts."""
    with database.write() as connection:
        writer = _Writer(connection)
        _streams(writer, size)
        for series in range(1, size.series + 1):
            _series(writer, series, size)
            writer.flush()
        for period in range(1, size.distributions + 1):
            _evidence(writer, size, period)
        writer.flush()
        writer.step()
        writer.flush()
        values = {"id": 1, "block": writer.block, "hash": writer.block.to_bytes(32, "big")}
        connection.execute(insert(m.cursor).values(**values, timestamp=writer.time))
        meta = {"chain_id": "31337", "currency": "USDX:6"}
        connection.execute(insert(m.meta), [{"key": k, "value": v} for k, v in meta.items()])
        return int(connection.execute(select(func.count()).select_from(m.payout)).scalar_one())


def _streams(w: _Writer, size: Size) -> None:
    w.step()
    for stream in range(1, size.streams + 1):
        w.add(
            m.stream, stream, w.log(), f"STREAM{stream}", START, 3_600, 7_200, 9_000, 500, 4, False, "[]"
        )  # fmt: skip
        content = {
            "steps": [
                {"kind": "residual", "payee": "0x" + "00" * 20, "to_series": True, "account": 0}
            ],
            "kpis": [],
            "triggers": [],
            "schedule": [],
            "min_multiplier_bp": 0,
            "max_multiplier_bp": 0,
            "max_change_bp": 0,
        }
        w.add(m.rules, w.log(), stream, 1, START, json.dumps(content))


def _series(w: _Writer, series: int, size: Size) -> None:
    """A series with its holders, distributions, payouts and some payments."""
    stream = (series - 1) % size.streams + 1
    book = SeriesBook()
    w.step()
    address = (1 << 159 | series).to_bytes(20, "big")
    w.add(
        m.series, series, w.log(), address, slug(series), stream, f"Series {series}", slug(series).upper(), 1, 600,
        0, 0, 14, "[]", 1, 0, 0, 0, 0, 0, 0, False,
    )  # fmt: skip
    first = (series - 1) * size.per_series + 1
    wallets = range(first, min(first + size.per_series, size.holders + 1))
    for number in wallets:
        _issue(w, book, series, number)
    for period in range(1, size.distributions + 1):
        _distribute(w, book, series, period)
        if period == size.distributions // _HALF:
            for number in wallets[::_TENTH]:
                _claim(w, book, series, number)
                _move(w, book, series, number, number + 1 if number + 1 in wallets else first)


def _issue(w: _Writer, book: SeriesBook, series: int, number: int) -> None:
    pos = w.log()
    w.add(m.wallet, number, pos, wallet(number))
    w.add(m.registration, pos, number, number, 60_000, 344, 3, 0, bytes(32))
    _transfer(w, book, series, None, number, UNITS + number % 7)


def _transfer(
    w: _Writer, book: SeriesBook, series: int, sender: int | None, recipient: int, units: int
) -> None:
    pos = w.log()
    w.add(m.transfer, pos, series, sender, recipient, units)
    if sender is None:
        w.add(m.holder, series, recipient, pos)
    for each, held in book.move(sender, recipient, units, w.time).holdings:
        w.add(m.checkpoint, series, each, pos, held.units, held.numerator, held.acc, held.paid)


def _move(w: _Writer, book: SeriesBook, series: int, sender: int, recipient: int) -> None:
    w.step()
    _transfer(w, book, series, sender, recipient, UNITS // _TENTH)


def _distribute(w: _Writer, book: SeriesBook, series: int, period: int) -> None:
    time = w.step()
    pos = w.log()
    before, supply = book.acc, book.supply
    done = book.distribute(period, before + MONEY, supply, time)
    w.add(m.distribution, pos, series, period, period, MONEY, before, before + MONEY, supply, None)
    for each in done.payouts:
        w.add(m.payout, each.wallet, pos, series, each.units, each.numerator, each.amount)


def _claim(w: _Writer, book: SeriesBook, series: int, number: int) -> None:
    w.step()
    pos = w.log()
    held = book.holdings[number]
    amount = held.numerator_at(book.acc) // book.supply - held.paid
    _, after = book.pay(number, amount)
    w.add(m.payment, pos, series, number, amount, book.acc)
    w.add(m.checkpoint, series, number, pos, after.units, after.numerator, after.acc, after.paid)


def _evidence(w: _Writer, size: Size, period: int) -> None:
    """Batch, statement and settlement of a period of each stream."""
    for stream in range(1, size.streams + 1):
        w.step()
        begins, ends = START + (period - 1) * 86_400, START + period * 86_400
        key = (stream << 32 | period).to_bytes(32, "big")
        before = (stream << 32 | period - 1).to_bytes(32, "big")
        w.add(
            m.batch, w.log(), stream, period, begins, ends, period * 100, 100, True, key, key, key
        )
        gross = MONEY * size.series // size.streams
        w.add(
            m.statement, w.log(), stream, period, 1, key, gross, ends, "0x3",
            json.dumps(_fields(begins, ends, gross, before, key)),
        )  # fmt: skip
        w.add(m.statement_event, w.log(), stream, period, 1, "settled", None, None, None)
        line = {"due": "0", "paid": str(gross), "released": "0", "balance": "0"}
        w.add(m.settlement, w.log(), stream, period, 1, gross, gross, 0, 0, 0, json.dumps([line]))


def _fields(begins: int, ends: int, gross: int, first: bytes, last: bytes) -> dict[str, Any]:
    return {
        "from_": begins,
        "to": ends,
        "gross": str(gross),
        "adjustments": "0",
        "coverage_bp": 10_000,
        "estimated_bp": 0,
        "first_head": "0x" + first.hex(),
        "last_head": "0x" + last.hex(),
        "lines_root": _ZERO,
        "tariff_hash": _ZERO,
        "documents": _ZERO,
        "kpis": "0x" + "ff" * 32,
    }
