"""Announcements of new blocks by a node's WebSocket (`eth_subscribe`, `newHeads`): the index need not ask so often.

An announcement is only a reason to look: what is taken in comes from the same questions as ever. The socket is relied
on exactly while it has announced the block that the index is at. If it fails, or keeps silent about a block that
the index found by itself, the index looks at its usual pace until the socket speaks again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import structlog
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from usufruct.chain.records import quantity
from usufruct.chain.transport import shown

__all__ = ["Heads"]

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_LONGEST_LOOK: Final = 15.0
_FEWER: Final = 10
"""So many times rarer are looks at the chain while the socket is relied on."""
_PATIENCE: Final = 10.0
_TICK: Final = 1.0
_MOST_BYTES: Final = 1 << 20
_SUBSCRIBE: Final = b'{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}'
_logger = structlog.get_logger(__name__)


class Heads:
    """Listens at `url` in a thread and calls `announced` for each new block; `poll` is the usual pause in seconds."""

    def __init__(self, url: str, announced: Callable[[], None], poll: float) -> None:
        self._url = url
        self._announced = announced
        self._poll = poll
        self._newest = -1
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heads", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def pause(self, at: int) -> float:
        """Seconds until the index, which is at block `at`, should look at the chain without having been called."""
        if self._newest < at:
            return self._poll
        return max(self._poll, min(_FEWER * self._poll, _LONGEST_LOOK))

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                with connect(
                    self._url, open_timeout=_PATIENCE, close_timeout=_TICK, max_size=_MOST_BYTES
                ) as socket:
                    subscription = self._subscribed(socket)
                    pause = _FIRST_PAUSE
                    self._listen(socket, subscription)
            except (OSError, WebSocketException, ValueError, LookupError, TypeError) as error:
                _logger.warning(
                    "no announcements of blocks, asking for them",
                    node=shown(self._url),
                    error=type(error).__name__,
                    again_in=pause,
                )
            self._newest = -1
            self._announced()
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    @staticmethod
    def _subscribed(socket: ClientConnection) -> str:
        """The subscription that the node made; ValueError if it made none."""
        socket.send(_SUBSCRIBE.decode())
        made = _message(socket.recv(_PATIENCE)).get("result")
        if not isinstance(made, str):
            raise ValueError("the node knows no subscriptions")  # noqa: TRY004  # a wrong word of the node's
        return made

    def _listen(self, socket: ClientConnection, subscription: str) -> None:
        while not self._stop.is_set():
            try:
                heard = _message(socket.recv(_TICK))
            except TimeoutError:
                continue
            if heard.get("method") != "eth_subscription":
                continue
            told = heard["params"]
            if told["subscription"] == subscription:
                self._newest = quantity(told["result"]["number"])
                self._announced()


def _message(raw: str | bytes) -> Mapping[str, Any]:
    found = msgspec.json.decode(raw)
    if not isinstance(found, Mapping):
        raise ValueError("a message is an object")  # noqa: TRY004  # a wrong word of the node's
    return found
