"""Prometheus metrics of one worker, in a registry of its own."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)


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

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"usufruct_oracle_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"usufruct_oracle_{name}", text, labels, registry=self.registry)

    def render(self) -> tuple[bytes, str]:
        """The text exposition and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
