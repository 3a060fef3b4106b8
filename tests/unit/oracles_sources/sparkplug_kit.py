"""Sparkplug B payloads as edge nodes send them."""

from __future__ import annotations

from collections.abc import Mapping

from usufruct_oracles.sources.sparkplug_proto import DOUBLE, INT64, payload_class


def birth(
    seq: int, metrics: Mapping[str, int], *, bdseq: int | None = None, kind: int = DOUBLE
) -> bytes:
    """A birth with the aliases of metrics."""
    message = payload_class()(timestamp=0, seq=seq)
    if bdseq is not None:
        message.metrics.add(name="bdSeq", datatype=INT64, long_value=bdseq)
    for name, alias in metrics.items():
        message.metrics.add(name=name, alias=alias, datatype=kind, double_value=0.0)
    return bytes(message.SerializeToString())


def data(seq: int | None, values: Mapping[int | str, tuple[int, float]]) -> bytes:
    """Data: timestamp in ms and value by alias, or by name."""
    message = payload_class()(timestamp=0)
    if seq is not None:
        message.seq = seq
    for which, (stamp, value) in values.items():
        metric = message.metrics.add(timestamp=stamp, double_value=value)
        if isinstance(which, str):
            metric.name = which
        else:
            metric.alias = which
    return bytes(message.SerializeToString())


def death(bdseq: int) -> bytes:
    message = payload_class()(timestamp=0)
    message.metrics.add(name="bdSeq", datatype=INT64, long_value=bdseq)
    return bytes(message.SerializeToString())
