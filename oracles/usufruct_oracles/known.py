"""What a period was worth as it was known at some moment: the journal overwrites nothing, so it still can be said.

Two times are told apart: when something was measured, which decides the period, and when it was received, which
decides what was known. Deliveries are numbered in the order of their receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from usufruct.config import Community, Stream
from usufruct.money import Currency, format_amount, mul_div_down
from usufruct_oracles.catalog import Catalog, catalog_of
from usufruct_oracles.journal.correction_tables import correction_rejections
from usufruct_oracles.journal.counting import counted
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.revisions import Correction, ReadingKey, chain_of, claims
from usufruct_oracles.journal.schema import files


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of a stream's period.

    Attributes:
        stream: The stream.
        readings: Readings that counted.
        corrected: Corrections of them that counted, by reading.
        rows: Id, quantity (base units) and amount (minor units) of each price row.
        refused: Corrections that did not count: meter, rule, detail and remedy.
    """

    stream: Stream
    readings: int
    corrected: dict[ReadingKey, tuple[Correction, ...]]
    rows: tuple[tuple[str, int, int], ...]
    refused: tuple[tuple[str, str, str, str], ...]

    @property
    def amount(self) -> int:
        """What the readings are worth, minor units."""
        return sum(amount for _, _, amount in self.rows)

    @property
    def corrections(self) -> int:
        """Number of corrections that counted."""
        return sum(map(len, self.corrected.values()))


def known(
    database: Database,
    community: Community,
    period: int,
    moment: int | None = None,
    stream: str | int | None = None,
) -> list[Known]:
    """What the journal says of a period, as it was known at a moment.

    Args:
        database: The journal's database.
        community: The community.
        period: Number of the period, from 1.
        moment: Unix time after which nothing counts that was received later; None for now.
        stream: Code or number of one stream, None for all.

    Raises:
        InputError: No such period or stream.
    """
    catalog = catalog_of(community)
    chosen = community.streams if stream is None else (catalog.stream(stream),)
    with database.read() as connection:
        last = None if moment is None else _last_delivery(connection, moment)
        return [_known(connection, catalog, each, period, last) for each in chosen]


def render(
    before: Sequence[Known], now: Sequence[Known], when: str, currency: Currency
) -> Iterator[str]:
    """Both moments side by side, for people."""
    for then, today in zip(before, now, strict=True):
        yield f"{then.stream.code} as known at the end of {when}: {_sum(then, currency)}"
        yield f"  as known now: {_sum(today, currency)}"
        for (row, quantity, amount), (_, quantity_now, amount_now) in zip(
            then.rows, today.rows, strict=True
        ):
            if quantity != quantity_now:
                moved = format_amount(amount_now - amount, currency)
                yield f"  {row}: {quantity} → {quantity_now} {then.stream.base_unit} ({moved})"
        for key, chain in sorted(today.corrected.items()):
            for each in chain[len(then.corrected.get(key, ())) :]:
                yield f"  since then: revision {each.rev} of meter {key.meter}, {key.end}: {each.reason}"
        for meter, rule, detail, remedy in today.refused:
            yield f"  correction refused: {rule}, {meter or 'no known meter'}: {detail}"
            yield f"      → {remedy}"


def _sum(found: Known, currency: Currency) -> str:
    return (
        f"{found.readings} readings, {found.corrections} corrections, "
        f"{format_amount(found.amount, currency)} {currency.code}"
    )


def _last_delivery(connection: Connection, moment: int) -> int:
    """Number of the last delivery up to a moment, 0 if there is none."""
    query = select(func.max(files.c.id)).where(files.c.received_at <= moment)
    return int(connection.execute(query).scalar_one() or 0)


def _known(
    connection: Connection, catalog: Catalog, stream: Stream, period: int, last: int | None
) -> Known:
    window = catalog.period_bounds(period)
    claimed = claims(connection, stream, window, as_of=last)
    ids = {meter.id for meter in catalog.meters_of(stream)}
    sums = [0] * len(stream.tariff.rows)
    corrected: dict[ReadingKey, tuple[Correction, ...]] = {}
    count = 0
    for each in counted(connection, stream, window, last):
        key = ReadingKey(*each.key[:3])
        if key.meter not in ids:
            continue
        count += 1
        chain = chain_of(claimed.get(key, {}), {one.sha256 for one in each.sayers})
        if chain:
            corrected[key] = chain
        quantity = chain[-1].quantity if chain else each.said.quantity
        sums[stream.tariff.row_index_at(key.end - key.duration)] += quantity
    rows = tuple(
        (row.id, quantity, mul_div_down(quantity, row.price, row.per))
        for row, quantity in zip(stream.tariff.rows, sums, strict=True)
    )
    return Known(stream, count, corrected, rows, _refused(connection, catalog, stream, window))


def _refused(
    connection: Connection, catalog: Catalog, stream: Stream, window: tuple[int, int]
) -> tuple[tuple[str, str, str, str], ...]:
    table = correction_rejections.c
    query = (
        select(table.day, table.meter, table.rule, table.detail, table.remedy)
        .where(table.stream == stream.id)
        .order_by(table.id)
    )
    return tuple(
        (meter, rule, detail, remedy)
        for day, meter, rule, detail, remedy in connection.execute(query)
        if window[0] < catalog.day(day)[1] <= window[1]
    )
