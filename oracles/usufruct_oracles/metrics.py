"""Prometheus metrics of one worker, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """Counters and gauges of a worker; names are prefixed `usufruct_oracle_`.

    Attributes:
        readings: Readings taken in, by verdict (`accepted`, `rejected`).
        anchored: Batches recorded as anchored, by stream.
        attested: Statements recorded as attested, by stream.
        signatures: Signatures given, by kind (`batch`, `statement`).
        refusals: Signatures refused to peers, by kind and reason.
        disagreements: Alerts: another worker, or the chain, holds other content; by stream and kind.
        rejected_requests: Requests that were not let in, by reason.
        lost_races: Transactions not needed because another worker's was first.
        failures: Loop passes that ended in an error.
        seconds: Duration of a loop pass.
        lag: Seconds between the chain's clock and the end of the last anchored window, by stream.
        halted: 1 while a stream is stopped because of a disagreement.
        equivocations: Alerts: a signer signed two different things; by kind.
        barred: Signers that do not count until a person releases them.
        contradictions: Alerts: a meter's key signed two records that cannot both be true; by stream.
        exchanges: Questions to peers about signatures and records, by subject and outcome.
        fetched: Records taken over from peers after judging them here, by outcome.
        quorum_seconds: Time until enough signatures were there, or all peers had answered; by kind and outcome.
        stake: Money at stake in what does not count this period, minor units, by stream and rule.
        head_age: Seconds between the wall clock and the latest block.
        outbox_pending: Transactions that were sent and are not mined.
        outbox_age: Seconds since this process first saw the oldest of them pending.
        draining: 1 from SIGTERM on.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.readings = self._counter("readings", "Readings taken in", "verdict")
        self.anchored = self._counter("batches_anchored", "Batches recorded", "stream")
        self.attested = self._counter("statements_attested", "Statements recorded", "stream")
        self.signatures = self._counter("signatures", "Signatures given", "kind")
        self.refusals = self._counter("refusals", "Signatures refused", "kind", "reason")
        self.disagreements = self._counter(
            "disagreements", "Alert: somebody holds other content", "stream", "kind"
        )
        self.rejected_requests = self._counter(
            "rejected_requests", "Requests that were not let in", "reason"
        )
        self.lost_races = self._counter("lost_races", "Another worker was first", "kind")
        self.failures = self._counter("failures", "Loop passes that ended in an error")
        self.seconds = Histogram(
            "usufruct_oracle_pass_seconds", "Duration of a loop pass", registry=self.registry
        )
        self.lag = self._gauge("lag_seconds", "Chain time not yet anchored", "stream")
        self.halted = self._gauge("stream_halted", "1 while a stream is stopped", "stream")
        self._add_network()
        self._add_state()

    def _add_network(self) -> None:
        self.equivocations = self._counter(
            "equivocations", "Alert: a signer signed two different things", "kind"
        )
        self.barred = self._gauge("barred_signers", "Signers that do not count for now")
        self.contradictions = self._counter(
            "contradictions", "Alert: two records of a meter cannot both be true", "stream"
        )
        self.exchanges = self._counter("exchanges", "Questions to peers", "subject", "outcome")
        self.fetched = self._counter("fetched_records", "Records taken from peers", "outcome")
        self.quorum_seconds = Histogram(
            "usufruct_oracle_quorum_seconds",
            "Duration of gathering signatures",
            ("kind", "outcome"),
            registry=self.registry,
        )

    def _add_state(self) -> None:
        self.stake = self._gauge("stake_minor_units", "Money at stake", "stream", "rule")
        self.head_age = self._gauge("chain_head_age_seconds", "Age of the latest block")
        self.outbox_pending = self._gauge("outbox_pending", "Transactions not mined yet")
        self.outbox_age = self._gauge("outbox_age_seconds", "Age of the oldest of them")
        self.draining = self._gauge("draining", "1 while the worker is ending")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"usufruct_oracle_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"usufruct_oracle_{name}", text, labels, registry=self.registry)
