"""Errors as the API tells them: RFC 9457 problem details with field, value, rule and remedy."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from http import HTTPStatus
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from starlette.exceptions import HTTPException

from usufruct.chain.explain import explain
from usufruct.contracts import ContractError
from usufruct.errors import ChainError, EvidenceError, InputError, UsufructError
from usufruct.ledger.pool import DatabaseAway

__all__ = ["BASE", "Problem", "install", "not_found", "problem_of", "problem_response"]

BASE: Final = "https://usufruct.invalid/problems/"
"""Prefix of problem types; the last part names the kind of problem."""
MEDIA_TYPE: Final = "application/problem+json"

_REMEDIES: Final = {
    HTTPStatus.NOT_FOUND: "see /openapi.json for what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "see /openapi.json for what is possible",
}
_SHOWN: Final = 96
_INCIDENT: Final = 6
"""Bytes of the number under which the log has what a reader is not told."""
_logger = structlog.get_logger(__name__)


class Problem(Exception):
    """An answer other than the one asked for. `kind` is the last part of the type's address."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers
        self.members = members


def not_found(what: str, field: str, value: str, remedy: str) -> Problem:
    """The problem that something named in the request is not in the ledger."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not-found",
        f"There is no {what} {_shown(value)}.",
        field=field,
        value=_shown(value),
        rule=f"must name a known {what}",
        remedy=remedy,
    )


def problem_response(request: Request, problem: Problem) -> Response:
    """The problem as an HTTP answer; members that are null are left out."""
    body: dict[str, Any] = {
        "type": BASE + problem.kind,
        "title": problem.status.phrase,
        "status": int(problem.status),
        "detail": problem.detail,
        "instance": quote(request.scope["path"]),
    }
    body |= {key: value for key, value in problem.members.items() if value is not None}
    headers = {"cache-control": "no-store"} | (problem.headers or {})
    content = msgspec.json.encode(body)
    return Response(content, int(problem.status), headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes `app` answer every error with a problem."""
    kinds: list[type[Exception]] = [Problem, *(kind for kind, _ in _TOLD), Exception]
    for kind in kinds:
        app.add_exception_handler(kind, _answer)


async def _answer(request: Request, error: Exception) -> Response:
    return problem_response(request, problem_of(request, error))


def problem_of(request: Request, error: Exception) -> Problem:
    """What a request is told of an error; one that should not be is logged under the number that it is told with."""
    if isinstance(error, Problem):
        return error
    for kind, told in _TOLD:
        if isinstance(error, kind):
            return told(request, error)
    return _defect(request, error)


def _invalid(_: Request, error: RequestValidationError) -> Problem:
    found = [_violation(each) for each in error.errors()]
    first = found[0]
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-parameter",
        f"{first['field']}: {first['rule']}.",
        **(first | {"errors": found if len(found) > 1 else None}),
    )


def _violation(error: dict[str, Any]) -> dict[str, Any]:
    field = str(error["loc"][-1])
    if error["type"] == "extra_forbidden":
        return {
            "field": field,
            "value": _shown(error.get("input", "")),
            "rule": "not a parameter of this resource",
            "remedy": "remove it; /openapi.json lists the parameters",
        }
    message = str(error["msg"]).removeprefix("Value error, ")
    return {
        "field": field,
        "value": _shown(error.get("input", "")),
        "rule": message[:1].lower() + message[1:],
        "remedy": "correct the value; /openapi.json describes it",
    }


def _http(request: Request, error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    kind = status.phrase.lower().replace(" ", "-")
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {_shown(request.scope['path'])}.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here.",
    }.get(status, str(error.detail))
    headers = dict(error.headers) if error.headers else None
    return Problem(status, kind, detail, headers=headers, remedy=_REMEDIES.get(status))


def _usufruct(request: Request, error: UsufructError) -> Problem:
    if isinstance(error, InputError | EvidenceError):
        wrong = isinstance(error, InputError)
        return Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.CONFLICT,
            "invalid-parameter" if wrong else "evidence-missing",
            f"{error.message[:1].upper()}{error.message[1:]}.",
            field=error.field,
            value=None if error.value is None else _shown(error.value),
            rule=error.rule,
            remedy=error.remedy,
        )
    # Such an error may name a node with its key, or a file: that is for the log alone.
    incident = secrets.token_hex(_INCIDENT)
    path = request.scope["path"]
    _logger.warning("request failed", path=path, incident=incident, error=error.one_line())
    if isinstance(error, ChainError):
        return Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "chain-unavailable",
            "The node of the chain did not answer as it should.",
            remedy="try again in a moment; what the ledger holds is not touched by it",
            incident=incident,
            headers={"retry-after": "5"},
        )
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "misconfigured",
        "This service is not set up for that.",
        remedy="report it with its number",
        incident=incident,
    )


def _database(request: Request, error: Exception) -> Problem:
    """The database is away: that passes, and what it said is for the log alone."""
    incident = secrets.token_hex(_INCIDENT)
    path = request.scope["path"]
    _logger.error("database unavailable", path=path, incident=incident, exc_info=error)
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "database-unavailable",
        "The database does not answer.",
        remedy="try again in a moment; nothing was lost",
        incident=incident,
        headers={"retry-after": "5"},
    )


def _defect(request: Request, error: Exception) -> Problem:
    incident = secrets.token_hex(_INCIDENT)
    _logger.error("defect", path=request.scope["path"], incident=incident, exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "defect",
        "Something went wrong here that should not.",
        remedy="try again; if it stays, report it with its number",
        incident=incident,
    )


def _contract(_: Request, error: ContractError) -> Problem:
    return Problem(HTTPStatus.CONFLICT, "refused-by-contract", explain(error), rule=error.NAME)


def _away() -> list[type[Exception]]:
    """What is raised when a database does not answer, by SQLAlchemy and by the drivers that are used past it."""
    kinds: list[type[Exception]] = [
        OperationalError,
        InterfaceError,
        NoneFree,
        sqlite3.OperationalError,
        ConnectionError,
        TimeoutError,
    ]
    if find_spec("asyncpg") is not None:
        import asyncpg as pg  # noqa: PLC0415 - optional

        # What SQLAlchemy and psycopg call operational: among them a deadlock, a lock that is not given, no room.
        kinds += [pg.PostgresConnectionError, pg.OperatorInterventionError, pg.InterfaceError]
        kinds += [pg.TransactionRollbackError, pg.InsufficientResourcesError]
        kinds += [pg.ObjectNotInPrerequisiteStateError, pg.PostgresSystemError]
        # A question to a server that has just said goodbye, before its end of the line is closed.
        kinds.append(pg.InternalClientError)
    return kinds


_TOLD: Final[tuple[tuple[type[Exception], Callable[[Request, Any], Problem]], ...]] = (
    (RequestValidationError, _invalid),
    (HTTPException, _http),
    (DatabaseAway, _database),
    (UsufructError, _usufruct),
    (ContractError, _contract),
    *((each, _database) for each in _away()),
)
"""How errors are told, by their kind; every other one is a defect."""


def _shown(value: object) -> str:
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
