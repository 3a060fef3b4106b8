"""What a replay needs of the chain, out of the ledger: statement, batches, settlement, distributions, holders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from usufruct.contracts import address
from usufruct.core import waterfall as wf
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.merkle import tree_root
from usufruct.core.statements import lines_root
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Batch, Cursor, Domain, Statement, batch_digest, head_of
from usufruct.disputes.evidence import (
    PeriodEvidence,
    load_headers,
    load_period,
    load_statement,
)
from usufruct.errors import EvidenceError
from usufruct.ledger import models as m
from usufruct.ledger.reads.places import META
from usufruct.replay.model import Holder, Paid, Period, Reading, Settled

_STRUCTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "steps": (wf.Step, {"kind": wf.StepKind, "when": wf.When, "purpose": wf.Purpose}),
    "kpis": (wf.Kpi, {}),
    "triggers": (wf.Trigger, {"kind": wf.TriggerKind}),
    "schedule": (wf.Entry, {}),
}


def period_from_ledger(connection: Connection, stream: int, period: int) -> Period:
    """A period as it was stated, with the readings of its anchored leaves.

    Raises:
        EvidenceError: There is no statement, evidence is missing, or it does not lead to the statement.
    """
    evidence = load_period(connection, stream, period)
    check_chain(connection, evidence)
    tariff = require_tariff(evidence)
    return Period(
        evidence.statement,
        tariff,
        evidence.lines or (),
        _readings(evidence, tariff),
        settlement_from_ledger(connection, evidence.statement),
    )


def stated_from_ledger(
    connection: Connection, stream: int, period: int
) -> tuple[Statement, list[Batch]]:
    """A period's newest statement and its batches as the chain tells them, whose heads lead to it.

    Raises:
        EvidenceError: There is no statement, or the batches do not lead to it.
    """
    statement, _ = load_statement(connection, stream, period)
    headers = load_headers(connection, statement)
    _check_heads(connection, statement, headers)
    return statement, headers


def require_tariff(evidence: PeriodEvidence) -> Tariff:
    """The period's tariff, where its lines are known too.

    Raises:
        EvidenceError: Nobody has handed them over yet.
    """
    if evidence.tariff is None or evidence.lines is None:
        raise EvidenceError(
            "the lines of the statement are not here yet",
            field="evidence",
            value=f"stream {evidence.statement.stream}, period {evidence.statement.period}",
            rule="a replay starts from evidence that was checked against the chain",
            remedy="run usufruct serve until a worker has handed it over",
        )
    return evidence.tariff


def check_chain(connection: Connection, evidence: PeriodEvidence) -> None:
    """Leaves lead to roots, batches to heads, heads and lines to the statement.

    Raises:
        EvidenceError: They do not.
    """
    for each in evidence.batches:
        _same("root", tree_root(each.leaves), each.batch.root)
        _same("count", len(each.leaves), each.batch.count)
    _check_heads(connection, evidence.statement, [each.batch for each in evidence.batches])
    if evidence.lines is not None:
        _same("linesRoot", lines_root(evidence.lines), evidence.statement.lines_root)


def _check_heads(connection: Connection, statement: Statement, batches: Sequence[Batch]) -> None:
    meta = {row.key: row.value for row in connection.execute(META)}
    domain = Domain(int(meta["chain_id"]), meta["contract.TelemetryAnchor"])
    head = statement.first_head
    for batch in batches:
        _same("prev", batch.prev, head)
        digest = batch_digest(domain, batch)
        head = head_of(Cursor(digest, batch.seq, batch.to, batch.first + batch.count))
    _same("lastHead", head, statement.last_head)


def _readings(evidence: PeriodEvidence, tariff: Tariff) -> list[Reading]:
    return [
        Reading(
            leaf.seq,
            leaf.meter,
            tariff.row_index_at(leaf.end - leaf.duration),
            None if evidence.committed else int.from_bytes(leaf.quantity[1:]),
        )
        for batch in evidence.batches
        for leaf in map(ReadingLeaf.decode, batch.leaves)
    ]


# --- Settlement ---


def settlement_from_ledger(connection: Connection, statement: Statement) -> Settled | None:
    """The period's settlement and what it started from, None if it is not settled."""
    rows = _settlements(connection, statement.stream, statement.period)
    if not rows or rows[-1]["period"] != statement.period:
        return None
    row, earlier = rows[-1], rows[:-1]
    rules = _rules(row)
    series = _series(connection, statement.stream)
    start = wf.Start(
        period=statement.period,
        receipts=row["receipts"],
        kpis=statement.kpis,
        terms=[_term(series, step) for step in rules.steps],
        balances=wf.balances_after(_rules(earlier[-1]), _lines(earlier[-1])) if earlier else {},
        last_multiplier=_last_multiplier(earlier),
        breached=earlier[-1]["breached"] if earlier else 0,
        disputed=wf.was_disputed(rules, row["breached"]),
    )
    return Settled(
        rules=rules,
        start=start,
        required=row["required"],
        brought=earlier[-1]["shortfall"] if earlier else 0,
        lines=_lines(row),
        multiplier_bp=row["multiplier_bp"],
        breached=row["breached"],
        series=_paid(connection, series, rules, statement.period),
    )


def _settlements(connection: Connection, stream: int, period: int) -> Sequence[RowMapping]:
    query = (
        select(m.settlement, m.rules.c.content)
        .join(
            m.rules,
            (m.rules.c.stream == m.settlement.c.stream)
            & (m.rules.c.version == m.settlement.c.rules_version),
        )
        .where(m.settlement.c.stream == stream, m.settlement.c.period <= period)
        .order_by(m.settlement.c.pos)
    )
    return connection.execute(query).mappings().all()


def _lines(row: RowMapping) -> list[wf.Line]:
    names = ("due", "paid", "released", "balance")
    return [wf.Line(*(int(line[name]) for name in names)) for line in json.loads(row["lines"])]


def _rules(row: RowMapping) -> wf.Rules:
    content = json.loads(row["content"])
    parts: dict[str, Any] = {
        name: tuple(_struct(kind, enums, each) for each in content[name])
        for name, (kind, enums) in _STRUCTS.items()
    }
    bounds = ("min_multiplier_bp", "max_multiplier_bp", "max_change_bp")
    return wf.Rules(**parts | {name: int(content[name]) for name in bounds})


def _struct(kind: Any, enums: dict[str, Any], given: dict[str, Any]) -> Any:
    values = {}
    for name in kind.__dataclass_fields__:
        value = given[name]
        if name in enums:
            value = enums[name][value.upper()]
        elif name not in {"payee", "to_series"}:
            value = int(value)
        values[name] = value
    return kind(**values)


def _series(connection: Connection, stream: int) -> dict[str, RowMapping]:
    query = select(m.series).where(m.series.c.stream == stream)
    return {str(address(row["address"])): row for row in connection.execute(query).mappings().all()}


def _term(series: dict[str, RowMapping], step: wf.Step) -> wf.Term | None:
    if not step.to_series:
        return None
    row = series[str(address(step.payee))]
    return wf.Term(row["term_from"], row["term_to"], row["term_to"] + row["tail"])


def _last_multiplier(earlier: Sequence[RowMapping]) -> int | None:
    """The operator's multiplier of the newest settlement whose rules had KPIs: only those set it."""
    scored = [row["multiplier_bp"] for row in earlier if json.loads(row["content"])["kpis"]]
    return int(scored[-1]) if scored else None


def _paid(
    connection: Connection, series: dict[str, RowMapping], rules: wf.Rules, period: int
) -> list[Paid]:
    """Every series that the rules pay, also those that got nothing."""
    named = {str(address(step.payee)) for step in rules.steps if step.to_series}
    return [_paid_series(connection, where, series[where], period) for where in sorted(named)]


def _paid_series(connection: Connection, where: str, row: RowMapping, period: int) -> Paid:
    query = select(m.distribution).where(
        m.distribution.c.series == row["id"], m.distribution.c.period == period
    )
    dist = connection.execute(query).mappings().one_or_none()
    if dist is None:
        return Paid(where, row["symbol"], 0, 1, ())
    shares = (
        select(m.payout, m.wallet.c.address)
        .join(m.wallet, m.wallet.c.id == m.payout.c.wallet)
        .where(m.payout.c.pos == dist["pos"], m.payout.c.series == row["id"])
        .order_by(m.payout.c.wallet)
    )
    holders = [
        Holder(
            str(address(each["address"])),
            each["units"],
            each["numerator"] - dist["amount"] * each["units"],
            each["amount"],
        )
        for each in connection.execute(shares).mappings()
    ]
    return Paid(where, row["symbol"], dist["amount"], dist["supply"], holders)


def _same(name: str, found: object, expected: object) -> None:
    if found != expected:
        raise EvidenceError(
            "the evidence does not lead to the statement",
            field=name,
            value=found,
            rule=f"the chain says {expected!r}",
            remedy="compare the ledger with the chain: usufruct reconcile",
        )
