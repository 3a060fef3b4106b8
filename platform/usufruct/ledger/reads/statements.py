"""Streams, batches, statements and settlements, with the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from usufruct.ledger.models import (
    batch,
    batch_evidence,
    chain_start,
    funding,
    rules,
    settlement,
    signers,
    statement,
    statement_event,
    statement_evidence,
    stream,
    tariff,
    verdict_report,
)
from usufruct.ledger.reads.order import in_order
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = [
    "BATCHES_BETWEEN",
    "BATCH_BY_HEAD",
    "BATCH_ORDERS",
    "CHAIN_START",
    "LAST_FUNDING",
    "LAST_FUNDING_AS_OF",
    "LAST_RULES",
    "LAST_RULES_AS_OF",
    "ONE_BATCH",
    "ONE_SETTLEMENT",
    "RULES_VERSION",
    "SETTLEMENT_ORDERS",
    "SIGNERS_AT",
    "STATEMENT_EVENTS",
    "STATEMENT_ORDERS",
    "STATEMENT_POSITION",
    "STATEMENT_VERSIONS",
    "STREAMS",
    "TARIFFS",
    "batches_page",
    "settlements_page",
    "statements_page",
    "verdicts_page",
]

STREAMS: Final = placed(select(stream, *when()), stream.c.pos).order_by(stream.c.id)
"""All streams."""
TARIFFS: Final = (
    placed(select(tariff, *when()), tariff.c.pos)
    .where(tariff.c.stream == bindparam("stream"), tariff.c.pos < bindparam("end"))
    .order_by(tariff.c.pos)
)
"""Tariff history of :stream before the position :end."""
CHAIN_START: Final = select(chain_start).where(chain_start.c.stream == bindparam("stream"))
"""Where the chain of batches of :stream began."""


def _batches() -> Query:
    evidence = batch_evidence.c
    known = and_(evidence.head == batch.c.head, evidence.known_at <= bindparam("known"))
    query = select(
        batch, evidence.manifest, evidence.known_at.label("evidence_known_at"), *when()
    ).join_from(batch, batch_evidence, known, isouter=True)
    return placed(query, batch.c.pos)


BATCH_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": batch.c.pos,
    "seq": batch.c.seq,
    "from": batch.c.from_,
    "count": batch.c["count"],
}
"""What batches can be sorted by."""


@cache
def batches_page(
    *,
    by_stream: bool = False,
    status: str | None = None,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Batches before position :before, newest first, or in an order of `BATCH_ORDERS`, with evidence :known then.

    The filter binds :stream; `status` is checked or missing, of their evidence.
    """
    query = _batches().where(batch.c.pos < bindparam("before"))
    if by_stream:
        query = query.where(batch.c.stream == bindparam("stream"))
    if status is not None:
        here = batch_evidence.c.head
        query = query.where(here.is_not(None) if status == "checked" else here.is_(None))
    return in_order(query, BATCH_ORDERS, order or "-time", batch.c.pos, begun=begun)


ONE_BATCH: Final = _batches().where(
    batch.c.stream == bindparam("stream"), batch.c.seq == bindparam("seq")
)
"""Batch :seq of :stream, with its evidence if that came up to the time :known."""
BATCH_BY_HEAD: Final = _batches().where(batch.c.head == bindparam("head"))
"""The batch that made :head, with its evidence if that came up to the time :known."""
BATCHES_BETWEEN: Final = (
    _batches()
    .where(
        batch.c.stream == bindparam("stream"),
        batch.c.seq > bindparam("after"),
        batch.c.seq <= bindparam("last"),
    )
    .order_by(batch.c.seq)
)
"""Batches :after < seq ≤ :last of :stream, in order, with the evidence that came up to the time :known."""

# --- Statements ------------------------------------------------------------------------------------

_first = statement.alias("first")
STATEMENT_POSITION: Final = (
    select(statement.c.pos, _first.c.pos.label("first"))
    .join_from(
        statement,
        _first,
        and_(_first.c.stream == statement.c.stream, _first.c.period == statement.c.period),
    )
    .where(
        _first.c.version == 1,
        statement.c.stream == bindparam("stream"),
        statement.c.period == bindparam("period"),
        statement.c.version == bindparam("version"),
    )
)
"""Where a :version of :stream and :period is, and where its period stands in the list: where it was first attested."""
STATEMENT_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": _first.c.pos,
    "period": statement.c.period,
    "distributable": statement.c.distributable,
}
"""What statements can be sorted by."""


def _is_newest(*, as_of: bool) -> ColumnElement[bool]:
    later = statement.alias("later")
    query = select(later.c.pos).where(
        later.c.stream == statement.c.stream,
        later.c.period == statement.c.period,
        later.c.pos > statement.c.pos,
    )
    return ~(query.where(later.c.pos < bindparam("end")) if as_of else query).exists()


def _statements(*, as_of: bool = False) -> Query:
    """Versions of statements with their newest event: of all, or of those before the position :end.

    With the evidence that came up to the time :known.
    """
    inner = statement_event.alias("inner")
    newest = select(func.max(inner.c.pos)).where(
        inner.c.stream == statement.c.stream,
        inner.c.period == statement.c.period,
        inner.c.version == statement.c.version,
    )
    if as_of:
        newest = newest.where(inner.c.pos < bindparam("end"))
    query = (
        select(
            statement,
            statement_event.c.kind.label("event"),
            statement_event.c.final_at.label("event_final_at"),
            _is_newest(as_of=as_of).label("newest"),
            statement_evidence.c.known_at.label("evidence_known_at"),
            statement_evidence.c.lines,
            statement_evidence.c.tariff,
            statement_evidence.c.signatures,
            statement_evidence.c.corrections,
            statement_evidence.c.signers.label("evidence_signers"),
            statement_evidence.c.table_.label("signer_table"),
            *when(),
        )
        .join_from(
            statement,
            statement_event,
            statement_event.c.pos == newest.scalar_subquery(),
            isouter=True,
        )
        .join(
            statement_evidence,
            and_(
                statement_evidence.c.digest == statement.c.digest,
                statement_evidence.c.known_at <= bindparam("known"),
            ),
            isouter=True,
        )
    )
    return placed(query, statement.c.pos)


@cache
def statements_page(
    *,
    by_stream: bool = False,
    by_period: bool = False,
    status: str | None = None,
    as_of: bool = False,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Newest versions of periods first attested before position :before, newest first.

    Or in an order of `STATEMENT_ORDERS`. A period keeps its place when it is stated again, so that whoever turns pages
    meanwhile does not miss it. Evidence is shown that came up to the time :known.

    Filters bind :stream, :period and :now. `status` is attested, final, disputed, voided or settled; :now is the
    chain's time for the first two. With `as_of` they are as they stood before the position :end.
    """
    newest = _is_newest(as_of=as_of)
    query = _statements(as_of=as_of).join(
        _first,
        and_(
            _first.c.stream == statement.c.stream,
            _first.c.period == statement.c.period,
            _first.c.version == 1,
        ),
    )
    query = query.where(_first.c.pos < bindparam("before"), newest)
    if as_of:
        query = query.where(statement.c.pos < bindparam("end"))
    if by_stream:
        query = query.where(statement.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(statement.c.period == bindparam("period"))
    query = _of_status(query, status)
    return in_order(query, STATEMENT_ORDERS, order or "-time", _first.c.pos, begun=begun)


def _of_status(query: Query, status: str | None) -> Query:
    event = statement_event.c.kind
    if status is None:
        return query
    if status in ("disputed", "voided", "settled"):
        return query.where(event == status)
    final_at = func.coalesce(statement_event.c.final_at, statement.c.final_at)
    is_open = event.is_(None) | (event == "dismissed")
    is_over = final_at <= bindparam("now")
    return query.where(and_(is_open, is_over if status == "final" else ~is_over))


STATEMENT_VERSIONS: Final = (
    _statements()
    .where(statement.c.stream == bindparam("stream"), statement.c.period == bindparam("period"))
    .order_by(statement.c.version.desc())
)
"""All versions of a period's statement, newest first, with the evidence that came up to the time :known."""
STATEMENT_EVENTS: Final = (
    placed(select(statement_event, *when()), statement_event.c.pos)
    .where(
        statement_event.c.stream == bindparam("stream"),
        statement_event.c.period == bindparam("period"),
    )
    .order_by(statement_event.c.pos)
)
"""Disputes, dismissals, voidings and settlement of a period, in order."""
SIGNERS_AT: Final = (
    select(signers)
    .where(signers.c.pos < bindparam("end"), signers.c.epoch.is_not(None))
    .order_by(signers.c.pos.desc())
    .limit(1)
)
"""The signer table in force just before position :end."""

# --- Settlements -----------------------------------------------------------------------------------


def _settlements() -> Query:
    query = select(settlement, rules.c.content, *when()).join_from(
        settlement,
        rules,
        and_(rules.c.stream == settlement.c.stream, rules.c.version == settlement.c.rules_version),
        isouter=True,
    )
    return placed(query, settlement.c.pos)


SETTLEMENT_ORDERS: Final[Mapping[str, ColumnElement[int]]] = {
    "time": settlement.c.pos,
    "period": settlement.c.period,
    "receipts": settlement.c.receipts,
    "shortfall": settlement.c.shortfall,
}
"""What settlements can be sorted by."""


@cache
def settlements_page(
    *,
    by_stream: bool = False,
    by_period: bool = False,
    status: str | None = None,
    order: str | None = None,
    begun: bool = False,
) -> Query:
    """Settlements before position :before, newest first, or in an order of `SETTLEMENT_ORDERS`.

    Filters bind :stream and :period; `status` is full or short.
    """
    query = _settlements().where(settlement.c.pos < bindparam("before"))
    if by_stream:
        query = query.where(settlement.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(settlement.c.period == bindparam("period"))
    if status is not None:
        short = settlement.c.shortfall
        query = query.where(short == 0 if status == "full" else short != 0)
    return in_order(query, SETTLEMENT_ORDERS, order or "-time", settlement.c.pos, begun=begun)


ONE_SETTLEMENT: Final = _settlements().where(
    settlement.c.stream == bindparam("stream"), settlement.c.period == bindparam("period")
)
"""The settlement of :stream and :period."""
LAST_RULES: Final = (
    placed(select(rules, *when()), rules.c.pos)
    .where(rules.c.stream == bindparam("stream"))
    .order_by(rules.c.version.desc())
)
"""Recorded rule sets of :stream, newest first."""
LAST_RULES_AS_OF: Final = LAST_RULES.where(rules.c.pos < bindparam("end"))
"""Those that were recorded before the position :end."""
RULES_VERSION: Final = placed(select(rules, *when()), rules.c.pos).where(
    rules.c.stream == bindparam("stream"), rules.c.version == bindparam("version")
)
"""One recorded rule set."""
LAST_FUNDING: Final = (
    placed(select(funding, *when()), funding.c.pos)
    .where(funding.c.stream == bindparam("stream"))
    .order_by(funding.c.pos.desc())
    .limit(bindparam("limit"))
)
"""The newest funding of :stream."""
LAST_FUNDING_AS_OF: Final = LAST_FUNDING.where(funding.c.pos < bindparam("end"))
"""The same before the position :end."""


@cache
def verdicts_page(
    *,
    by_stream: bool = False,
    by_period: bool = False,
    begun: bool = False,
    only: frozenset[int] | None = None,
) -> Query:
    """Reports of the workers on what they rejected, by stream, the newest period first, and source.

    Each as it was told last up to the time :known; of the streams `only`, if given. Filters bind :stream and :period;
    if `begun`, after the report :last_stream, :last_period, :last_source.
    """
    found, newer = verdict_report.c, verdict_report.alias("newer")
    newest = select(func.max(newer.c.known_at)).where(
        newer.c.stream == found.stream,
        newer.c.period == found.period,
        newer.c.source == found.source,
        newer.c.known_at <= bindparam("known"),
    )
    query = select(verdict_report).where(found.known_at == newest.scalar_subquery())
    if only is not None:
        query = query.where(found.stream.in_(sorted(only)))
    if by_stream:
        query = query.where(found.stream == bindparam("stream"))
    if by_period:
        query = query.where(found.period == bindparam("period"))
    if begun:
        same = found.stream == bindparam("last_stream")
        also = and_(same, found.period == bindparam("last_period"))
        query = query.where(
            or_(
                found.stream > bindparam("last_stream"),
                and_(same, found.period < bindparam("last_period")),
                and_(also, found.source > bindparam("last_source")),
            )
        )
    return query.order_by(found.stream, found.period.desc(), found.source).limit(bindparam("limit"))
