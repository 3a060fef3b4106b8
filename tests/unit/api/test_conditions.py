"""What requests may ask besides the answer: only its headers, or nothing if it is the same; and where a page begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select
from tests.support.asking import House, filled, named, payout
from tests.support.rates import at_once

from usufruct.api.auth.principal import Role
from usufruct.api.limits import COSTS, cost_of
from usufruct.index.settings import Settings
from usufruct.ledger.models import access_log
from usufruct.web.routes import audit


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[House]:
    made = filled(tmp_path, public="all")
    made.service.progress.caught_up = True
    yield made
    made.close()


# --- Headers alone ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/health", "/ready", "/openapi.json", "/static/style.css", "/audit"),
        *("/v1/series", f"/v1/wallets/{named(1)}/payouts", f"/v1/payouts/{payout(1, 1, 1)}"),
        *("/v1/series/nothing", "/nothing", "/v1/events", "/v1/webhooks"),
    ],
)
def test_headers_are_those_of_the_answer_without_its_body(open_house: House, path: str) -> None:
    whole, headers = open_house.ask(path), open_house.ask(path, "HEAD")
    assert headers.status_code == whole.status_code
    assert headers.content == b""
    for each in set(whole.headers) - {"date"}:
        assert headers.headers[each] == whole.headers[each], each
    assert headers.headers["content-length"].isdigit()


def test_headers_of_what_is_only_written_are_refused(open_house: House) -> None:
    assert open_house.ask("/v1/auth/challenge", "HEAD").status_code == 405


def test_headers_of_a_stream_do_not_open_it(open_house: House) -> None:
    answer = open_house.ask("/v1/events", "HEAD", headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_who_asks_for_headers_by_a_role_is_recorded_as_that(house: House) -> None:
    headers = house.key(Role.AUDITOR)
    path = f"/v1/wallets/{named(1)}/holdings"
    assert house.ask(path, "HEAD").status_code == 401
    assert house.ask(path, "HEAD", headers=headers).status_code == 200
    with house.database.read() as connection:
        row = connection.execute(select(access_log)).one()
    assert (row.action, row.resource, row.outcome) == ("HEAD", path, "granted")


# --- Conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_same_answer_is_not_sent_again(open_house: House, method: str) -> None:
    etag = open_house.ask("/v1/series").headers["etag"]
    for condition in (etag, "*", f'"x", {etag}'):
        answer = open_house.ask("/v1/series", method, headers={"if-none-match": condition})
        assert (answer.status_code, answer.content) == (304, b"")


def _writes() -> list[tuple[str, Any]]:
    wallet = f"/v1/wallets/{named(1)}"
    freeze = {"wallet": named(1), "frozen": True, "reason_hash": "0x" + "22" * 32}
    return [
        ("/v1/compliance/freezes", freeze),
        (f"{wallet}/claims", {}),
        ("/v1/streams/1/preview", {"receipts": "1"}),
        ("/v1/webhooks", {"url": "https://books.example/x"}),
    ]


@pytest.mark.parametrize("header", ["if-none-match", "if-match"])
@pytest.mark.parametrize(("path", "body"), _writes())
def test_a_write_under_a_condition_is_refused_and_nobody_says_it_was_done(
    house: House, path: str, body: Any, header: str
) -> None:
    headers = house.key(Role.TRANSFER_AGENT) | {"idempotency-key": "1", header: "*"}
    answer = house.post(path, body, headers=headers)
    assert answer.status_code == 412, answer.text
    assert answer.json()["field"] == header
    with house.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(access_log)).scalar_one() == 0
    del headers[header]
    assert house.post(path, body, headers=headers).status_code != 412


# --- What requests weigh ---------------------------------------------------------------------------


def test_what_weighs_more_is_there_by_the_name_it_is_counted_by(open_house: House) -> None:
    pages = {each.path for each in audit.router.routes if isinstance(each, APIRoute)}
    assert set(COSTS) <= pages | set(open_house.app.openapi()["paths"])


@pytest.mark.parametrize(
    ("path", "least"),
    [
        (f"/v1/wallets/{named(1)}/statement", 10),
        (f"/v1/wallets/{named(1)}/tax-summary", 10),
        (f"/v1/payouts/{payout(1, 1, 1)}/proof", 5),
        ("/v1/streams/1/preview", 2),
        ("/v1/finance/structure/simulate", 2),
        ("/v1/finance/structure/check", 2),
        ("/v1/finance/structure/export", 2),
        ("/audit", 2),
        ("/v1/proofs/verify", 20),
    ],
)
def test_documents_and_computations_weigh_more_than_a_look(path: str, least: float) -> None:
    assert cost_of(path) >= least


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/v1/series", f"/v1/wallets/{named(1)}/payouts", f"/v1/payouts/{payout(1, 1, 1)}"),
        *("/v1/wallets/a/b/statement", "/v1/wallets//statement", "/audit/", "/static/audit"),
    ],
)
def test_a_look_weighs_one(path: str) -> None:
    assert cost_of(path) == 1


def test_documents_use_up_what_an_address_may_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    made = filled(tmp_path, public="all", requests_per_second=10)
    path = f"/v1/wallets/{named(1)}/statement?period=1"
    statuses = [made.ask(path).status_code for _ in range(3)]
    made.close()
    assert 429 in statuses


@pytest.mark.parametrize(
    ("given", "limited"),
    [
        *(({"host": each}, False) for each in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *(({"host": each}, True) for each in ("0.0.0.0", "::", "10.0.0.1", "rights.example")),  # noqa: S104
        ({"host": "0.0.0.0", "requests_per_second": 0}, False),  # noqa: S104
        ({"host": "127.0.0.1", "requests_per_second": 3}, True),
    ],
)
def test_who_listens_to_others_limits_them_unless_told_otherwise(
    given: dict[str, Any], limited: bool
) -> None:
    assert bool(Settings.load(None, **given).rate) is limited
