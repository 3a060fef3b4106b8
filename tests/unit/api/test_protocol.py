"""Connections that say nothing, too little or too much are closed; all others are served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
import uvicorn

from usufruct.api.protocol import Impatient

ANSWER = b"HTTP/1.1 200"
BEGUN = [
    b"",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHo",
]


class Hurried(Impatient):
    """Less patient yet."""

    seconds = 0.6


async def application(scope: object, receive: object, send: object) -> None:
    """Answers once the body is there, after longer than a request may take to arrive."""
    import asyncio  # noqa: PLC0415  # runs in the server's thread

    while (await receive())["more_body"]:  # type: ignore[operator]  # ASGI
        pass
    if scope["path"] == "/slow":  # type: ignore[index]  # ASGI
        await asyncio.sleep(3 * Hurried.seconds)
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    await send(head)  # type: ignore[operator]  # ASGI
    await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[operator]  # ASGI


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=Hurried, ws="none", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


def told(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """All that comes until the server closes the connection; nothing more is sent after the parts."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=20)) as one:
        for part in parts:
            one.sendall(part)
            time.sleep(pause)
        found = b""
        try:
            while more := one.recv(1 << 16):
                found += more
        except ConnectionResetError:
            pass
        return found


@pytest.mark.parametrize("begun", BEGUN, ids=["nothing", "head", "body", "second"])
def test_a_request_that_does_not_come_is_waited_for_no_longer(port: int, begun: bytes) -> None:
    began = time.monotonic()
    found = told(port, begun)
    assert time.monotonic() - began < 10
    assert found.count(ANSWER) == begun.count(b"\r\n\r\nGET")


def test_drops_of_a_request_do_not_extend_its_time(port: int) -> None:
    drops = [b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 8, b"\r\n"]
    with suppress(BrokenPipeError, ConnectionResetError):
        assert told(port, *drops, pause=0.2) == b""


def test_a_head_without_end_is_refused(port: int) -> None:
    found = told(port, b"GET / HTTP/1.1\r\nX: ", b"y" * (Impatient.most_head + 1_000), pause=0.1)
    assert found.startswith(b"HTTP/1.1 400")


def test_an_answer_may_take_longer_than_a_request(port: int) -> None:
    close = b"Connection: close\r\n\r\n"
    assert told(port, b"GET /slow HTTP/1.1\r\nHost: x\r\n" + close).startswith(ANSWER)
    large = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n" + close + b"y" * 200_000
    assert told(port, large).startswith(ANSWER)
