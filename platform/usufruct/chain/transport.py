"""JSON-RPC over HTTP, with bounded answers, bounded retries and errors that hide what an address may hold."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from urllib3.exceptions import HTTPError

from usufruct.errors import ChainError

__all__ = ["Question", "Transport", "Wire", "shown"]

Question = tuple[str, Sequence[object]]
"""A method and its parameters."""
T = TypeVar("T")

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.1
_MOST_BYTES: Final = 64 << 20
_CHUNK: Final = 1 << 16
_PATIENCE: Final = 3
"""An answer may take so many times the time limit from its first byte to its last."""
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "usufruct"}
_FIRST_ERROR: Final = 400
_TOLD_BY_STATUS: Final = (400, 413)
"""Some nodes refuse a request that is wrong or asks for too much with these, and a JSON-RPC error in the body."""


class Wire(Protocol):
    """Carries requests to a node."""

    shown: str
    """The node's name in messages."""

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """The answer to one request: an object with `result` or `error`."""
        ...

    def mixed(self, questions: Sequence[Question]) -> list[Mapping[str, Any]]:
        """The answers to several requests, sent together, in their order."""
        ...

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        """The same for many requests of one method."""
        ...


class Transport:
    """One endpoint; safe to share between threads.

    A request that finds no connection is repeated up to three times with growing pauses; an answer,
    good or bad, is never asked for again. An answer that is too long, comes too slowly or belongs to another
    request counts as none.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.shown = shown(url)
        if not url.startswith(("http://", "https://")):
            raise self.failure("it is not an http address")
        self._url = url
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._local = threading.local()

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """The answer to one request: an object with `result` or `error`."""
        request = self._request((method, params))
        answer = self._asked(lambda: self._post(request))
        if not isinstance(answer, Mapping):
            raise self.failure("the answer is not JSON-RPC")
        if answer.get("id") != request["id"] and "error" not in answer:
            raise self.failure("the answer is another request's")
        return answer

    def mixed(self, questions: Sequence[Question]) -> list[Mapping[str, Any]]:
        """The answers to several requests, sent together, in their order.

        A node that refuses the whole batch gives one answer, which then stands for all.
        """
        requests = [self._request(each) for each in questions]
        answers = self._asked(lambda: self._post(requests))
        if isinstance(answers, Mapping):
            return [answers] * len(requests)
        if not isinstance(answers, list) or not all(isinstance(each, Mapping) for each in answers):
            raise self.failure("the answer is not JSON-RPC")
        by_id = {str(each.get("id")): each for each in answers}
        if len(answers) != len(requests) or len(by_id) != len(answers):
            raise self.failure("answers of a batch are missing")
        try:
            return [by_id[str(each["id"])] for each in requests]
        except KeyError:
            raise self.failure("an answer is another request's") from None

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        """The same for many requests of one method."""
        return self.mixed([(method, each) for each in params])

    def failure(self, why: str) -> ChainError:
        """The error of an endpoint that does not answer as it should."""
        return ChainError(
            f"no answer from {self.shown} ({why})",
            field="rpc",
            value=f"{self.shown} ({why})",
            rule="an Ethereum JSON-RPC endpoint must answer there",
            remedy="start the node, or pass its address with --rpc",
        )

    def _request(self, question: Question) -> dict[str, Any]:
        method, params = question
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def _asked(self, request: Callable[[], T]) -> T:
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return request()
            except requests.ConnectionError as error:
                if attempt == _ATTEMPTS:
                    raise self.failure(type(error).__name__) from None
                time.sleep(pause)
                pause *= 2
            except requests.RequestException as error:
                raise self.failure(type(error).__name__) from None
            except (ValueError, RecursionError):
                raise self.failure("the answer is not JSON-RPC") from None
        raise AssertionError("unreachable")

    def _post(self, content: object) -> object:
        deadline = time.monotonic() + _PATIENCE * self._timeout
        session = self._session()
        request = self._prepared(session, json.dumps(content).encode())
        with session.send(request, timeout=self._timeout, stream=True) as answer:
            if answer.status_code in _TOLD_BY_STATUS:
                return self._refusal(answer, deadline)
            if answer.status_code >= _FIRST_ERROR:
                raise self.failure(f"HTTP {answer.status_code}")
            return msgspec.json.decode(self._content(answer, deadline))

    def _refusal(self, answer: requests.Response, deadline: float) -> object:
        """The error that a node tells by the status of HTTP too; ChainError if it tells none."""
        try:
            found = msgspec.json.decode(self._content(answer, deadline))
        except ValueError:
            found = None
        if not isinstance(found, Mapping) or not isinstance(found.get("error"), Mapping):
            raise self.failure(f"HTTP {answer.status_code}")
        return found

    def _content(self, answer: requests.Response, deadline: float) -> bytearray:
        """The answer's body, read as it comes, so that neither its length nor its slowness is unbounded."""
        found = bytearray()
        try:
            while part := answer.raw.read1(_CHUNK, decode_content=True):
                found += part
                if len(found) > _MOST_BYTES:
                    raise self.failure(f"the answer is longer than {_MOST_BYTES} bytes")
                if time.monotonic() > deadline:
                    raise self.failure("the answer comes too slowly")
        except (OSError, HTTPError):
            raise self.failure("the answer breaks off") from None
        return found

    def _prepared(self, session: requests.Session, body: bytes) -> requests.PreparedRequest:
        """Address and headers are put together once, which would take as long as asking a node that is near."""
        if not hasattr(self._local, "request"):
            blank = requests.Request("POST", self._url, headers=_HEADERS)
            self._local.request = session.prepare_request(blank)
        made: requests.PreparedRequest = self._local.request.copy()
        made.prepare_body(body, None)
        if len(session.cookies):  # by which a balancer finds the same node again
            made.prepare_cookies(session.cookies)
        return made

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = self._new_session()
        session: requests.Session = self._local.session
        return session

    def _new_session(self) -> requests.Session:
        """Proxies and certificates of the environment are looked up once, not for every request."""
        made = requests.Session()
        given = made.merge_environment_settings(self._url, {}, None, None, None)
        made.trust_env = False
        made.proxies, made.verify = given["proxies"], given["verify"]
        return made


def shown(url: str) -> str:
    """The endpoint without user, password, path and query, where providers put keys."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the endpoint"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
