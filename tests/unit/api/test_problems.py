"""Problem details for every kind of error, whatever its text."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import anyio
import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import TimeoutError as NoneFree
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from usufruct.api.problems import install
from usufruct.api.schemas import ProblemBody
from usufruct.contracts.waterfall import Underfunded
from usufruct.errors import ChainError, ConfigError, EvidenceError, InputError, UsufructError


def answer(error: Exception, path: str = "/x") -> tuple[int, dict[str, object], str]:
    app = FastAPI()
    install(app)

    @app.get("/x")
    def fail() -> None:
        raise error

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    response = anyio.run(ask)
    ProblemBody.model_validate(response.json())
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json(), response.text


@pytest.mark.parametrize(
    ("make", "status", "kind"),
    [(InputError, 422, "invalid-parameter"), (EvidenceError, 409, "evidence-missing")],
)
def test_what_callers_can_put_right_keeps_its_parts(
    make: Callable[..., UsufructError], status: int, kind: str
) -> None:
    error = make("it is wrong", field="f", value="v" * 200, rule="be right", remedy="mend it")
    code, body, _ = answer(error)
    assert (code, body["type"]) == (status, f"https://usufruct.invalid/problems/{kind}")
    assert body["detail"] == "It is wrong."
    assert (body["field"], body["rule"], body["remedy"]) == ("f", "be right", "mend it")
    assert len(str(body["value"])) < 100


@pytest.mark.parametrize(
    ("make", "status", "kind"),
    [
        (ChainError, 503, "chain-unavailable"),
        (ConfigError, 500, "misconfigured"),
        (lambda text, **_: ConnectionRefusedError(text), 503, "database-unavailable"),
        (lambda text, **_: NoneFree(text), 503, "database-unavailable"),
        (lambda text, **_: asyncpg.DeadlockDetectedError(text), 503, "database-unavailable"),
        (lambda text, **_: asyncpg.LockNotAvailableError(text), 503, "database-unavailable"),
        (lambda text, **_: asyncpg.InternalClientError(text), 503, "database-unavailable"),
        (lambda text, **_: asyncpg.DiskFullError(text), 503, "database-unavailable"),
        (lambda text, **_: sqlite3.OperationalError(text), 503, "database-unavailable"),
    ],
)
def test_what_is_ours_to_put_right_is_told_by_a_number_that_the_log_has(
    make: Callable[..., Exception], status: int, kind: str
) -> None:
    where = "https://node.example/v3/key and /root/settings.toml"
    error = make(where, field="--rpc", value=where, rule="answer", remedy=where)
    with capture_logs() as logs:
        code, body, text = answer(error)
    assert (code, body["type"]) == (status, f"https://usufruct.invalid/problems/{kind}")
    assert "node.example" not in text
    assert "/root" not in text
    assert [each["incident"] for each in logs] == [body["incident"]]
    assert "node.example" in str(logs)


def test_a_refusal_of_a_contract_is_told_in_words() -> None:
    code, body, _ = answer(Underfunded(1, 2, 5_000_000, 1_000_000, 1_790_000_000))
    assert code == 409
    assert body["rule"] == "Underfunded"
    assert "5" in str(body["detail"])


def test_a_defect_tells_nothing_of_the_inside() -> None:
    with capture_logs() as logs:
        code, body, text = answer(ValueError("secret path /root/x"))
    assert (code, body["title"]) == (500, "Internal Server Error")
    assert "secret" not in text
    assert [each["incident"] for each in logs if each["event"] == "defect"] == [body["incident"]]


def test_http_errors_keep_status_and_headers() -> None:
    code, body, _ = answer(HTTPException(418, "I am a teapot"))
    assert (code, body["detail"]) == (418, "I am a teapot")


def test_control_characters_are_escaped() -> None:
    _, body, text = answer(InputError("x", field="f", value="a\x1b[31m\nb\u202e"))
    assert body["value"] == "a\\x1b[31m\\nb\\u202e"
    assert "\x1b" not in text


def test_a_path_that_does_not_exist_is_a_problem() -> None:
    code, body, _ = answer(ValueError(), "/y%0a")
    assert code == 404
    assert body["detail"] == "There is nothing at /y\\n."
