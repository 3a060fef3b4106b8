"""Time that passes only when everybody waits, and activities that take turns: one thread, one order for each seed."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from hashlib import sha256
from random import Random
from typing import Any, Final

from greenlet import getcurrent, greenlet

Action = Callable[[], None]
_TOO_MANY: Final = 200_000


class World:
    """A clock, a list of what happens when, and the dice.

    Activities are greenlets: each runs until it waits, then whoever is due next goes on. Of those who are due at
    the same moment the dice choose.

    Attributes:
        now: Seconds since the beginning.
        dice: All chance there is.
        owners: The processes by their activities.
        acting: The process whose code answers a question at this moment, in the activity of another.
    """

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.dice = Random(seed)
        self._queue: list[tuple[float, float, int, Action]] = []
        self._numbers = itertools.count()
        self.owners: dict[Any, Any] = {}
        self.acting: Any = None
        self._seen = sha256()
        self._hub = getcurrent()

    @property
    def trace(self) -> str:
        """Hash over everything that has happened so far and when."""
        return self._seen.hexdigest()

    @property
    def running(self) -> Any:
        """The process whose code runs at this moment, None if it is nobody's."""
        return self.acting or self.owners.get(getcurrent())

    def after(self, seconds: float, action: Action) -> None:
        """Lets something happen later."""
        entry = self.now + seconds, self.dice.random(), next(self._numbers), action
        heapq.heappush(self._queue, entry)

    def every(self, least: float, most: float, action: Action, until: float) -> None:
        """Lets something happen again and again."""

        def again() -> None:
            if self.now < until:
                action()
                self.after(self.dice.uniform(least, most), again)

        self.after(self.dice.uniform(0, most), again)

    def start(self, run: Action) -> greenlet:
        """A new activity, which begins at once."""
        activity = greenlet(run, parent=self._hub)
        self.after(0, activity.switch)
        return activity

    def sleep(self, seconds: float) -> None:
        """Waits inside an activity."""
        me = getcurrent()
        self.after(seconds, lambda: self._wake(me))
        self._hub.switch()

    @staticmethod
    def _wake(activity: Any) -> None:
        if not activity.dead:
            activity.switch()

    def run(self, until: Callable[[], bool], limit: float) -> bool:
        """Lets time pass until something is true; False if it is not by `limit`."""
        for _ in range(_TOO_MANY):
            if until():
                return True
            if not self._queue or self._queue[0][0] > limit:
                return False
            self.now, chance, number, action = heapq.heappop(self._queue)
            self._seen.update(f"{self.now} {chance} {number};".encode())
            action()
        raise AssertionError("the simulation does not come to an end")


class Mailbox:
    """Where answers arrive for one activity that waits for them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: list[Any] = []
        self._waiting: Any = None

    def put(self, item: Any) -> None:
        """Delivers; whoever waits goes on."""
        self._items.append(item)
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._world.after(0, lambda: World._wake(waiting))

    def take(self) -> Any:
        """The next item, waited for."""
        while not self._items:
            self._waiting = getcurrent()
            self._world._hub.switch()
        return self._items.pop(0)
