"""JSON-RPC over HTTP through web3's provider, with bounded retries and errors that hide what an address may hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from usufruct.errors import ChainError

__all__ = ["Transport"]

_ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.1
_UNREACHABLE: Final = (requests.ConnectionError, requests.Timeout)


class Transport:
    """One endpoint; safe to share between threads.

    A request that finds no connection is repeated up to three times with growing pauses; an answer,
    good or bad, is never asked for again.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.shown = _shown(url)
        if not url.startswith(("http://", "https://")):
            raise self.failure("it is not an http address")
        self._provider = HTTPProvider(
            url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None
        )

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """The answer to one request: an object with `result` or `error`."""
        answer = self._asked(lambda: self._provider.make_request(RPCEndpoint(method), list(params)))
        if not isinstance(answer, Mapping):
            raise self.failure("the answer is not JSON-RPC")
        return answer

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        """The answers to many requests, sent together, in their order.

        A node that refuses the whole batch gives one answer, which then stands for all.
        """
        requests = [(RPCEndpoint(method), list(each)) for each in params]
        answers = self._asked(lambda: self._provider.make_batch_request(requests))
        if isinstance(answers, Mapping):
            return [answers] * len(requests)
        if not isinstance(answers, list):
            raise self.failure("the answer is not JSON-RPC")
        if len(answers) != len(requests):
            raise self.failure("answers of a batch are missing")
        return answers

    def failure(self, why: str) -> ChainError:
        """The error of an endpoint that does not answer as it should."""
        return ChainError(
            f"no answer from {self.shown} ({why})",
            field="rpc",
            value=self.shown,
            rule="an Ethereum JSON-RPC endpoint must answer there",
            remedy="start the node, or pass its address with --rpc",
        )

    def _asked(self, request: Callable[[], Any]) -> Any:
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return request()
            except _UNREACHABLE as error:
                if attempt == _ATTEMPTS:
                    raise self.failure(type(error).__name__) from None
                time.sleep(pause)
                pause *= 2
            except requests.HTTPError as error:
                raise self.failure(f"HTTP {error.response.status_code}") from None
            except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
                raise self.failure("the answer is not JSON-RPC") from None
        raise AssertionError("unreachable")


def _shown(url: str) -> str:
    """The endpoint without user, password, path and query, where providers put keys."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the endpoint"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"
