"""Prometheus metrics of one keeper, in a registry of its own; names are prefixed `usufruct_keeper_`."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from usufruct.chain.records import Receipt
from usufruct.contracts import Address, ContractError
from usufruct.keeper.site import Outcome, Submits
from usufruct.keeper.status import Due

__all__ = ["KINDS", "Metered", "Metrics"]

KINDS: Final = ("statement", "settlement", "payout", "withheld", "owed", "closing", "ledger")
"""Kinds of what can be due."""
_PAYEES: Final = {"paid": "paid", "redeemed": "paid", "withheld": "failed"}


class Metrics:
    """What a keeper counts.

    Attributes:
        rounds: Rounds, by outcome (`done`, `failed`: the node or the ledger did not answer).
        seconds: Duration of a round.
        last_round: Unix time of the end of the last round that met no error.
        outcomes: What the rounds did or found, by kind.
        payees: Payees, by outcome (`paid`; `failed`: asked for, and refused by a contract).
        skipped: Payees that failed and whose next attempt is not due yet.
        due: What is due now, by kind.
        oldest: Seconds for which the oldest of it has been due, by kind; 0 where nothing is.
        alerts: What has been due for longer than `--alert-after`.
        transactions: Transactions asked for, by action and outcome (`mined`, `needless`: somebody else was first,
            `refused`: the contract did not let it happen).
        gas: Gas of mined transactions, by action.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.rounds = self._counter("rounds", "Rounds", "outcome")
        self.seconds = Histogram(
            "usufruct_keeper_round_seconds", "Duration of a round", registry=self.registry
        )
        self.last_round = self._gauge("last_round_time", "Unix time of the last good round")
        self.outcomes = self._counter("outcomes", "What rounds did or found", "kind")
        self.payees = self._counter("payees", "Payees", "outcome")
        self.skipped = self._gauge("payees_skipped", "Payees whose next attempt is not due yet")
        self.due = self._gauge("due", "Things that are due", "kind")
        self.oldest = self._gauge("due_oldest_seconds", "How long the oldest is due", "kind")
        self.alerts = self._gauge("alerts", "Things that have been due for too long")
        self.transactions = self._counter("transactions", "Transactions", "action", "outcome")
        self.gas = self._counter("gas", "Gas of mined transactions", "action")
        for outcome in ("done", "failed"):
            self.rounds.labels(outcome)
        for outcome in ("paid", "failed"):
            self.payees.labels(outcome)

    def told(self, outcome: Outcome) -> None:
        """Counts what a round did or found."""
        self.outcomes.labels(outcome.kind).inc()
        if outcome.kind in _PAYEES:
            # A page tells how many of its holders were paid; everything else is about one.
            self.payees.labels(_PAYEES[outcome.kind]).inc(int(outcome.facts.get("holders", 1)))

    def looked(self, found: Sequence[Due], overdue: Sequence[Due], now: int) -> None:
        """Takes over what is due at the chain's time `now`."""
        count = Tally(each.kind for each in found)
        for kind in KINDS:
            since = min((each.since for each in found if each.kind == kind), default=now)
            self.due.labels(kind).set(count[kind])
            self.oldest.labels(kind).set(max(0, now - since))
        self.alerts.set(len(overdue))

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"usufruct_keeper_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"usufruct_keeper_{name}", text, labels, registry=self.registry)


class Metered:
    """A sender whose transactions and gas are counted."""

    def __init__(self, sender: Submits, metrics: Metrics) -> None:
        self._sender = sender
        self._metrics = metrics

    @property
    def address(self) -> Address:
        """The account that sends."""
        return self._sender.address

    def submit(
        self, key: str, to: str | None, data: bytes, *, done: Callable[[], bool] | None = None
    ) -> Receipt | None:
        """As the sender's; the action is what the key begins with."""
        action = key.partition(":")[0]
        try:
            receipt = self._sender.submit(key, to, data, done=done)
        except ContractError:
            self._metrics.transactions.labels(action, "refused").inc()
            raise
        outcome = "needless" if receipt is None else "mined"
        self._metrics.transactions.labels(action, outcome).inc()
        if receipt is not None:
            self._metrics.gas.labels(action).inc(receipt.gas_used)
        return receipt

    def recover(self, *, wait: bool = False) -> list[str]:
        """As the sender's."""
        return self._sender.recover(wait=wait)
