"""JSON-RPC over HTTP: requests with bounded retries, answers in the order of the requests."""

from __future__ import annotations

import itertools
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from usufruct.errors import ChainError

__all__ = ["Transport"]

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.1
_HEADERS: Final = {"Content-Type": "application/json"}


class Transport:
    """One endpoint; safe to share between threads.

    A request that finds no connection is repeated up to three times with growing pauses; an answer,
    good or bad, is never asked for again.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.shown = _shown(url)
        try:
            self._http = httpx.Client(base_url=url, timeout=timeout, headers=_HEADERS)
        except (httpx.InvalidURL, ValueError):
            raise self.failure("it is not an address") from None
        self._url = url
        self._ids = itertools.count(1)
        # Nobody closes a client that is merely read from; its sockets go when it goes.
        weakref.finalize(self, self._http.close)

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """The answer to one request: an object with `result` or `error`."""
        answer = self._post(self._request(method, params))
        if not isinstance(answer, Mapping):
            raise self.failure("the answer is not JSON-RPC")
        return answer

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        """The answers to many requests, sent together, in their order.

        A node that refuses the whole batch gives one answer, which then stands for all.
        """
        requests = [self._request(method, each) for each in params]
        answers = self._post(requests)
        if isinstance(answers, Mapping):
            return [answers] * len(requests)
        if not isinstance(answers, list):
            raise self.failure("the answer is not JSON-RPC")
        by_id = {each.get("id"): each for each in answers if isinstance(each, Mapping)}
        if not all(request["id"] in by_id for request in requests):
            raise self.failure("answers of a batch are missing")
        return [by_id[request["id"]] for request in requests]

    def failure(self, why: str) -> ChainError:
        """The error of an endpoint that does not answer as it should."""
        return ChainError(
            f"no answer from {self.shown} ({why})",
            field="rpc",
            value=self.shown,
            rule="an Ethereum JSON-RPC endpoint must answer there",
            remedy="start the node, or pass its address with --rpc",
        )

    def _request(self, method: str, params: Sequence[object]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}

    def _post(self, body: object) -> Any:
        content = msgspec.json.encode(body)
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._content(self._send(content))
            except httpx.TransportError:
                time.sleep(pause)
                pause *= 2
        try:
            return self._content(self._send(content))
        except httpx.TransportError as error:
            raise self.failure(type(error).__name__) from None

    def _send(self, content: bytes) -> httpx.Response:
        try:
            return self._http.post(self._url, content=content)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise self.failure("it is not an http address") from None

    def _content(self, response: httpx.Response) -> Any:
        if not response.is_success:
            raise self.failure(f"HTTP {response.status_code}")
        try:
            return msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            raise self.failure("the answer is not JSON-RPC") from None


def _shown(url: str) -> str:
    """The endpoint without user, password, path and query, where providers put keys."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the endpoint"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
