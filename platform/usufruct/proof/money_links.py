"""Links from the payout to the statement: units, accumulator, distribution, waterfall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usufruct.contracts import address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import statement_book as sb
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import waterfall as wf
from usufruct.core import waterfall as mirror
from usufruct.core.accrual import payout_between
from usufruct.core.encoding import unhex
from usufruct.proof.context import Context, broken, same
from usufruct.proof.ids import payout_id


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


def payout(ctx: Context) -> str:
    """Units and debt follow from the series' own log; the amount follows from them."""
    given, dist = ctx.proof.payout, ctx.proof.distribution
    holder = given.holder
    same("payout.holder", address(holder), holder)
    units, debt, supply, moments = _replay(ctx, holder)
    same("payout.units", units, int(given.units))
    same("payout.lifetime_debt", debt, int(given.lifetime_debt))
    same("distribution.supply", supply, int(dist.supply))
    acc = int(dist.acc)
    amount = payout_between(acc - int(dist.amount), acc, units, debt, supply)
    same("payout.amount", amount, int(given.amount))
    symbol = ctx.client.call(ctx.proof.contracts.series, rr.symbol())
    same("payout.id", payout_id(symbol, dist.number, holder), given.id)
    return (
        f"{holder} held {units} of {supply} units ({moments} moves) and gets {amount} minor units"
    )


def _replay(ctx: Context, holder: str) -> tuple[int, int, int, int]:
    """Units, lifetime debt, supply and number of moves just before the distribution, from the series' log."""
    series, dist = ctx.proof.contracts.series, ctx.proof.distribution
    topics: list[bytes | list[bytes] | None] = [[rr.Transfer.TOPIC, rr.Distributed.TOPIC]]
    units = debt = supply = acc = moves = 0
    for log in ctx.logs(series, topics, dist.block):
        if (log.block_number, log.log_index) >= (dist.block, dist.log_index):
            break
        if log.topics[0] == rr.Distributed.TOPIC:
            acc = rr.Distributed.decode(log.topics, log.data).acc
            continue
        move = rr.Transfer.decode(log.topics, log.data)
        supply += move.value * ((int(move.from_, 16) == 0) - (int(move.to, 16) == 0))
        sign = (move.to == holder) - (move.from_ == holder)
        units, debt, moves = (
            units + sign * move.value,
            debt + sign * acc * move.value,
            moves + abs(sign),
        )
    same("distribution.acc", acc + int(dist.amount), int(dist.acc))
    return units, debt, supply, moves


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
    for name in ("receipts", "shortfall"):
        same(f"settlement.{name}", getattr(event, name), int(getattr(given, name)))
    same("settlement.required", event.receipts + event.shortfall, int(given.required))
    lines = [
        mirror.Line(int(x.due), int(x.paid), int(x.released), int(x.balance)) for x in given.lines
    ]
    recorded = list(map(mirror.Line.unpack, event.lines))
    same("settlement.lines", recorded, lines)
    brought = _recompute(ctx, lines, event.breached)
    adjusted = int(ctx.proof.statement.gross) + int(ctx.proof.statement.adjustments)
    same("settlement.required", min(adjusted + brought, mirror.MAX_U64), int(given.required))
    same("settlement.shortfall", int(given.required) - int(given.receipts), int(given.shortfall))
    return f"{given.receipts} minor units through {len(lines)} steps (rules {given.rules_version})"


def _recompute(ctx: Context, lines: list[mirror.Line], breached: int) -> int:
    """Run the rules again on the balances before; returns the shortfall brought forward."""
    given, where = ctx.proof.settlement, ctx.proof.contracts
    rules = _rules_of(ctx, given.rules_version)
    before = _before(ctx)
    start = mirror.Start(
        period=ctx.proof.distribution.period,
        receipts=int(given.receipts),
        kpis=unhex(ctx.proof.statement.kpis, 32),
        terms=[_term(ctx, step) for step in rules.steps],
        balances=before.balances,
        last_multiplier=before.multiplier,
        breached=before.breached,
        disputed=_disputed(rules, breached),
    )
    result = mirror.run(rules, start)
    same("settlement.lines (recomputed)", list(result.lines), lines)
    same("settlement.multiplier_bp (recomputed)", result.multiplier_bp, given.multiplier_bp)
    same("settlement.breached (recomputed)", result.breached, breached)
    paid = sum(
        line.paid
        for step, line in zip(rules.steps, lines, strict=True)
        if step.to_series and step.payee == where.series
    )
    same("distribution.amount (waterfall)", paid, int(ctx.proof.distribution.amount))
    return before.shortfall


def _disputed(rules: mirror.Rules, breached: int) -> bool:
    """Whether a later statement was disputed, by what the settlement recorded.

    All that depends on it follows from this bit: a trigger of that kind is breached, or is not.
    """
    return any(
        trigger.kind is mirror.TriggerKind.OPEN_DISPUTE and breached >> number & 1
        for number, trigger in enumerate(rules.triggers)
    )


def _rules_of(ctx: Context, version: int) -> mirror.Rules:
    call = wf.rules_at(ctx.proof.settlement.stream, version)
    return _mirrored(ctx.client.call(ctx.proof.contracts.waterfall, call).rules)


def _mirrored(rules: wf.Rules) -> mirror.Rules:
    return mirror.Rules(
        steps=tuple(
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
        ),
        kpis=tuple(
            mirror.Kpi(k.index, k.floor_bp, k.target_bp, k.cap_bp, k.weight_bp) for k in rules.kpis
        ),
        triggers=tuple(
            mirror.Trigger(
                mirror.TriggerKind(t.kind), t.step, t.dues, t.threshold_bp, t.cure_bp
            )
            for t in rules.triggers
        ),
        schedule=tuple(mirror.Entry(e.step, e.from_period, e.amount) for e in rules.schedule),
        min_multiplier_bp=rules.min_multiplier_bp,
        max_multiplier_bp=rules.max_multiplier_bp,
        max_change_bp=rules.max_change_bp,
    )


def _term(ctx: Context, step: mirror.Step) -> mirror.Term | None:
    if not step.to_series:
        return None
    terms = ctx.client.call(step.payee, rr.terms())
    return mirror.Term(terms.term_from, terms.term_to, terms.term_to + terms.tail)


@dataclass(frozen=True)
class _Before:
    """Where the stream's previous settlement left it."""

    balances: Mapping[int, int]
    multiplier: int | None
    breached: int
    shortfall: int


def _before(ctx: Context) -> _Before:
    """Accounts, multiplier, triggers and shortfall after the stream's previous settlement."""
    given, dist, where = ctx.proof.settlement, ctx.proof.distribution, ctx.proof.contracts
    topics: list[bytes | list[bytes] | None] = [wf.Settled.TOPIC, given.stream.to_bytes(32, "big")]
    earlier = [
        wf.Settled.decode(log.topics, log.data)
        for log in ctx.logs(where.waterfall, topics, dist.block)
        if (log.block_number, log.log_index) < (dist.block, given.log_index)
    ]
    if not earlier:
        return _Before({}, None, 0, 0)
    last = earlier[-1]
    rules = _rules_of(ctx, last.rules_version)
    balances = mirror.balances_after(rules, list(map(mirror.Line.unpack, last.lines)))
    return _Before(balances, _last_multiplier(ctx, earlier), last.breached, last.shortfall)


def _last_multiplier(ctx: Context, earlier: list[wf.Settled]) -> int | None:
    """The operator's multiplier of the newest settlement whose rules had KPIs: only those set it."""
    scored: dict[int, bool] = {}
    for event in reversed(earlier):
        version = event.rules_version
        if version not in scored:
            scored[version] = bool(_rules_of(ctx, version).kpis)
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
