"""The link from a payout to its distribution: units at the record moment, and the holder's income before and after.

Everything is replayed from the series' own log, so any node can answer; where the node still has the state of the
block, the contract itself is asked too.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from usufruct.chain.client import RpcError
from usufruct.chain.records import Log
from usufruct.contracts import address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.ledger import ids
from usufruct.ledger.accounts import payout_amount
from usufruct.proof.context import Context, same


def payout(ctx: Context) -> str:
    """Units, record moment and numerators follow from the series' own log; the amount follows from them."""
    given, dist = ctx.proof.payout, ctx.proof.distribution
    same("payout.holder", address(given.holder), given.holder)
    found = _Replay(ctx, given.holder)
    moment = found.run()
    same("payout.record_at", moment.record_at, given.record_at)
    same("payout.units", moment.units, int(given.units))
    same("payout.numerator_before", moment.before, int(given.numerator_before))
    same("payout.numerator_after", moment.after, int(given.numerator_after))
    same("distribution.supply", moment.supply, int(dist.supply))
    amount = payout_amount(moment.after, moment.units, int(dist.amount), moment.supply)
    same("payout.amount", amount, int(given.amount))
    _same_id(ctx)
    said = found.ask_contract(moment.supply)
    date = "this distribution" if given.record_at is None else f"unix time {given.record_at}"
    return (
        f"{given.holder} held {moment.units} of {moment.supply} units at the record moment ({date}; "
        f"{found.moves} moves) and gets {amount} minor units; {said}"
    )


def _same_id(ctx: Context) -> None:
    """The id names this series by its place among those of the same symbol, and this holder."""
    where, dist = ctx.proof.contracts, ctx.proof.distribution
    slugs = ids.Slugs()
    slug = None
    for log in ctx.logs(where.series_factory, [sf.SeriesCreated.TOPIC], dist.block):
        event = sf.SeriesCreated.decode(log.topics, log.data)
        slug = slugs.next(event.terms.symbol.rstrip(b"\0").decode("ascii", errors="replace"))
        if event.series == where.series:
            break
    holder = bytes.fromhex(ctx.proof.payout.holder[2:])
    same("payout.id", ids.payout_id(slug or "", dist.number, holder), ctx.proof.payout.id)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the distribution did to one holder."""

    record_at: int | None
    units: int
    supply: int
    before: int
    after: int


@dataclass(slots=True)
class _Record:
    """A record date whose money has not come, and the holder's units at it if some moved since."""

    at: int
    units: int | None = None


@dataclass
class _Replay:
    """One holder's account, rebuilt from the series' log."""

    ctx: Context
    holder: str
    units: int = 0
    supply: int = 0
    acc: int = 0
    numerator: int = 0
    paid: int = 0
    moves: int = 0
    records: dict[int, _Record] = field(default_factory=dict)
    """By period."""

    def run(self) -> _Moment:
        """The distribution of the proof; afterwards the account is that at the end of its block."""
        series, dist = self.ctx.proof.contracts.series, self.ctx.proof.distribution
        moment = None
        wanted = [event.TOPIC for event in (rr.Transfer, rr.Distributed, se.RecordScheduled, rr.FundsWithdrawn)]
        for log in self.ctx.logs(series, [wanted], dist.block):
            done = self._apply(log)
            if (log.block_number, log.log_index) == (dist.block, dist.log_index):
                moment = done
        assert moment is not None, "the link before found this distribution in this block"
        return moment

    def ask_contract(self, supply: int) -> str:
        """The contract's own figure at the end of the distribution's block, if the node still has it."""
        where, block = self.ctx.proof.contracts.series, self.ctx.proof.distribution.block
        try:
            call = rr.claimable(address(self.holder))
            claimable = self.ctx.client.call(where, call, block)
        except RpcError:
            return "the node no longer has the contract's state of that block"
        same("payout.numerator_after (contract)", claimable + self.paid, self.numerator // supply)
        return f"the contract agrees at block {block}"

    def _apply(self, log: Log) -> _Moment | None:
        topic = log.topics[0]
        if topic == rr.Transfer.TOPIC:
            self._move(log, rr.Transfer.decode(log.topics, log.data))
        elif topic == se.RecordScheduled.TOPIC:
            scheduled = se.RecordScheduled.decode(log.topics, log.data)
            self.records.pop(scheduled.period, None)
            if scheduled.record_at:
                self.records[scheduled.period] = _Record(scheduled.record_at)
        elif topic == rr.Distributed.TOPIC:
            return self._distribute(log, rr.Distributed.decode(log.topics, log.data))
        elif topic == rr.FundsWithdrawn.TOPIC:
            paid = rr.FundsWithdrawn.decode(log.topics, log.data)
            self.paid += paid.funds_withdrawn * (paid.by == self.holder)
        return None

    def _move(self, log: Log, move: rr.Transfer) -> None:
        self.supply += move.value * (int(move.from_, 16) == 0)
        sign = (move.to == self.holder) - (move.from_ == self.holder)
        if not sign:
            return
        for record in self.records.values():
            if record.units is None and record.at <= self.ctx.time_of(log.block_number):
                record.units = self.units
        self.units += sign * move.value
        self.moves += 1

    def _distribute(self, log: Log, event: rr.Distributed) -> _Moment:
        same("distribution.acc", self.acc + event.amount, event.acc)
        record = self._closing(event.period, log.block_number)
        self.records = {p: each for p, each in self.records.items() if p > event.period}
        units = self.units if record is None or record.units is None else record.units
        before = self.numerator
        self.acc, self.numerator = event.acc, before + event.amount * units
        at = None if record is None else record.at
        return _Moment(at, units, self.supply, before, self.numerator)

    def _closing(self, period: int, block: int) -> _Record | None:
        """The record date that closed the period: its own or a later one, if it passed before the money came."""
        later = [self.records[each] for each in sorted(self.records) if each >= period]
        if not later or later[0].at > self.ctx.time_of(block):
            return None
        return later[0]
