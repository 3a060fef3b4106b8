"""How the client asks: one connection pool, a key or token, problems as exceptions, pages as one iteration."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from usufruct.errors import ChainError, InputError

__all__ = ["ApiProblem", "Asking", "each"]

_SECONDS: Final = 30.0
R = TypeVar("R")


class ApiProblem(InputError):
    """The service refused, and says why (RFC 9457).

    Attributes:
        status: HTTP status.
        kind: Last part of the problem's type, e.g. `not-found`.
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(
            str(body.get("detail", f"status {status}")),
            field=body.get("field"),
            value=body.get("value"),
            rule=body.get("rule"),
            remedy=body.get("remedy"),
        )
        self.status = status
        self.kind = str(body.get("type", "")).rpartition("/")[2]


class Asking:
    """What the generated operations are built on.

    Args:
        url: Address of the service, e.g. http://127.0.0.1:8000.
        token: A key or session token; None to ask as anybody.
        http: A client of one's own, for tests and special transports.
    """

    def __init__(
        self, url: str, token: str | None = None, http: httpx.Client | None = None
    ) -> None:
        self._http = http or httpx.Client(timeout=_SECONDS, trust_env=False)
        self._url = url.rstrip("/")
        self._token = token

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """The decoded answer. Raises ApiProblem if the service refuses, ChainError if it does not answer."""
        answer = self._answer(method, path, query, body, idempotency_key)
        return self._decoded(answer)

    def _ask_file(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        """A document as it is saved. Raises as `_ask` does."""
        return self._answer("GET", path, query, accept="*/*").content

    def _answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        accept: str = "application/json",
    ) -> httpx.Response:
        headers = {"accept": accept}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        if method != "GET":
            headers["idempotency-key"] = idempotency_key or secrets.token_hex(16)
        given = {key: str(value) for key, value in (query or {}).items() if value is not None}
        try:
            answer = self._http.request(
                method, self._url + path, params=given, json=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise ApiProblem(answer.status_code, self._decoded(answer))
        return answer

    def _decoded(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self._silent(error) from None

    def _silent(self, error: Exception) -> ChainError:
        return ChainError(
            f"no answer from {self._url} ({type(error).__name__})",
            field="url",
            value=self._url,
            rule="usufruct serve must answer there",
            remedy="start it, or correct the address",
        )


def each(page: Callable[[str | None], Mapping[str, Any]]) -> Iterator[Any]:
    """All objects of a list: `page` is given `starting_after` and asks for one page."""
    after: str | None = None
    while True:
        found = page(after)
        yield from found["data"]
        if not found["has_more"]:
            return
        after = found["next"]
