"""The host's side of Sparkplug B: what births say, which sequence numbers come next, when to ask for a rebirth.

One object follows all edge nodes. Births are written to disk before they are acknowledged: after a restart the broker
does not send them again, and without them an alias means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from usufruct.core.documents import items, keyed, natural, text
from usufruct.core.encoding import canonical_json, load_json
from usufruct.errors import InputError
from usufruct_oracles.sources.sparkplug import Metric, is_of, parse_payload, sparkplug_record
from usufruct_oracles.sources.sparkplug_proto import BOOLEAN, payload_class
from usufruct_oracles.sources.writing import replace

NAMESPACE = "spBv1.0"
"""First level of all topics."""

_SEQUENCE = 256
_REBIRTH = "Node Control/Rebirth"
_BDSEQ = "bdSeq"
_TOPIC = re.compile(
    r"spBv1\.0/([^/+#]{1,64})/([ND])(BIRTH|DEATH|DATA)/([^/+#]{1,64})(?:/([^/+#]{1,64}))?"
)
_MAX_NODES = 10_000


@dataclass(frozen=True, slots=True)
class MetricRule:
    """Which metric is a meter's.

    Attributes:
        place: `group/node/device`, or `group/node` for a metric of the node itself.
        name: Name of the metric.
        meter: Code of the meter.
        unit: Unit of its values.
        duration: Seconds of an interval.
        stamp: Whether timestamps are the `start` or the `end` of intervals.
    """

    place: str
    name: str
    meter: str
    unit: str
    duration: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a message means for the host.

    Attributes:
        records: Meter and record of each reading in it.
        rebirth: The topic to ask for a rebirth at, "" if all is well.
        problems: What is wrong, for the log.
    """

    records: tuple[tuple[str, bytes], ...] = ()
    rebirth: str = ""
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Node:
    """What is known of an edge node: alias and data type of each metric by place and name."""

    born: bool = False
    bdseq: int = 0
    seq: int | None = None
    metrics: dict[tuple[str, str], tuple[int | None, int]] = field(default_factory=dict)


class SparkplugHost:
    """Follows the edge nodes of a broker.

    Args:
        rules: Which metrics are readings.
        state: Folder for births.
    """

    def __init__(self, rules: Sequence[MetricRule], state: Path) -> None:
        self._rules = rules
        self._state = state
        self._nodes: dict[str, _Node] = {}

    def receive(self, topic: str, payload: bytes, *, again: bool = False) -> Found:
        """Takes a message in.

        Args:
            topic: Its topic.
            payload: Its bytes.
            again: Whether the broker says that it may have delivered it before.

        Raises:
            InputError: Topic or payload are not of Sparkplug B.
        """
        match = _TOPIC.fullmatch(topic)
        if match is None or (match[2] == "D") != (match[5] is not None):
            raise InputError(
                "not a topic of an edge node",
                field="topic",
                value=topic,
                rule=f"{NAMESPACE}/group/NBIRTH|NDATA|NDEATH/node, or D… with a device",
                remedy="subscribe to the topics of edge nodes alone",
            )
        message = parse_payload(payload)
        group, kind, event, name = match[1], match[2], match[3], match[4]
        key = f"{group}/{name}"
        node = self._node(key)
        place = key if kind == "N" else f"{key}/{match[5]}"
        problems: list[str] = []
        if kind == "N" and event == "DEATH":
            self._die(node, message, problems)
            return Found(problems=tuple(problems))
        if kind == "N" and event == "BIRTH":
            self._begin(node, message)
        elif not again:
            self._follow(node, message, problems)
        if event == "BIRTH":
            self._learn(key, node, place, message)
        records: list[tuple[str, bytes]] = []
        if event == "DATA":
            records = list(self._records(node, place, message, payload, problems))
        if not node.born:
            problems.append("the edge node's birth is not known")
        rebirth = f"{NAMESPACE}/{group}/NCMD/{name}" if problems else ""
        return Found(tuple(records), rebirth, tuple(problems))

    def _die(self, node: _Node, message: Any, problems: list[str]) -> None:
        """The broker tells that a node is gone; a will of an earlier session says nothing about this one."""
        bdseq = next(
            (each.long_value or each.int_value for each in message.metrics if each.name == _BDSEQ),
            None,
        )
        if bdseq is not None and bdseq != node.bdseq:
            return
        node.born = False
        node.seq = None
        problems.append("the edge node is offline")

    def _begin(self, node: _Node, message: Any) -> None:
        node.metrics.clear()
        node.born = True
        node.seq = message.seq
        node.bdseq = next(
            (each.long_value or each.int_value for each in message.metrics if each.name == _BDSEQ),
            0,
        )

    def _follow(self, node: _Node, message: Any, problems: list[str]) -> None:
        """Sequence numbers go from 0 to 255 and begin anew."""
        expected = None if node.seq is None else (node.seq + 1) % _SEQUENCE
        found = message.seq if message.HasField("seq") else None
        if found is None or found >= _SEQUENCE:
            problems.append(f"sequence number {found} is none from 0 to 255")
            return
        if expected is not None and found != expected:
            problems.append(f"sequence number {found} instead of {expected}: messages are missing")
        node.seq = found

    def _learn(self, key: str, node: _Node, place: str, message: Any) -> None:
        for each in message.metrics:
            if each.name:
                alias = each.alias if each.HasField("alias") else None
                node.metrics[place, each.name] = (alias, each.datatype)
        metrics = [
            [at, name, -1 if alias is None else alias, datatype]
            for (at, name), (alias, datatype) in sorted(node.metrics.items())
        ]
        content = canonical_json({"v": 1, "node": key, "bdseq": node.bdseq, "metrics": metrics})
        replace(self._file(key), content)

    def _records(
        self, node: _Node, place: str, message: Any, payload: bytes, problems: list[str]
    ) -> Iterator[tuple[str, bytes]]:
        known = node.metrics
        aliases = {alias for alias, _ in known.values()}
        problems += [
            f"alias {each.alias} is not known at {place}"
            for each in message.metrics
            if not each.name and each.alias not in aliases
        ]
        for rule in self._rules:
            if rule.place != place:
                continue
            alias, datatype = known.get((place, rule.name), (None, 0))
            if any(is_of(each, rule.name, alias) for each in message.metrics):
                metric = Metric(rule.name, alias, datatype, rule.unit, rule.duration, rule.stamp)
                yield rule.meter, sparkplug_record(metric, payload)

    def _node(self, key: str) -> _Node:
        if key not in self._nodes:
            if len(self._nodes) >= _MAX_NODES:
                self._nodes.clear()  # births are on disk
            self._nodes[key] = self._remembered(key)
        return self._nodes[key]

    def _remembered(self, key: str) -> _Node:
        """The node as its last birth on disk has it."""
        path = self._file(key)
        if not path.is_file():
            return _Node()
        found = keyed(load_json(path.read_bytes()), {"v", "node", "bdseq", "metrics"}, "birth")
        node = _Node(born=True, bdseq=natural(found["bdseq"], "bdseq"))
        for each in items(found["metrics"], "metrics"):
            at, name, alias, datatype = items(each, "metric")
            known = None if alias == -1 else natural(alias, "alias")
            node.metrics[text(at, "place"), text(name, "name")] = (
                known,
                natural(datatype, "datatype"),
            )
        return node

    def _file(self, key: str) -> Path:
        return self._state / f"{sha256(key.encode()).hexdigest()[:32]}.birth.json"


def rebirth_command(now: int) -> bytes:
    """The payload that asks an edge node for its births again, at unix seconds `now`."""
    message = payload_class()(timestamp=now * 1000)
    message.metrics.add(name=_REBIRTH, timestamp=now * 1000, datatype=BOOLEAN, boolean_value=True)
    return bytes(message.SerializeToString())


def state_topic(host: str) -> str:
    """The topic at which a host tells whether it is there."""
    return f"{NAMESPACE}/STATE/{host}"


def state_payload(now: int, *, online: bool) -> bytes:
    """Birth or death certificate of the host; both of a session have the same time."""
    return canonical_json({"online": online, "timestamp": now * 1000})
