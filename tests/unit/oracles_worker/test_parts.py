"""Small parts: windows, turns, gates, wire forms, logs, peers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles_worker.fakes import MEMBERS, community

from usufruct.clock import FixedClock
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.typed_data import Batch, Statement
from usufruct.errors import InputError
from usufruct.keys import dev_account, dev_address
from usufruct_oracles import logs
from usufruct_oracles.auth import TIME, Realm, Unauthenticated, caller_of
from usufruct_oracles.chainstate import Signers
from usufruct_oracles.config import PeerConfig
from usufruct_oracles.gates import batch_gate, statement_gate
from usufruct_oracles.peers import BATCH_PATH, HttpPeer, Refused, Signed
from usufruct_oracles.pledges import Place
from usufruct_oracles.turns import Turns
from usufruct_oracles.windows import Calendar
from usufruct_oracles.wire import batch_from, batch_to, fingerprint, statement_from, statement_to

# --- Windows ---


def test_windows_are_local_days_and_close_with_the_month() -> None:
    calendar = Calendar("Asia/Shanghai", "2026-09")
    start, end = calendar.bounds(1)
    time, days, closing = start, [], []
    while time < end:
        window = calendar.window_after(time)
        assert (window.from_, window.to - window.from_, window.period) == (time, 86_400, 1)
        days.append(window.day)
        closing.append(window.closes)
        time = window.to
    assert days[0] == "2026-09-01"
    assert days[-1] == "2026-09-30"
    assert closing == [False] * 29 + [True]
    assert calendar.window_after(end).period == 2


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
def test_days_of_other_lengths(day: str, hours: int) -> None:
    calendar = Calendar("Europe/Berlin", "2026-01")
    time = calendar.bounds(1)[0]
    while (window := calendar.window_after(time)).day != day:
        time = window.to
    assert window.to - window.from_ == hours * 3600


def test_a_window_that_begins_within_a_day_ends_with_it() -> None:
    calendar = Calendar("Asia/Shanghai", "2026-09")
    start = calendar.bounds(1)[0]
    window = calendar.window_after(start + 3600)
    assert (window.from_, window.to, window.day) == (start + 3600, start + 86_400, "2026-09-01")


# --- Turns ---

TABLE = tuple(dev_address(n) for n in MEMBERS)


@pytest.mark.parametrize("position", range(1, 7))
@pytest.mark.parametrize("stream", [1, 2])
def test_exactly_one_is_first_and_all_come_in_turn(stream: int, position: int) -> None:
    now = [100.0]
    signers, place = Signers(TABLE, 2, 1), Place("batch", stream, position, "")
    turns = [Turns(each, 5.0, 1.0, lambda: now[0]) for each in TABLE]

    def able() -> int:
        return sum(each.is_mine(place, b"d", signers) for each in turns)

    assert able() == 1
    now[0] += 5
    assert able() == 2
    now[0] += 5
    assert able() == 3


def test_who_signed_for_another_leaves_it_time_to_send_but_once() -> None:
    now = [0.0]
    signers, place = Signers(TABLE, 2, 1), Place("batch", 0, 3, "")
    mine = Turns(TABLE[0], 5.0, 1.0, lambda: now[0])
    assert mine.is_mine(place, b"d", signers)
    for caller, until in ((TABLE[1], 5.0), (TABLE[2], 7.0)):
        now[0] = until - 5
        mine.leave(place, caller)
        now[0] = until - 1
        mine.leave(place, caller)
        assert not mine.is_mine(place, b"d", signers)
    now[0] = 7.0
    assert mine.is_mine(place, b"d", signers)
    mine.leave(replace(place, position=6), TABLE[1])
    assert mine.is_mine(place, b"d", signers)
    assert not mine.is_mine(replace(place, position=6), b"d", signers)


def test_a_stranger_never_has_a_turn() -> None:
    turns = Turns(dev_address(9), 0.0, 1.0, lambda: 0.0)
    assert not turns.is_mine(Place("batch", 1, 1, ""), b"d", Signers(TABLE, 2, 1))


def test_pauses_grow_to_a_minute_and_start_anew_with_another_digest() -> None:
    now = [0.0]
    turns = Turns(TABLE[0], 0.0, 1.0, lambda: now[0])
    place, signers = Place("batch", 1, 1, ""), Signers(TABLE, 2, 1)
    pauses = [turns.failed(place, b"d") for _ in range(9)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert not turns.is_mine(place, b"d", signers)
    assert turns.is_mine(place, b"e", signers)


# --- Gates ---

WATER = next(each for each in community().streams if each.code == "WATER")


def manifest(expected: int, covered: int, quantity: int = 0, estimated: int = 0) -> Manifest:
    lines = (ManifestLine("retained", covered, quantity, None),) if covered else ()
    return Manifest(
        *(3, 1, 0, 1, 0, covered, bytes(32)), expected, covered, quantity, estimated, lines
    )


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6),
    st.integers(0, 200),
)
def test_a_batch_is_held_exactly_if_a_perfect_rest_could_not_save_the_period(
    parts: list[tuple[int, int]], remaining: int
) -> None:
    manifests = [manifest(max(pair), min(pair)) for pair in parts]
    covered = remaining + sum(each.covered for each in manifests)
    expected = remaining + sum(each.expected for each in manifests)
    best = covered * 10_000 // expected if expected else 10_000
    closed = batch_gate(WATER, manifests, remaining, closes=False)
    assert (closed is not None) == (best < WATER.min_coverage_bp)


def test_the_bound_itself_is_enough() -> None:
    assert batch_gate(WATER, [manifest(100, 95)], 0, closes=True) is None
    closed = batch_gate(WATER, [manifest(100, 94)], 0, closes=True)
    assert closed is not None
    assert "94 of 100 can be covered, 1 fewer" in closed.reason


def test_the_estimated_share_counts_when_the_period_closes() -> None:
    spoiled = manifest(10, 10, 1_000, 51)
    assert batch_gate(WATER, [spoiled], 0, closes=False) is None
    closed = batch_gate(WATER, [spoiled], 0, closes=True)
    assert closed is not None
    assert closed.gate == "estimated"
    assert batch_gate(WATER, [manifest(10, 10, 1_000, 50)], 0, closes=True) is None


def statement(**changes: int) -> Statement:
    values: dict[str, Any] = {
        "stream": 3,
        "period": 1,
        "version": 1,
        "from_": 0,
        "to": 1,
        **dict.fromkeys(("first_head", "last_head", "lines_root"), bytes(32)),
        "gross": 100,
        "adjustments": 0,
        "tariff_hash": bytes(32),
        "coverage_bp": 9_500,
        "estimated_bp": 500,
        "kpis": bytes(32),
        "documents": bytes(32),
    }
    return Statement(**{**values, **changes})


def test_a_statement_the_contract_would_refuse_is_not_signed() -> None:
    assert statement_gate(WATER, statement()) is None
    low = statement_gate(WATER, statement(coverage_bp=9_310))
    assert low is not None
    assert low.reason == (
        "93.10% are covered, 1.90% fewer than the 95.00% that the stream requires"
    )
    much = statement_gate(WATER, statement(estimated_bp=501))
    assert much is not None
    assert much.gate == "estimated"
    debt = statement_gate(WATER, statement(adjustments=-101))
    assert debt is not None
    assert debt.gate == "negative"
    assert statement_gate(WATER, statement(adjustments=-100)) is None


# --- Wire forms ---

HASH = st.binary(min_size=32, max_size=32)
BATCHES = st.builds(
    Batch,
    stream=st.integers(0, 2**32 - 1),
    seq=st.integers(0, 2**32 - 1),
    prev=HASH,
    from_=st.integers(0, 2**40 - 1),
    to=st.integers(0, 2**40 - 1),
    first=st.integers(0, 2**64 - 1),
    count=st.integers(0, 2**32 - 1),
    closes=st.booleans(),
    root=HASH,
    content=HASH,
)
STATEMENTS = st.builds(
    Statement,
    **dict.fromkeys(("stream", "period"), st.integers(0, 2**32 - 1)),
    version=st.integers(0, 2**16 - 1),
    **dict.fromkeys(("from_", "to"), st.integers(0, 2**40 - 1)),
    **dict.fromkeys(("first_head", "last_head", "lines_root", "tariff_hash"), HASH),
    gross=st.integers(0, 2**64 - 1),
    adjustments=st.integers(-(2**63), 2**63 - 1),
    **dict.fromkeys(("coverage_bp", "estimated_bp"), st.integers(0, 2**16 - 1)),
    **dict.fromkeys(("kpis", "documents"), HASH),
)


@given(BATCHES)
def test_a_batch_comes_back(batch: Batch) -> None:
    assert batch_from(json.loads(json.dumps(batch_to(batch)))) == batch


@given(STATEMENTS)
def test_a_statement_comes_back(found: Statement) -> None:
    assert statement_from(json.loads(json.dumps(statement_to(found)))) == found


@given(BATCHES, st.data())
def test_a_spoiled_batch_is_refused(batch: Batch, data: st.DataObject) -> None:
    good = batch_to(batch)
    name = data.draw(st.sampled_from(sorted(good)))
    bad: list[object] = [None, "x", [], {}, -1, "0x12"]
    with pytest.raises(InputError):
        batch_from({**good, name: data.draw(st.sampled_from(bad))})
    with pytest.raises(InputError):
        batch_from({key: value for key, value in good.items() if key != name})


def test_money_with_a_sign_or_zeros_in_front_is_refused() -> None:
    good = statement_to(statement())
    for value in ("-1", "01", "+1", "1.0", 5, "１"):
        with pytest.raises(InputError):
            statement_from({**good, "gross": value})
    for value in ("--1", "-01", "- 1", 5):
        with pytest.raises(InputError):
            statement_from({**good, "adjustments": value})


@given(st.binary(min_size=102, max_size=102), st.binary(min_size=8, max_size=8))
def test_a_fingerprint_does_not_depend_on_the_number(leaf: bytes, number: bytes) -> None:
    assert fingerprint(leaf) == fingerprint(leaf[:70] + number + leaf[78:])


# --- Logs ---


def test_control_characters_cannot_forge_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        logs.configure(as_json=as_json)
        logs.get("test").info("a\nb", detail={"x": "\x1b[31m\u2028"}, items=["\r"], raw=b"\x00")
        written = capsys.readouterr().err
        assert written.count("\n") == 1
        assert not set(written[:-1]) & set("\x1b\r\u2028")


@pytest.mark.parametrize("key", ["privacy_secret", "password", "private_key", "Authorization"])
def test_secrets_are_hidden_whatever_holds_them(
    key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(as_json=True)
    logs.get("test").info("started", **{key: "hunter2"}, nested={key: "hunter2"})
    written = capsys.readouterr().err
    assert "hunter2" not in written
    assert written.count("[hidden]") == 2


# --- Peers ---

REALM = Realm(31337, TABLE[0])
CLOCK = FixedClock(1_800_000_000)


def peer(answer: Callable[[httpx.Request], httpx.Response]) -> HttpPeer:
    config = PeerConfig("beta", "http://beta.example:7002/prefix")
    return HttpPeer(
        config, bytes(dev_account(4)), REALM, CLOCK, transport=httpx.MockTransport(answer)
    )


@pytest.mark.parametrize("ahead", [-86_400, -301, 0, 301, 90_000])
def test_workers_whose_clocks_differ_speak_with_each_other(ahead: int) -> None:
    times: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        now = CLOCK.now() + ahead
        times.append(int(request.headers[TIME]) - now)
        try:
            target = request.url.raw_path.decode()
            caller_of(REALM, "POST", target, request.content, request.headers, now)
        except Unauthenticated as error:
            return httpx.Response(401, json={"detail": error.message}, headers={TIME: str(now)})
        return httpx.Response(200, json={"signer": TABLE[1], "signature": "0x" + "11" * 64})

    with peer(answer) as asked:
        assert isinstance(asked.ask(BATCH_PATH, {"v": 1}), Signed)
        assert isinstance(asked.ask(BATCH_PATH, {"v": 1}), Signed)
    assert times == ([0, 0] if not ahead else [-ahead, 0, 0])


@pytest.mark.parametrize("told", ["", "-5", "soon", "9" * 13, "1800000000"])
def test_a_peer_that_refuses_for_ever_is_asked_no_more_than_twice(told: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(401, json={"error": "unauthenticated"}, headers={TIME: told})

    with peer(answer) as one:
        found = one.ask(BATCH_PATH, {"v": 1})
    assert isinstance(found, Refused)
    assert found.code == "unauthenticated"
    assert len(asked) == 1


def test_a_request_is_signed_for_the_path_it_is_sent_to() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        seen.append(target)
        caller = caller_of(REALM, "POST", target, request.content, request.headers, CLOCK.now())
        assert caller == dev_address(4)
        return httpx.Response(200, json={"signer": TABLE[1], "signature": "0x" + "11" * 64})

    with peer(answer) as asked:
        found = asked.ask(BATCH_PATH, {"v": 1})
    assert found == Signed("beta", TABLE[1], b"\x11" * 64)
    assert seen == ["/prefix/v1/sign/batch"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"signer": 1, "signature": "0x"}),
        httpx.Response(200, json={"signer": "0x", "signature": "0x11"}),
        httpx.Response(200, content=b"\xff"),
        httpx.Response(200, content=b'{"x":"' + b"y" * (1 << 20) + b'"}'),
        httpx.Response(500, content=b"oops"),
    ],
)
def test_an_answer_that_is_not_a_workers_is_a_refusal(answer: httpx.Response) -> None:
    with peer(lambda _: answer) as asked:
        found = asked.ask(BATCH_PATH, {})
    assert isinstance(found, Refused)
    assert found.code == "malformed"


def test_a_redirect_is_not_followed() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        return httpx.Response(307, headers={"location": "http://elsewhere.example/"}, json={})

    with peer(answer) as asked:
        found = asked.ask(BATCH_PATH, {})
    assert isinstance(found, Refused)
    assert len(calls) == 1


def test_a_peer_that_is_down_is_a_refusal() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with peer(answer) as asked:
        found = asked.ask(BATCH_PATH, {})
    assert isinstance(found, Refused)
    assert found.code == "unreachable"


def test_a_peers_text_is_cut() -> None:
    with peer(
        lambda _: httpx.Response(409, json={"error": "e" * 999, "detail": "d" * 999})
    ) as asked:
        found = asked.ask(BATCH_PATH, {})
    assert isinstance(found, Refused)
    assert (len(found.code), len(found.detail)) == (200, 200)
