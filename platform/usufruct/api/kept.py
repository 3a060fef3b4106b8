"""What many requests find alike, such as all that is known of a period: made once for each state of the ledger.

A state is the last block with its hash, and the revision of the evidence, as in the ETag: a new block, a reorganisation
or new evidence makes another, and what was kept of the one before is forgotten as a whole.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, TypeVar, cast

__all__ = ["Kept", "State"]

T = TypeVar("T")
State = tuple[int, bytes, int]
"""Number and hash of the last block, and the revision of the evidence."""
_MOST: Final = 256


class Kept:
    """Findings as of one state, of which the `most` used last stay."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._state: State | None = None
        self._found: OrderedDict[Hashable, object] = OrderedDict()

    async def of(self, state: State, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` finds in `state`, which callers share and do not change. Failures are not kept."""
        if state != self._state:
            self._state = state
            self._found.clear()
        if key in self._found:
            self._found.move_to_end(key)
            return cast("T", self._found[key])
        made = await make()
        # While it was made the ledger may have gone on, and a request that began later may have seen it.
        if state == self._state:
            self._found[key] = made
            if len(self._found) > self._most:
                self._found.popitem(last=False)
        return made
