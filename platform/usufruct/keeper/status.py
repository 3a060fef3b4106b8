"""What is due and has not happened: since when, why it waits, and what would help. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, exists, func, select

from usufruct.config import Community
from usufruct.core.periods import period_bounds, period_name
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.lifecycle import end_series
from usufruct.keeper.owed import withdraw_owed
from usufruct.keeper.push import Right, ask_payable, why_withheld
from usufruct.keeper.settle import settle_stream
from usufruct.keeper.site import KeeperSite, Outcome, Stream, when
from usufruct.ledger.database import Database
from usufruct.ledger.models import (
    block,
    distribution,
    log,
    owed,
    payment,
    payout,
    statement,
    stream,
)
from usufruct.ledger.reads.places import CURSOR
from usufruct.ledger.reads.rows import EVER
from usufruct.ledger.reads.statements import statements_page

__all__ = ["Due", "late", "status"]

_NEWEST: Final = 1 << 62
_ALL: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Due:
    """Something that should have happened.

    Attributes:
        kind: statement, settlement, payout, withheld, owed, closing or ledger.
        subject: Stream and period, series, payee, or the ledger.
        since: From when on it could have happened, chain time.
        why: What it waits for.
    """

    kind: str
    subject: str
    since: int
    why: str

    def line(self) -> str:
        """One line for people; the same as long as nothing changes."""
        return f"{self.subject}: {self.reason()}"

    def reason(self) -> str:
        """Since when, and what it waits for."""
        return f"since {when(self.since)}: {self.why}"


def late(found: list[Due], now: int, tolerance: int) -> list[Due]:
    """What has been due for longer than `tolerance` seconds."""
    return [each for each in found if now - each.since > tolerance]


def status(
    site: KeeperSite, ledger: Database, keeper: Keeper, community: Community | None = None
) -> list[Due]:
    """All that is due now, streams first.

    Args:
        site: A site whose sender sends nothing (DryRun).
        ledger: The ledger.
        keeper: A keeper on both.
        community: The community file, for the calendar of statements that are still missing.

    Raises:
        ChainError: The node failed.
        ConfigError: The ledger was never filled.
    """
    now = site.client.block("latest").timestamp
    found = [
        each for one in keeper.streams() for each in _stream(site, ledger, one, now, community)
    ]
    found += _owed(site, ledger, keeper)
    for number, right in keeper.rights():
        found += _series(site, ledger, keeper, number, right)
    return [*found, *_ledger(site, ledger)]


# --- Streams ---


def _stream(
    site: KeeperSite, ledger: Database, one: Stream, now: int, community: Community | None
) -> Iterator[Due]:
    with ledger.read() as connection:
        values = {"before": _NEWEST, "limit": _ALL, "stream": one.number, "known": EVER}
        rows = connection.execute(statements_page(by_stream=True), values).all()
        missing = _missing(connection, one, now, community)
    for row in sorted(rows, key=lambda each: int(each.period)):
        if row.event in ("disputed", "voided"):
            text = f"its statement is {row.event}: the guardian or a new version decides how it goes on"
            yield Due("statement", f"{one.code} period {row.period}", row.time, text)
    outcomes = settle_stream(site, one)
    for outcome in outcomes:
        since = _final_since(rows, outcome)
        if since is not None and since <= now:
            yield Due(
                "settlement", f"{one.code} period {outcome.facts['period']}", since, outcome.text
            )
    yield from missing


def _final_since(rows: Any, outcome: Outcome) -> int | None:
    """When the period of the outcome became final; None while it is not, or where a dispute is told already."""
    row = next((each for each in rows if each.period == outcome.facts.get("period")), None)
    if row is None or row.event in ("disputed", "voided", "settled"):
        return None
    return int(row.event_final_at or row.final_at)


def _missing(
    connection: Connection, one: Stream, now: int, community: Community | None
) -> list[Due]:
    """The next period's statement, where the calendar says that the period is over."""
    if community is None:
        return []
    last = connection.execute(
        select(func.max(statement.c.period)).where(statement.c.stream == one.number)
    ).scalar()
    start = connection.execute(select(stream.c.start).where(stream.c.id == one.number)).scalar()
    project = community.project
    period = int(last or 0) + 1
    first, end = period_bounds(project.first_period, period, project.timezone)
    if end > now or (start or 0) > first:
        return []
    month = period_name(project.first_period, period)
    text = f"no statement is attested; what blocks it is said by: usufruct-oracle explain {month}"
    return [Due("statement", f"{one.code} period {period}", end, text)]


# --- Money ---


def _owed(site: KeeperSite, ledger: Database, keeper: Keeper) -> Iterator[Due]:
    for outcome in withdraw_owed(site, keeper.payees()):
        payee = str(outcome.facts["payee"])
        with ledger.read() as connection:
            query = (
                select(func.max(block.c.timestamp))
                .join_from(owed, log, log.c.pos == owed.c.pos)
                .join(block, block.c.number == log.c.block)
                .where(owed.c.payee == bytes.fromhex(payee[2:]), owed.c.stream.is_not(None))
            )
            since = connection.execute(query).scalar()
        yield Due("owed", payee, int(since or 0), outcome.text)


def _series(
    site: KeeperSite, ledger: Database, keeper: Keeper, number: int, right: Right
) -> Iterator[Due]:
    candidates = keeper.candidates(number, right)
    payable = ask_payable(site, right, candidates)
    since = _unpaid_since(ledger, number)
    if payable.amounts:
        total = site.money(sum(payable.amounts.values()))
        text = f"{len(payable.amounts)} holders can be paid {total}; usufruct keep does it"
        yield Due("payout", right.symbol, since, text)
    for holder, error in payable.refused.items():
        yield Due("withheld", f"{right.symbol} {holder}", since, why_withheld(error))
    for outcome in end_series(site, right, ()):
        yield Due("closing", right.symbol, since, outcome.text)


def _unpaid_since(ledger: Database, number: int) -> int:
    """Time of the oldest distribution of the series of which somebody's share is not paid; of the last if all are."""
    later = payment.alias("later")
    unpaid = (
        select(func.min(payout.c.pos))
        .where(
            payout.c.series == number,
            payout.c.amount != 0,
            ~exists().where(
                later.c.wallet == payout.c.wallet,
                later.c.series == payout.c.series,
                later.c.pos > payout.c.pos,
            ),
        )
        .scalar_subquery()
    )
    last = (
        select(func.max(distribution.c.pos))
        .where(distribution.c.series == number)
        .scalar_subquery()
    )
    query = (
        select(block.c.timestamp)
        .join_from(log, block, block.c.number == log.c.block)
        .where(log.c.pos == func.coalesce(unpaid, last))
    )
    with ledger.read() as connection:
        return int(connection.execute(query).scalar() or 0)


# --- The ledger ---


def _ledger(site: KeeperSite, ledger: Database) -> Iterator[Due]:
    with ledger.read() as connection:
        row = connection.execute(CURSOR).one()
    head = site.client.block_number()
    if int(row.block) < head:
        text = f"it is at block {row.block} of {head}; usufruct serve takes in the rest"
        yield Due("ledger", "ledger", int(row.timestamp), text)
