"""Alerts: somebody holds other content, signed two different things, or lends what contradicts what is known.

Counted, logged, and shown in the status until a restart.
"""

from __future__ import annotations

import threading
from collections import deque

from usufruct.config import Stream
from usufruct.core.encoding import hex0x
from usufruct_oracles import logs
from usufruct_oracles.borrowing import Contradiction
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.wire import Json

_KEPT = 20
_PUBLIC = ("place", "seq", "mine", "yours", "differs", "manifest", "why", "tx")
"""What the status shows of an alert; readings stand in the log alone."""
_PLAIN = (str, int, list)


class Alerts:
    """The last alerts, newest last; safe to share between threads."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._kept: deque[Json] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._log = logs.get("alert")

    def disagreement(self, stream: int, kind: str, who: str, detail: Json, now: int) -> None:
        """`who` (a peer or "chain") holds another batch or statement of `stream` than this worker."""
        self._metrics.disagreements.labels(str(stream), kind).inc()
        self._log.error("disagreement", stream=stream, kind=kind, who=who, detail=detail)
        shown = {key: detail[key] for key in _PUBLIC if isinstance(detail.get(key), _PLAIN)}
        with self._lock:
            self._kept.append({"at": now, "stream": stream, "kind": kind, "who": who, **shown})

    def equivocation(self, signer: str, place: str, stream: int, source: str, now: int) -> None:
        """`signer` has signed two different messages for `place`; the second was seen at `source`."""
        self._log.error("equivocation", signer=signer, place=place, stream=stream, source=source)
        found: Json = {
            "at": now,
            "stream": stream,
            "kind": "equivocation",
            "who": signer,
            "place": place,
        }
        with self._lock:
            self._kept.append(found)

    def contradiction(self, stream: Stream, day: str, found: Contradiction, now: int) -> None:
        """A meter's key has signed two records of a day that cannot both be true; one of them was lent."""
        said: Json = {
            "stream": stream.id,
            "day": day,
            "records": [hex0x(found.one), hex0x(found.other)],
            "who": ", ".join(found.lenders),
        }
        if not stream.committed:  # of a household's money nothing is told (protocol §3c)
            said["stake"] = found.stake
        self._log.error("contradiction", meter=found.meter, **said)
        with self._lock:
            self._kept.append({"at": now, "kind": "contradiction", **said})

    def recent(self) -> list[Json]:
        """The alerts that are kept."""
        with self._lock:
            return list(self._kept)
