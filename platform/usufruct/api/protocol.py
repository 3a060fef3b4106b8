"""HTTP as uvicorn reads it, for callers that do not keep the service waiting."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["MOST_CONNECTIONS", "Impatient"]

MOST_CONNECTIONS: Final = 512
"""Connections at a time; whoever comes beyond them is told to come later, while files can still be opened."""


class Impatient(HttpToolsProtocol):
    """Closes a connection whose request is not there as a whole in time, or whose head has no end.

    The time counts from the connection, or from the first byte of a later request on it; how long the answer takes
    does not matter. Between requests uvicorn's own limit holds.
    """

    seconds = 30.0
    """Until all of a request is there."""
    most_head = 64 * 1024
    """Bytes of a request's line and headers."""

    _late: asyncio.TimerHandle | None = None
    _in_head = True
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begins to wait for the first request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no more."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on, and no further than a head may go."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head += len(data)
        if self._head > self.most_head and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Begins to wait for the rest of a request."""
        super().on_message_begin()
        self._in_head = True
        self._expect()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head, self._head = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._arrived()
        super().on_message_complete()

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(self.seconds, self._give_up)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        self.transport.abort()
