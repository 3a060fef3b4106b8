"""The link from a payout to its distribution: units at the record moment, and the holder's income before and after.

Everything is replayed from the series' own log, so any node can answer; where the node still has the state of the
block, the contract itself is asked too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from usufruct.chain.client import RpcError
from usufruct.chain.records import Log
from usufruct.contracts import address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import series_standards as ss
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
    date = "this distribution" if given.record_at is None else _shown(given.record_at)
    return (
        f"{given.holder} held {moment.units} of {moment.supply} units at the record moment ({date}; "
        f"{found.moves} moves) and gets {amount} minor units; {said}"
    )


def _shown(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


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
    """What the distribution did to the holder."""

    record_at: int | None
    units: int
    supply: int
    before: int
    after: int


@dataclass(slots=True)
class _Account:
    """A wallet's account, and what counts for the record dates after which it moved units."""

    units: int = 0
    numerator: int = 0
    paid: int = 0
    kept: dict[int, int] = field(default_factory=dict)
    """Units at a record date, by period."""


class _Replay:
    """The holder's account rebuilt from the series' log, with those of lost wallets that it replaced."""

    def __init__(self, ctx: Context, holder: str) -> None:
        self._ctx, self._holder = ctx, holder
        self._records: dict[int, int] = {}
        self._supply = self._acc = self.moves = 0
        self._logs = ctx.logs(
            ctx.proof.contracts.series, [list(self._HANDLERS)], ctx.proof.distribution.block
        )
        self._accounts = {wallet: _Account() for wallet in self._wallets()}

    def _wallets(self) -> set[str]:
        """The holder, and every lost wallet whose income became the holder's."""
        topic = ss.Recovered.TOPIC
        pairs = [
            ss.Recovered.decode(log.topics, log.data)
            for log in self._logs
            if log.topics[0] == topic
        ]
        wallets = {self._holder}
        for pair in reversed(pairs):
            if pair.replacement in wallets:
                wallets.add(pair.lost)
        return wallets

    def run(self) -> _Moment:
        """The distribution of the proof; afterwards the account is that at the end of its block."""
        dist = self._ctx.proof.distribution
        moment = None
        for log in self._logs:
            kind, apply = self._HANDLERS[log.topics[0]]
            done = apply(self, log, kind.decode(log.topics, log.data))
            if (log.block_number, log.log_index) == (dist.block, dist.log_index):
                moment = done
        assert moment is not None, "the link before found this distribution in this block"
        return moment

    def ask_contract(self, supply: int) -> str:
        """The contract's own figure at the end of the distribution's block, if the node still has it."""
        where, block = self._ctx.proof.contracts.series, self._ctx.proof.distribution.block
        account = self._accounts[self._holder]
        try:
            call = rr.claimable(address(self._holder))
            claimable = self._ctx.client.call(where, call, block)
        except RpcError:
            return "the node no longer has the contract's state of that block"
        earned = account.numerator // supply
        same("payout.numerator_after (contract)", claimable + account.paid, earned)
        return f"the contract agrees at block {block}"

    def _move(self, log: Log, move: rr.Transfer) -> None:
        self._supply += move.value * (int(move.from_, 16) == 0)
        for wallet, sign in ((move.from_, -1), (move.to, 1)):
            if wallet in self._accounts and move.from_ != move.to:
                self._keep(self._accounts[wallet], log.block_number)
                self._accounts[wallet].units += sign * move.value
                self.moves += wallet == self._holder

    def _keep(self, account: _Account, block: int) -> None:
        for period, at in self._records.items():
            if period not in account.kept and at <= self._ctx.time_of(block):
                account.kept[period] = account.units

    def _schedule(self, _: Log, event: se.RecordScheduled) -> None:
        self._records.pop(event.period, None)
        if event.record_at:
            self._records[event.period] = event.record_at

    def _distribute(self, log: Log, event: rr.Distributed) -> _Moment:
        same("distribution.acc", self._acc + event.amount, event.acc)
        self._acc = event.acc
        period = self._closing(event.period, log.block_number)
        at = None if period is None else self._records[period]
        found = None
        for wallet, account in self._accounts.items():
            units = account.units if period is None else account.kept.get(period, account.units)
            before = account.numerator
            account.numerator += event.amount * units
            if wallet == self._holder:
                found = _Moment(at, units, self._supply, before, account.numerator)
        self._records = {p: each for p, each in self._records.items() if p > event.period}
        assert found is not None, "the holder's own account is among them"
        return found

    def _closing(self, period: int, block: int) -> int | None:
        """The record date that closed the period: its own or a later one, if it passed before the money came."""
        later = [each for each in sorted(self._records) if each >= period]
        if not later or self._records[later[0]] > self._ctx.time_of(block):
            return None
        return later[0]

    def _pay(self, _: Log, event: rr.FundsWithdrawn) -> None:
        if event.by in self._accounts:
            self._accounts[event.by].paid += event.funds_withdrawn

    def _recover(self, _: Log, event: ss.Recovered) -> None:
        """The transfer before has moved the units; income not paid yet and the units of record dates follow."""
        if event.lost not in self._accounts:
            return
        lost = self._accounts[event.lost]
        other = self._accounts.get(event.replacement, _Account())
        unpaid = lost.numerator - lost.paid * self._supply
        lost.numerator -= unpaid
        other.numerator += unpaid
        for period, units in lost.kept.items():
            other.kept[period] = other.kept.get(period, 0) + units
            lost.kept[period] = 0

    _HANDLERS: Final[dict[bytes, tuple[type[Any], Callable[..., _Moment | None]]]] = {
        rr.Transfer.TOPIC: (rr.Transfer, _move),
        rr.Distributed.TOPIC: (rr.Distributed, _distribute),
        rr.FundsWithdrawn.TOPIC: (rr.FundsWithdrawn, _pay),
        se.RecordScheduled.TOPIC: (se.RecordScheduled, _schedule),
        ss.Recovered.TOPIC: (ss.Recovered, _recover),
    }
