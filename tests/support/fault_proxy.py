"""A proxy before a real node that fails and lies as real endpoints do."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

__all__ = ["FAULTS", "FaultProxy", "fault_proxy"]

Request = Mapping[str, Any]
Bend = Callable[[Request, Any], Any]
"""What is answered instead of a node's result."""
_ENDLESS: Final = 80 << 20
_STALL: Final = 40.0


class FaultProxy:
    """Passes requests on to a node, and does to the answers what `fault` names.

    Attributes:
        fault: One of FAULTS, "" for none; may be set at any time.
        asked: How many requests were answered falsely.
        answered: Methods that came in, in their order.
    """

    def __init__(self, node: str) -> None:
        self.fault = ""
        self.asked = 0
        self.answered: list[str] = []
        self._node = node
        self._released = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy._answer(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def release(self) -> None:
        """Ends what is being stalled."""
        self._released.set()

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        fault = self.fault
        asked = json.loads(body)
        several = asked if isinstance(asked, list) else [asked]
        self.answered += [each["method"] for each in several]
        if fault in _WHOLE:
            self.asked += 1
            _WHOLE[fault](self, handler)
            return
        request = urllib.request.Request(  # noqa: S310  # our own local node
            self._node, body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # same
            answers = json.load(response)
        if fault in _BENT:
            together = zip(
                several, answers if isinstance(answers, list) else [answers], strict=True
            )
            for each, answer in together:
                self._bend(_BENT[fault], each, answer)
        raw = json.dumps(answers).encode()
        if fault == "truncated":
            self.asked += 1
            raw = raw[: len(raw) // 2]
        _reply(handler, 200, raw)

    def _bend(self, bend: Bend, request: Request, answer: dict[str, Any]) -> None:
        if "result" in answer:
            before = answer["result"]
            answer["result"] = bend(request, before)
            self.asked += answer["result"] != before

    def _stall(self, handler: BaseHTTPRequestHandler) -> None:
        self._released.wait(_STALL)
        handler.close_connection = True

    def _trickle(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        deadline = time.monotonic() + _STALL
        try:
            while time.monotonic() < deadline and not self._released.wait(0.2):
                handler.wfile.write(b" ")
        except OSError:
            return

    def _flood(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(_ENDLESS >> 20):
                handler.wfile.write(b" " * (1 << 20))
        except OSError:
            return


def _cut(_: FaultProxy, handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.close()


def _reply(handler: BaseHTTPRequestHandler, status: int, raw: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)


def _when(method: str, change: Callable[[Any], Any]) -> Bend:
    def bend(request: Request, result: Any) -> Any:
        return change(result) if request["method"] == method and result else result

    return bend


def _stale(request: Request, result: Any) -> Any:
    """The newest block has no number that is new: it is block 1 for ever."""
    if request["method"] == "eth_getBlockByNumber" and request["params"][0] == "latest":
        return result | {"number": "0x1", "hash": "0x" + "11" * 32}
    return result


def _other_genesis(request: Request, result: Any) -> Any:
    if request["method"] == "eth_getBlockByNumber" and request["params"][0] == "0x0":
        return result | {"hash": "0x" + "22" * 32}
    return result


def _false_hash(request: Request, result: Any) -> Any:
    if request["method"] == "eth_getBlockByNumber" and request["params"][0] == "latest":
        return result | {"hash": "0x" + "33" * 32}
    return result


_WHOLE: Final[Mapping[str, Callable[[FaultProxy, BaseHTTPRequestHandler], None]]] = {
    "stalled": FaultProxy._stall,
    "trickling": FaultProxy._trickle,
    "flooded": FaultProxy._flood,
    "cut": _cut,
    "limited": lambda _, handler: _reply(handler, 429, b"slow down"),
    "page": lambda _, handler: _reply(handler, 200, b"<html>welcome</html>"),
    "nested": lambda _, handler: _reply(handler, 200, b"[" * 100_000),
}
_BENT: Final[Mapping[str, Bend]] = {
    "other chain": _when("eth_chainId", lambda _: "0x1"),
    "other genesis": _other_genesis,
    "stale": _stale,
    "false hash": _false_hash,
    "no logs": _when("eth_getLogs", lambda _: []),
    "half the logs": _when("eth_getLogs", lambda found: found[: len(found) // 2]),
    "logs twice": _when("eth_getLogs", lambda found: [*found, found[-1]]),
    "broken logs": _when("eth_getLogs", lambda found: [found[0] | {"data": "0x00"}, *found[1:]]),
    "nothing": lambda _, __: None,
    "nonsense": lambda _, __: {"result": ["0x"]},
}
FAULTS: Final = (*_WHOLE, *_BENT, "truncated")
"""What a proxy can do; those that stall take as long as their client's patience."""


@contextmanager
def fault_proxy(node: str) -> Iterator[FaultProxy]:
    """A proxy before the node at that address."""
    proxy = FaultProxy(node)
    thread = threading.Thread(target=proxy.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.release()
        proxy.server.shutdown()
        thread.join()
        proxy.server.server_close()
