"""Links from the distribution to the statement: accumulator, waterfall, rules."""

from __future__ import annotations

from usufruct.contracts import address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import statement_book as sb
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import waterfall as wf
from usufruct.core import waterfall as mirror
from usufruct.core.encoding import unhex
from usufruct.proof.context import Context, broken, same


def chain(ctx: Context) -> str:
    """The file speaks of this chain, and its contracts belong together."""
    where = ctx.proof.contracts
    same("chain_id", ctx.client.chain_id, ctx.proof.chain_id)
    for name in where.__struct_fields__:
        given = getattr(where, name)
        same(f"contracts.{name}", address(given), given)
        if name in ctx.pins:
            same(f"contracts.{name}", ctx.pins[name], given)
        if not ctx.client.code(given):
            raise broken(f"contracts.{name}", "a contract on this chain", f"{given} without code")
    call = ctx.client.call
    same("contracts.waterfall", call(where.series, rr.distributor()), where.waterfall)
    same("contracts.currency", call(where.series, rr.currency()), where.currency)
    same("contracts.series_factory", call(where.waterfall, wf.factory()), where.series_factory)
    if not call(where.series_factory, sf.is_series(address(where.series))):
        raise broken("contracts.series", f"a series made by {where.series_factory}", where.series)
    same("contracts.statement_book", call(where.waterfall, wf.book()), where.statement_book)
    same(
        "contracts.telemetry_anchor",
        call(where.statement_book, sb.anchor()),
        where.telemetry_anchor,
    )
    same(
        "contracts.stream_registry", call(where.statement_book, sb.streams()), where.stream_registry
    )
    same("contracts.waterfall", call(where.statement_book, sb.waterfall()), where.waterfall)
    pinned = "pinned by the reader" if "series" in ctx.pins else "wired to one another"
    return f"chain {ctx.proof.chain_id}, series {where.series}; contracts {pinned}"


def distribution(ctx: Context) -> str:
    """The series recorded this distribution in this transaction."""
    dist, series = ctx.proof.distribution, ctx.proof.contracts.series
    log, event = ctx.event(
        dist.tx, series, rr.Distributed, lambda log, _: log.log_index == dist.log_index
    )
    same("distribution.block", log.block_number, dist.block)
    for name, found in (
        ("number", dist.number),
        ("period", dist.period),
        ("amount", int(dist.amount)),
        ("acc", int(dist.acc)),
        ("supply", int(dist.supply)),
    ):
        same(f"distribution.{name}", getattr(event, name), found)
    return (
        f"number {dist.number}, period {dist.period}: {dist.amount} minor units, block {dist.block}"
    )


def settlement(ctx: Context) -> str:
    """The waterfall paid that amount in the same transaction, by the rules in force."""
    given, dist, where = ctx.proof.settlement, ctx.proof.distribution, ctx.proof.contracts
    _, event = ctx.event(
        dist.tx, where.waterfall, wf.Settled, lambda log, _: log.log_index == given.log_index
    )
    same("settlement.stream", event.stream, given.stream)
    same("distribution.period", event.period, dist.period)
    for name in ("rules_version", "multiplier_bp", "breached"):
        same(f"settlement.{name}", getattr(event, name), getattr(given, name))
    for name in ("receipts", "shortfall"):
        same(f"settlement.{name}", getattr(event, name), int(getattr(given, name)))
    lines = [
        mirror.Line(int(x.due), int(x.paid), int(x.released), int(x.balance)) for x in given.lines
    ]
    same("settlement.lines", [mirror.Line.unpack(word) for word in event.lines], lines)
    brought = _recompute(ctx, lines)
    adjusted = int(ctx.proof.statement.gross) + int(ctx.proof.statement.adjustments)
    same("settlement.required", min(adjusted + brought, mirror.MAX_U64), int(given.required))
    same("settlement.shortfall", int(given.required) - int(given.receipts), int(given.shortfall))
    return f"{given.receipts} minor units through {len(lines)} steps (rules {given.rules_version})"


def _recompute(ctx: Context, lines: list[mirror.Line]) -> int:
    """Run the rules again on the accounts before; returns the shortfall brought forward."""
    given, where = ctx.proof.settlement, ctx.proof.contracts
    rules = _rules(ctx, given.rules_version)
    earlier = _earlier(ctx)
    start = mirror.Start(
        period=ctx.proof.distribution.period,
        receipts=int(given.receipts),
        kpis=unhex(ctx.proof.statement.kpis, 32),
        terms=[_term(ctx, step) for step in rules.steps],
        balances=_balances(ctx, earlier),
        last_multiplier=_last_multiplier(ctx, earlier),
        breached=earlier[-1].breached if earlier else 0,
        disputed=mirror.was_disputed(rules, given.breached),
    )
    result = mirror.run(rules, start)
    same("settlement.lines (recomputed)", list(result.lines), lines)
    same("settlement.multiplier_bp (recomputed)", result.multiplier_bp, given.multiplier_bp)
    same("settlement.breached (recomputed)", result.breached, given.breached)
    paid = mirror.payments(rules, result).get(where.series, 0)
    same("distribution.amount (waterfall)", paid, int(ctx.proof.distribution.amount))
    return earlier[-1].shortfall if earlier else 0


def _rules(ctx: Context, version: int) -> mirror.Rules:
    """A recorded rule set, for the mirror."""
    where, stream = ctx.proof.contracts.waterfall, ctx.proof.settlement.stream
    rules = ctx.client.call(where, wf.rules_at(stream, version)).rules
    steps = tuple(
        mirror.Step(
            kind=mirror.StepKind(s.kind),
            to_series=s.to_series,
            payee=s.payee,
            amount=s.amount,
            bp=s.bp,
            account=s.account,
            draw_from=s.draw_from,
            when=mirror.When(s.when),
            trigger=s.trigger,
            purpose=mirror.Purpose(s.purpose),
        )
        for s in rules.steps
    )
    kpis = tuple(
        mirror.Kpi(k.index, k.floor_bp, k.target_bp, k.cap_bp, k.weight_bp) for k in rules.kpis
    )
    triggers = tuple(
        mirror.Trigger(mirror.TriggerKind(t.kind), t.step, t.dues, t.threshold_bp, t.cure_bp)
        for t in rules.triggers
    )
    schedule = tuple(mirror.Entry(e.step, e.from_period, e.amount) for e in rules.schedule)
    bounds = (rules.min_multiplier_bp, rules.max_multiplier_bp, rules.max_change_bp)
    return mirror.Rules(steps, kpis, triggers, schedule, *bounds)


def _term(ctx: Context, step: mirror.Step) -> mirror.Term | None:
    if not step.to_series:
        return None
    terms = ctx.client.call(address(step.payee), rr.terms())
    return mirror.Term(terms.term_from, terms.term_to, terms.term_to + terms.tail)


def _earlier(ctx: Context) -> list[wf.Settled]:
    """The stream's settlements before this one, in order."""
    given, dist, where = ctx.proof.settlement, ctx.proof.distribution, ctx.proof.contracts
    topics: list[bytes | list[bytes] | None] = [wf.Settled.TOPIC, given.stream.to_bytes(32, "big")]
    return [
        wf.Settled.decode(log.topics, log.data)
        for log in ctx.logs(where.waterfall, topics, dist.block)
        if (log.block_number, log.log_index) < (dist.block, given.log_index)
    ]


def _balances(ctx: Context, earlier: list[wf.Settled]) -> dict[int, int]:
    """Reserves and arrears by account: no account with a balance is ever missing from the rules in force."""
    if not earlier:
        return {}
    last = earlier[-1]
    lines = [mirror.Line.unpack(word) for word in last.lines]
    return mirror.balances_after(_rules(ctx, last.rules_version), lines)


def _last_multiplier(ctx: Context, earlier: list[wf.Settled]) -> int | None:
    """The operator's multiplier of the newest settlement whose rules had KPIs: only those set it."""
    scored: dict[int, bool] = {}
    for event in reversed(earlier):
        version = event.rules_version
        if version not in scored:
            scored[version] = bool(_rules(ctx, version).kpis)
        if scored[version]:
            return event.multiplier_bp
    return None


def signer_table(ctx: Context, block: int, log_index: int) -> tuple[list[str], int]:
    """Signers and threshold in force at a place of the chain, from the anchor's own log."""
    topics: list[bytes | list[bytes] | None] = [
        [ta.SignersScheduled.TOPIC, ta.SignersActivated.TOPIC]
    ]
    pending: ta.SignersScheduled | None = None
    active: tuple[list[str], int] = ([], 0)
    for log in ctx.logs(ctx.proof.contracts.telemetry_anchor, topics, block):
        if (log.block_number, log.log_index) >= (block, log_index):
            break
        if log.topics[0] == ta.SignersScheduled.TOPIC:
            pending = ta.SignersScheduled.decode(log.topics, log.data)
        elif pending is not None:
            active = ([str(signer) for signer in pending.signers], pending.threshold)
    return active
