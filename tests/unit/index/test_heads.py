"""Announcements of blocks: relied on while they come, done without when they fail, are silent or make no sense."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from usufruct.errors import ConfigError
from usufruct.index import heads as module
from usufruct.index.heads import Heads
from usufruct.index.settings import Settings

POLL = 0.5
Talk = Callable[[ServerConnection], None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(module, "_TICK", 0.05)


def head(number: int, subscription: str = "0xfeed") -> str:
    result = {"number": hex(number)}
    params = {"subscription": subscription, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription", "params": params})


@contextmanager
def node(talk: Talk, answer: object = "0xfeed") -> Iterator[str]:
    """A node's socket: it answers the subscription and then talks, once for each connection."""

    def handle(socket: ServerConnection) -> None:
        asked = json.loads(socket.recv())
        assert (asked["method"], asked["params"]) == ("eth_subscribe", ["newHeads"])
        socket.send(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}))
        talk(socket)

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


class Called:
    """Counts calls and waits for them."""

    def __init__(self) -> None:
        self._calls = threading.Semaphore(0)

    def __call__(self) -> None:
        self._calls.release()

    def once(self) -> None:
        assert self._calls.acquire(timeout=20)


@contextmanager
def listening(url: str, called: Callable[[], None]) -> Iterator[Heads]:
    heads = Heads(url, called, POLL)
    heads.start()
    try:
        yield heads
    finally:
        heads.stop()


def stay(socket: ServerConnection) -> None:
    with pytest.raises(ConnectionClosed):
        socket.recv()


def test_an_announced_block_calls_the_index_which_then_looks_less_often() -> None:
    called, further = Called(), threading.Event()

    def talk(socket: ServerConnection) -> None:
        socket.send(head(5))
        assert further.wait(20)
        socket.send(head(6, subscription="0xother"))
        socket.send(head(7))
        stay(socket)

    with node(talk) as url, listening(url, called) as heads:
        called.once()
        assert heads.pause(5) == heads.pause(4) == 10 * POLL
        # The index found a block of which the socket was silent.
        assert heads.pause(6) == POLL
        further.set()
        called.once()
        assert heads.pause(7) == 10 * POLL
        assert heads.pause(8) == POLL


def test_without_a_socket_the_index_looks_at_its_usual_pace() -> None:
    called = Called()
    with listening("ws://127.0.0.1:9", called) as heads:
        called.once()
        called.once()
        assert heads.pause(0) == POLL


def test_a_socket_that_breaks_is_opened_again() -> None:
    called, spoken = Called(), iter([4, 5])
    broken, again = threading.Event(), threading.Event()

    def talk(socket: ServerConnection) -> None:
        number = next(spoken)
        socket.send(head(number))
        if number == 4:
            assert broken.wait(20)
            return
        assert again.wait(20)
        stay(socket)

    with node(talk) as url, listening(url, called) as heads:
        called.once()
        assert heads.pause(4) == 10 * POLL
        broken.set()
        called.once()  # the break itself
        called.once()  # block 5, on the new socket
        assert heads.pause(5) == 10 * POLL
        again.set()


@pytest.mark.parametrize(
    "nonsense",
    [
        "no JSON",
        "[]",
        head(1).replace("0x1", "one"),
        json.dumps({"method": "eth_subscription", "params": 1}),
        json.dumps({"method": "eth_subscription"}),
        b"\xff",
    ],
)
def test_words_that_make_no_sense_are_no_announcements(nonsense: str | bytes) -> None:
    called, spoken = Called(), iter([nonsense, head(9)])

    def talk(socket: ServerConnection) -> None:
        socket.send(next(spoken))
        stay(socket)

    with node(talk) as url, listening(url, called) as heads:
        called.once()  # the index looks by itself
        called.once()  # a new socket that makes sense
        assert heads.pause(9) == 10 * POLL


@pytest.mark.parametrize("answer", [None, 7, {"code": 1}])
def test_a_node_without_subscriptions_is_asked_for_blocks(answer: object) -> None:
    called = Called()

    def talk(socket: ServerConnection) -> None:
        stay(socket)

    with node(talk, answer) as url, listening(url, called) as heads:
        called.once()
        assert heads.pause(0) == POLL


def test_an_announcement_of_the_past_is_no_reason_to_look_less_often() -> None:
    called = Called()

    def talk(socket: ServerConnection) -> None:
        socket.send(head(9))
        socket.send(head(3))
        stay(socket)

    with node(talk) as url, listening(url, called) as heads:
        called.once()
        called.once()
        assert heads.pause(9) == POLL


@pytest.mark.parametrize(
    ("given", "rpc", "ws"),
    [
        ({"rpc": "ws://node:8545"}, "http://node:8545", "ws://node:8545"),
        ({"rpc": "wss://node/key"}, "https://node/key", "wss://node/key"),
        ({"rpc": "ws://node:1", "ws": "ws://node:2"}, "http://node:1", "ws://node:2"),
        ({"rpc": "http://node:1"}, "http://node:1", None),
        ({"rpc": "http://node:1", "ws": "ws://node:2"}, "http://node:1", "ws://node:2"),
    ],
)
def test_an_address_of_a_socket_stands_for_both(
    given: dict[str, str], rpc: str, ws: str | None
) -> None:
    settings = Settings.load(None, **given)
    assert (settings.rpc, settings.ws) == (rpc, ws)


def test_an_address_of_no_socket_is_refused_with_the_setting() -> None:
    with pytest.raises(ConfigError, match="not usable") as refused:
        Settings.load(None, ws="http://node:1")
    assert refused.value.field == "ws"
