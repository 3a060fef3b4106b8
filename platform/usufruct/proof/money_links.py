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
    for name in ("rules_version", "multiplier_bp"):
        same(f"settlement.{name}", getattr(event, name), getattr(given, name))
    for name in ("required", "receipts", "shortfall"):
        same(f"settlement.{name}", getattr(event, name), int(getattr(given, name)))
    lines = [
        mirror.Line(int(x.due), int(x.paid), int(x.released), int(x.balance)) for x in given.lines
    ]
    recorded = [mirror.Line(x.due, x.paid, x.released, x.balance) for x in event.lines]
    same("settlement.lines", recorded, lines)
    brought = _recompute(ctx, lines)
    adjusted = int(ctx.proof.statement.gross) + int(ctx.proof.statement.adjustments)
    same("settlement.required", min(adjusted + brought, mirror.MAX_U64), int(given.required))
    same("settlement.shortfall", int(given.required) - int(given.receipts), int(given.shortfall))
    return f"{given.receipts} minor units through {len(lines)} steps (rules {given.rules_version})"


def _recompute(ctx: Context, lines: list[mirror.Line]) -> int:
    """Run the rules again on the balances before; returns the shortfall brought forward."""
    given, where = ctx.proof.settlement, ctx.proof.contracts
    answer = ctx.client.call(where.waterfall, wf.rules_at(given.stream, given.rules_version))
    rules = _mirrored(answer.rules)
    balances, last_multiplier, brought = _before(ctx, len(rules.steps))
    active = [_active(ctx, step) for step in rules.steps]
    kpis = unhex(ctx.proof.statement.kpis, 32)
    result = mirror.run(rules, int(given.receipts), balances, kpis, last_multiplier, active)
    same("settlement.lines (recomputed)", list(result.lines), lines)
    same("settlement.multiplier_bp (recomputed)", result.multiplier_bp, given.multiplier_bp)
    paid = sum(
        line.paid
        for step, line in zip(rules.steps, lines, strict=True)
        if step.to_series and step.payee == where.series
    )
    same("distribution.amount (waterfall)", paid, int(ctx.proof.distribution.amount))
    return brought


def _mirrored(rules: wf.Rules) -> mirror.Rules:
    steps = tuple(
        mirror.Step(mirror.StepKind(s.kind), s.to_series, s.carries, s.payee, s.amount, s.bp)
        for s in rules.steps
    )
    kpis = tuple(
        mirror.Kpi(k.index, k.floor_bp, k.target_bp, k.cap_bp, k.weight_bp) for k in rules.kpis
    )
    bounds = (rules.min_multiplier_bp, rules.max_multiplier_bp, rules.max_change_bp)
    return mirror.Rules(steps, kpis, *bounds)


def _active(ctx: Context, step: mirror.Step) -> bool:
    if not step.to_series:
        return True
    terms = ctx.client.call(step.payee, rr.terms())
    return terms.term_from <= ctx.proof.distribution.period <= terms.term_to


def _before(ctx: Context, steps: int) -> tuple[list[int], int | None, int]:
    """Step balances, multiplier and shortfall after the stream's previous settlement."""
    given, dist, where = ctx.proof.settlement, ctx.proof.distribution, ctx.proof.contracts
    topics: list[bytes | list[bytes] | None] = [wf.Settled.TOPIC, given.stream.to_bytes(32, "big")]
    earlier = [
        wf.Settled.decode(log.topics, log.data)
        for log in ctx.logs(where.waterfall, topics, dist.block)
        if (log.block_number, log.log_index) < (dist.block, given.log_index)
    ]
    if not earlier:
        return [0] * steps, None, 0
    last = earlier[-1]
    balances = [line.balance for line in last.lines][:steps]
    balances += [0] * (steps - len(balances))
    return balances, _last_multiplier(ctx, earlier), last.shortfall


def _last_multiplier(ctx: Context, earlier: list[wf.Settled]) -> int | None:
    """The operator's multiplier of the newest settlement whose rules had KPIs: only those set it."""
    waterfall, stream = ctx.proof.contracts.waterfall, ctx.proof.settlement.stream
    scored: dict[int, bool] = {}
    for event in reversed(earlier):
        version = event.rules_version
        if version not in scored:
            answer = ctx.client.call(waterfall, wf.rules_at(stream, version))
            scored[version] = bool(answer.rules.kpis)
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
