"""The inbox as a source of messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from usufruct.clock import Clock
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.push.inbox import Inbox

PATIENCE: Final = 3 * 86_400
"""Seconds for which one half of a transaction waits for the other."""


class PushSource:
    """Messages made of what waits in an inbox.

    Args:
        inbox: The inbox.
        gateway: Makes messages.
        clock: The computer's clock, which stamped the deliveries.
        patience: Seconds for which a delivery waits for others that belong to it.
    """

    def __init__(
        self, inbox: Inbox, gateway: Gateway, clock: Clock, patience: int = PATIENCE
    ) -> None:
        self._inbox = inbox
        self._gateway = gateway
        self._clock = clock
        self._patience = patience
        self._open: dict[int, set[bytes]] = {}
        self._barren: tuple[int, int] | None = (
            None  # what was waiting when nothing could be made of it
        )

    def poll(self) -> Iterator[Message]:
        """The messages that can be made now; those that were not taken come again."""
        since = self._clock.now() - self._patience
        count, newest, first = self._inbox.state()
        if (count, newest) == self._barren and first > since:
            return
        waiting = self._inbox.waiting()
        ids = {id(each.delivery): each.id for each in waiting}
        overdue = [each.delivery for each in waiting if each.received_at <= since]
        made = self._gateway.messages([each.delivery for each in waiting], overdue)
        self._barren = None if made else (len(waiting), max(ids.values(), default=0))
        self._open = {}
        for message, parts in made:
            for part in parts:
                self._open.setdefault(ids[id(part)], set()).add(message.digest)
        yield from (message for message, _ in made)

    def taken(self, messages: Sequence[Message]) -> None:
        """Forgets the deliveries all of whose messages are taken."""
        digests = {each.digest for each in messages}
        self._open = {number: missing - digests for number, missing in self._open.items()}
        self._inbox.remove([number for number, missing in self._open.items() if not missing])
        self._open = {number: missing for number, missing in self._open.items() if missing}
