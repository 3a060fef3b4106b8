"""The HTTP interface: who may ask for what."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.unit.oracles_worker.fakes import WATER, Member, Team

from usufruct.core.encoding import canonical_json
from usufruct.keys import dev_account, dev_address
from usufruct_oracles.answers import batch_proposal
from usufruct_oracles.auth import MAX_BODY, MAX_SKEW, sign_request
from usufruct_oracles.desk import Ready
from usufruct_oracles.peers import BATCH_PATH, STATEMENT_PATH
from usufruct_oracles.server import Site, create_app

READER, STRANGER = 15, 16
LOCAL, ELSEWHERE = "127.0.0.1", "203.0.113.9"


class Caller:
    """Sends requests to a member's application as if over the network."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self.site = Site(
            realm=member.realm,
            view=member.view,
            answerer=member.answerer,
            publisher=member.publisher,
            metrics=member.metrics,
            readers=(dev_address(READER),),
            worker=member.worker,
            clock=member.clock,
        )
        self.app = create_app(self.site)

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        key: int | None = None,
        host: str = ELSEWHERE,
        name: str = "worker.example",
        headers: dict[str, str] | None = None,
        age: int = 0,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if key is not None:
            now = self.member.clock.now() - age
            sent |= sign_request(
                bytes(dev_account(key)), self.member.realm, method, target, body, now
            )

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=(host, 40_000))
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{name}") as client:
                return await client.request(method, target, content=body, headers=sent)

        return asyncio.run(go())


@pytest.fixture
def day(team: Team) -> Team:
    team.deliver(1, 2)
    team.end_of(1)
    return team


@pytest.fixture
def caller(day: Team) -> Caller:
    day.members[1].worker.run_once()
    return Caller(day.members[1])


def proposal(member: Member) -> bytes:
    member.look()
    found = member.desk.next_batch(WATER)
    assert isinstance(found, Ready)
    return canonical_json(batch_proposal(found))


@pytest.fixture
def waiting(day: Team) -> Caller:
    """A worker that has anchored nothing yet."""
    day.members[1].look()
    return Caller(day.members[1])


# --- Signing ---


def test_a_member_of_the_table_gets_a_signature(day: Team, waiting: Caller) -> None:
    body = proposal(day.members[0])
    answer = waiting.send("POST", BATCH_PATH, body, key=4)
    assert answer.status_code == 200
    assert set(answer.json()) == {"digest", "signer", "signature"}


def test_a_replayed_request_gets_the_same_answer(day: Team, waiting: Caller) -> None:
    body = proposal(day.members[0])
    first = waiting.send("POST", BATCH_PATH, body, key=4)
    assert waiting.send("POST", BATCH_PATH, body, key=4).content == first.content
    assert len(day.members[1].pledges.all()) == 1


@pytest.mark.parametrize("path", [BATCH_PATH, STATEMENT_PATH])
@pytest.mark.parametrize(("key", "status"), [(None, 401), (STRANGER, 403), (READER, 403)])
def test_nobody_else_gets_one_not_even_from_this_machine(
    day: Team, waiting: Caller, path: str, key: int | None, status: int
) -> None:
    answer = waiting.send("POST", path, proposal(day.members[0]), key=key, host=LOCAL, name=LOCAL)
    assert answer.status_code == status
    assert "signature" not in answer.json()
    assert day.members[1].metric("rejected_requests_total", reason=str(status)) == 1


def test_a_request_too_old_is_refused(day: Team, waiting: Caller) -> None:
    body = proposal(day.members[0])
    assert waiting.send("POST", BATCH_PATH, body, key=4, age=MAX_SKEW).status_code == 200
    assert waiting.send("POST", BATCH_PATH, body, key=4, age=MAX_SKEW + 1).status_code == 401


def test_headers_of_another_request_are_refused(day: Team, waiting: Caller) -> None:
    body, now = proposal(day.members[0]), day.members[1].clock.now()
    key = bytes(dev_account(4))
    headers = sign_request(key, day.members[1].realm, "POST", STATEMENT_PATH, body, now)
    assert waiting.send("POST", BATCH_PATH, body, headers=headers).status_code == 401


def test_a_body_over_the_limit_is_refused_before_it_is_read(waiting: Caller) -> None:
    answer = waiting.send("POST", BATCH_PATH, b"x" * (MAX_BODY + 1), key=4)
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    assert waiting.send("POST", BATCH_PATH, b"x" * MAX_BODY, key=4).status_code == 400


def test_a_disagreement_is_a_conflict(day: Team, waiting: Caller) -> None:
    body = proposal(day.members[0])
    day.members[1].books.put(WATER, day.window(1).day, day.rows(1, count=3))
    answer = waiting.send("POST", BATCH_PATH, body, key=4)
    assert (answer.status_code, answer.json()["error"]) == (409, "disagreement")


# --- Evidence ---

EVIDENCE = ["/v1/batches/3/1", "/v1/verdicts", "/v1/verdicts?stream=3&period=1"]


@pytest.mark.parametrize("path", EVIDENCE)
def test_evidence_is_for_this_machine_readers_and_members(caller: Caller, path: str) -> None:
    assert caller.send("GET", path, host=LOCAL, name="127.0.0.1").status_code == 200
    assert caller.send("GET", path, host="::1", name="localhost").status_code == 200
    assert caller.send("GET", path, key=READER).status_code == 200
    assert caller.send("GET", path, key=6).status_code == 200


@pytest.mark.parametrize("path", [*EVIDENCE, "/v1/statements/3/1/1"])
def test_nobody_else_sees_evidence(caller: Caller, path: str) -> None:
    assert caller.send("GET", path).status_code == 401
    assert caller.send("GET", path, key=STRANGER).status_code == 403


@pytest.mark.parametrize("header", ["forwarded", "x-forwarded-for", "x-real-ip", "via"])
def test_a_proxy_on_this_machine_does_not_make_its_clients_local(
    caller: Caller, header: str
) -> None:
    sent = {header: "203.0.113.9"}
    answer = caller.send("GET", EVIDENCE[0], host=LOCAL, name=LOCAL, headers=sent)
    assert answer.status_code == 401


def test_a_page_whose_name_leads_here_is_not_local(caller: Caller) -> None:
    answer = caller.send("GET", EVIDENCE[0], host=LOCAL, name="rebound.example")
    assert answer.status_code == 401


def test_what_is_not_recorded_is_not_found(caller: Caller) -> None:
    for path in (
        "/v1/batches/3/2",
        "/v1/batches/99/1",
        "/v1/statements/3/1/1",
        f"/v1/batches/3/{2**70}",
    ):
        answer = caller.send("GET", path, host=LOCAL, name=LOCAL)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_the_query_belongs_to_the_signed_request(caller: Caller) -> None:
    now = caller.member.clock.now()
    headers = sign_request(
        bytes(dev_account(READER)), caller.member.realm, "GET", "/v1/verdicts?stream=3", b"", now
    )
    assert caller.send("GET", "/v1/verdicts?stream=3", headers=headers).status_code == 200
    assert caller.send("GET", "/v1/verdicts?stream=1", headers=headers).status_code == 401


# --- Open to anybody ---


def test_status_health_and_metrics_are_open(caller: Caller) -> None:
    status: dict[str, Any] = caller.send("GET", "/v1/status").json()
    assert status["streams"][0]["recorded"] == 1
    assert status["signers"] == {
        "table": list(caller.member.view.signers.table),
        "threshold": 2,
        "epoch": 1,
        "member": True,
    }
    metrics = caller.send("GET", "/metrics")
    assert 'usufruct_oracle_batches_anchored_total{stream="3"} 1.0' in metrics.text


def test_the_status_of_a_disagreement_tells_no_reading(day: Team, waiting: Caller) -> None:
    body = proposal(day.members[0])
    rows = day.rows(1)
    rows[7] = (*rows[7][:3], 987_654, 0)
    day.members[1].books.put(WATER, day.window(1).day, rows)
    waiting.send("POST", BATCH_PATH, body, key=4)
    text = waiting.send("GET", "/v1/status").text
    assert '"differs":["content","root"]' in text
    assert "987654" not in text


def test_health_follows_the_loop(caller: Caller) -> None:
    assert caller.send("GET", "/health").status_code == 503
    stop = threading.Event()
    loop = threading.Thread(target=caller.member.worker.run, args=(stop,))
    loop.start()
    try:
        _wait_for(lambda: caller.send("GET", "/health").status_code == 200)
        _wait_for(lambda: caller.send("GET", "/ready").status_code == 200)
        caller.member.books.poll = _broken  # type: ignore[method-assign]
        _wait_for(lambda: caller.send("GET", "/ready").status_code == 503)
    finally:
        stop.set()
        loop.join()


def _broken() -> dict[str, int]:
    raise OSError("the folder is gone")


def _wait_for(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_there_are_no_pages_about_the_interface(caller: Caller) -> None:
    assert caller.send("GET", "/docs").status_code == 404
    assert caller.send("GET", "/openapi.json").status_code == 200
