"""Errors as the API tells them: RFC 9457 problem details with field, value, rule and remedy."""

from __future__ import annotations

import sqlite3
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from usufruct.chain.explain import explain
from usufruct.contracts import ContractError
from usufruct.errors import ChainError, EvidenceError, InputError, UsufructError
from usufruct.ledger.pool import DatabaseAway

__all__ = ["BASE", "Problem", "install", "not_found", "problem_response"]

BASE: Final = "https://usufruct.invalid/problems/"
"""Prefix of problem types; the last part names the kind of problem."""
MEDIA_TYPE: Final = "application/problem+json"

_REMEDIES: Final = {
    HTTPStatus.NOT_FOUND: "see /openapi.json for what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "see /openapi.json for what is possible",
}
_SHOWN: Final = 96
_RETRY_SECONDS: Final = "2"
_AWAY: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_PROTOCOL,
    }
)
"""SQLite's errors that pass: the file is in use, or the disk cannot be read or has no room."""
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
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UsufructError, _usufruct)
    for kind in (OperationalError, InterfaceError, sqlite3.OperationalError):
        app.add_exception_handler(kind, _database)
    app.add_exception_handler(ContractError, _contract)
    app.add_exception_handler(Exception, _defect)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [_violation(each) for each in error.errors()]
    first = found[0]
    return problem_response(
        request,
        Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid-parameter",
            f"{first['field']}: {first['rule']}.",
            **(first | {"errors": found if len(found) > 1 else None}),
        ),
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


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    kind = status.phrase.lower().replace(" ", "-")
    detail = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {_shown(request.scope['path'])}.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here.",
    }.get(status, str(error.detail))
    headers = dict(error.headers) if error.headers else None
    problem = Problem(status, kind, detail, headers=headers, remedy=_REMEDIES.get(status))
    return problem_response(request, problem)


async def _usufruct(request: Request, error: Exception) -> Response:
    assert isinstance(error, UsufructError)
    status, kind = _kind_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _logger.warning("request failed", path=request.scope["path"], error=error.one_line())
    value = None if error.value is None else _shown(error.value)
    away = isinstance(error, DatabaseAway)
    return problem_response(
        request,
        Problem(
            status,
            kind,
            f"{error.message[:1].upper()}{error.message[1:]}.",
            headers={"retry-after": _RETRY_SECONDS} if away else None,
            field=error.field,
            value=value,
            rule=error.rule,
            remedy=error.remedy,
        ),
    )


def _kind_of(error: UsufructError) -> tuple[HTTPStatus, str]:
    if isinstance(error, InputError):
        return HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-parameter"
    if isinstance(error, EvidenceError):
        return HTTPStatus.CONFLICT, "evidence-missing"
    if isinstance(error, ChainError):
        return HTTPStatus.SERVICE_UNAVAILABLE, "chain-unavailable"
    if isinstance(error, DatabaseAway):
        return HTTPStatus.SERVICE_UNAVAILABLE, "database-unavailable"
    return HTTPStatus.INTERNAL_SERVER_ERROR, "misconfigured"


async def _database(request: Request, error: Exception) -> Response:
    """A driver's error: the database is away, or a statement of ours is wrong."""
    if not _away(error):
        return await _defect(request, error)
    return await _usufruct(request, DatabaseAway(error))


def _away(error: Exception) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the kind of error; the rest tells more of it.
        return getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _AWAY
    return True


async def _contract(request: Request, error: Exception) -> Response:
    assert isinstance(error, ContractError)
    return problem_response(
        request,
        Problem(HTTPStatus.CONFLICT, "refused-by-contract", explain(error), rule=error.NAME),
    )


async def _defect(request: Request, error: Exception) -> Response:
    _logger.error("defect", path=request.scope["path"], exc_info=error)
    return problem_response(
        request,
        Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "defect",
            "Something went wrong here that should not.",
            remedy="try again; if it stays, report it with the time and the address",
        ),
    )


def _shown(value: object) -> str:
    text = "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
