"""Streams, batches, statements and settlements, with the evidence for them."""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import and_, bindparam, func, select

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
from usufruct.ledger.reads.rows import Query, placed, when

__all__ = [
    "BATCHES_BETWEEN",
    "BATCH_BY_HEAD",
    "CHAIN_START",
    "LAST_FUNDING",
    "LAST_RULES",
    "ONE_BATCH",
    "ONE_SETTLEMENT",
    "RULES_VERSION",
    "SIGNERS_AT",
    "STATEMENT_EVENTS",
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
TARIFFS: Final = select(tariff).where(tariff.c.stream == bindparam("stream")).order_by(tariff.c.pos)
"""Tariff history of :stream."""
CHAIN_START: Final = select(chain_start).where(chain_start.c.stream == bindparam("stream"))
"""Where the chain of batches of :stream began."""


def _batches() -> Query:
    query = select(batch, batch_evidence.c.manifest, *when()).join_from(
        batch, batch_evidence, batch_evidence.c.head == batch.c.head, isouter=True
    )
    return placed(query, batch.c.pos)


@cache
def batches_page(*, by_stream: bool = False) -> Query:
    """Batches before position :before, newest first; the filter binds :stream."""
    query = _batches().where(batch.c.pos < bindparam("before"))
    if by_stream:
        query = query.where(batch.c.stream == bindparam("stream"))
    return query.order_by(batch.c.pos.desc()).limit(bindparam("limit"))


ONE_BATCH: Final = _batches().where(
    batch.c.stream == bindparam("stream"), batch.c.seq == bindparam("seq")
)
"""Batch :seq of :stream."""
BATCH_BY_HEAD: Final = _batches().where(batch.c.head == bindparam("head"))
"""The batch that made :head."""
BATCHES_BETWEEN: Final = (
    _batches()
    .where(
        batch.c.stream == bindparam("stream"),
        batch.c.seq > bindparam("after"),
        batch.c.seq <= bindparam("last"),
    )
    .order_by(batch.c.seq)
)
"""Batches :after < seq ≤ :last of :stream, in order."""

# --- Statements ------------------------------------------------------------------------------------

_later = statement.alias("later")
_IS_NEWEST: Final = ~(
    select(_later.c.pos)
    .where(
        _later.c.stream == statement.c.stream,
        _later.c.period == statement.c.period,
        _later.c.pos > statement.c.pos,
    )
    .exists()
)


def _statements() -> Query:
    inner = statement_event.alias("newest")
    newest = (
        select(func.max(inner.c.pos))
        .where(
            inner.c.stream == statement.c.stream,
            inner.c.period == statement.c.period,
            inner.c.version == statement.c.version,
        )
        .scalar_subquery()
    )
    query = (
        select(
            statement,
            statement_event.c.kind.label("event"),
            statement_event.c.final_at.label("event_final_at"),
            _IS_NEWEST.label("newest"),
            statement_evidence.c.lines,
            statement_evidence.c.tariff,
            statement_evidence.c.signatures,
            statement_evidence.c.corrections,
            statement_evidence.c.signers.label("evidence_signers"),
            statement_evidence.c.table_.label("signer_table"),
            *when(),
        )
        .join_from(statement, statement_event, statement_event.c.pos == newest, isouter=True)
        .join(statement_evidence, statement_evidence.c.digest == statement.c.digest, isouter=True)
    )
    return placed(query, statement.c.pos)


@cache
def statements_page(
    *, by_stream: bool = False, by_period: bool = False, status: str | None = None
) -> Query:
    """Newest versions before position :before, newest first; filters bind :stream, :period and :now.

    `status` is attested, final, disputed, voided or settled; :now is the chain's time for the first two.
    """
    query = _statements().where(statement.c.pos < bindparam("before"), _IS_NEWEST)
    if by_stream:
        query = query.where(statement.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(statement.c.period == bindparam("period"))
    return _of_status(query, status).order_by(statement.c.pos.desc()).limit(bindparam("limit"))


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
"""All versions of a period's statement, newest first."""
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


@cache
def settlements_page(*, by_stream: bool = False, by_period: bool = False) -> Query:
    """Settlements before position :before, newest first; filters bind :stream and :period."""
    query = _settlements().where(settlement.c.pos < bindparam("before"))
    if by_stream:
        query = query.where(settlement.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(settlement.c.period == bindparam("period"))
    return query.order_by(settlement.c.pos.desc()).limit(bindparam("limit"))


ONE_SETTLEMENT: Final = _settlements().where(
    settlement.c.stream == bindparam("stream"), settlement.c.period == bindparam("period")
)
"""The settlement of :stream and :period."""
LAST_RULES: Final = (
    select(rules).where(rules.c.stream == bindparam("stream")).order_by(rules.c.version.desc())
)
"""Recorded rule sets of :stream, newest first."""
RULES_VERSION: Final = select(rules).where(
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


@cache
def verdicts_page(*, by_stream: bool = False, by_period: bool = False) -> Query:
    """Reports of the workers on what they rejected; filters bind :stream and :period."""
    query = select(verdict_report)
    if by_stream:
        query = query.where(verdict_report.c.stream == bindparam("stream"))
    if by_period:
        query = query.where(verdict_report.c.period == bindparam("period"))
    return query.order_by(
        verdict_report.c.stream, verdict_report.c.period.desc(), verdict_report.c.source
    ).limit(bindparam("limit"))
