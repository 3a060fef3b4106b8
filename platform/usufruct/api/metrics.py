"""Prometheus metrics of the index and the API."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from usufruct.index.runner import Progress

__all__ = ["Metrics"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """One application's metrics, in a registry of their own."""

    registry: CollectorRegistry

    def __init__(self, progress: Progress) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "usufruct_api_requests",
            "Answers",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "usufruct_api_seconds",
            "Time to answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        for name, text, read in (
            ("usufruct_index_block", "Last block in the ledger", lambda: progress.at),
            ("usufruct_chain_head", "Newest block of the chain", lambda: progress.head),
            ("usufruct_index_logs", "Logs taken in since the start", lambda: progress.logs),
            ("usufruct_index_undone", "Logs undone since the start", lambda: progress.undone),
            (
                "usufruct_index_failing",
                "1 while the index makes no progress",
                lambda: progress.failure is not None,
            ),
        ):
            Gauge(name, text, registry=self.registry).set_function(read)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts an answer."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
