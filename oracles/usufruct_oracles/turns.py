"""Whose turn it is to propose: usually one worker sends, and nobody waits for one that is down.

For each place the members of the signer table have an order, (index + stream + position) mod n. The first
proposes at once, the next one `takeover` seconds later, and so on. Who has signed what another one proposes leaves
it `takeover` seconds to send it, once for each: a slow one is not down, and two transactions would be one too many. Who
found no agreement waits longer each time, unless its journal has changed since.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from usufruct_oracles.chainstate import Signers
from usufruct_oracles.pledges import Place

_LONGEST_PAUSE = 60.0


@dataclass(slots=True)
class _Try:
    digest: bytes
    since: float
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class _Offer:
    """What others propose at a place: until when that is left to them, and to whom it was."""

    place: Place
    until: float = 0.0
    callers: set[str] = field(default_factory=set)


class Turns:
    """Remembers since when each stream's next batch or statement could be proposed; safe to share between threads."""

    def __init__(
        self,
        address: str,
        takeover: float,
        pause: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._takeover = takeover
        self._pause = pause
        self._now = monotonic
        self._tries: dict[tuple[str, int], tuple[Place, _Try]] = {}
        self._offers: dict[tuple[str, int], _Offer] = {}
        self._lock = threading.Lock()

    def is_mine(self, place: Place, digest: bytes, signers: Signers) -> bool:
        """Whether this worker should propose `digest` at `place` now."""
        index = signers.place(self._address)
        if index is None:
            return False
        found = self._try(place, digest)
        rank = (index + place.stream + place.position) % len(signers.table)
        now = self._now()
        return now >= max(found.since + rank * self._takeover, found.not_before, self._left(place))

    def leave(self, place: Place, caller: str) -> None:
        """Note that `caller` proposes what this worker has signed, and is about to send it."""
        key = (place.kind, place.stream)
        with self._lock:
            offer = self._offers.get(key)
            if offer is None or offer.place != place:
                offer = self._offers[key] = _Offer(place)
            if caller not in offer.callers:
                offer.callers.add(caller)
                offer.until = self._now() + self._takeover

    def failed(self, place: Place, digest: bytes) -> float:
        """Note that no quorum was found; returns the seconds until the next try."""
        found = self._try(place, digest)
        found.failures += 1
        pause: float = min(self._pause * 2 ** min(found.failures - 1, 10), _LONGEST_PAUSE)
        found.not_before = self._now() + pause
        return pause

    def _left(self, place: Place) -> float:
        """Until when the place is left to another."""
        with self._lock:
            offer = self._offers.get((place.kind, place.stream))
            return offer.until if offer is not None and offer.place == place else 0.0

    def _try(self, place: Place, digest: bytes) -> _Try:
        key = (place.kind, place.stream)
        known = self._tries.get(key)
        # Another digest for the same place means that the journal has changed: worth trying at once.
        if known is None or known[0] != place or known[1].digest != digest:
            known = self._tries[key] = (place, _Try(digest, self._now()))
        return known[1]
