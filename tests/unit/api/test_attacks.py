"""Corpora of hostile input: whatever is sent, the answer is a problem that tells nothing, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import QueuePool, func, select
from tests.support.asking import House, filled, named, payout
from tests.support.rates import at_once

from usufruct.api.auth.principal import Role
from usufruct.api.events.targets import is_public, parse_target, resolved
from usufruct.api.rates import Rates
from usufruct.api.turns import Turns
from usufruct.errors import ChainError, InputError
from usufruct.ledger.models import payout as payouts

INJECTIONS = [
    "' OR '1'='1",
    "1; DROP TABLE payout; --",
    "s1' UNION SELECT secret FROM access_grant --",
    '") OR 1=1 /*',
    "%27%20OR%201=1",
    "\\x27",
    "${jndi:ldap://x/a}",
    "{{7*7}}",
    "$(id)",
    "`id`",
    "s1%00",
    "ｓ１",
]
TRAVERSALS = [
    "/v1/series/..%2f..%2fetc%2fpasswd",
    "/v1/series/....//....//etc/passwd",
    "/v1/%2e%2e/%2e%2e/etc/passwd",
    "/../../../../etc/passwd",
    "/v1/payouts/..%5c..%5cwindows%5cwin.ini",
    "/v1//series",
    "/v1/series/%c0%ae%c0%ae/",
    "/static/../../etc/passwd",
]
FORGERIES = [
    "x\n2026-01-01 [info] all is well",
    "x\r\nset-cookie: a=b",
    "\x1b[2J",
    "\u202ex",
    "a\u2028b",
]
BOMBS = [
    b"[" * 30_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"address":"' + b"x" * 60_000 + b'"}',
    b'{"address":1e999999}',
    b'{"address":' + b"9" * 50_000 + b"}",
    b'{"address":"\\ud800"}',
    b'{"address":"\xff"}',
    b'{"address":"a","address":"b","x":1}',
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xef\xbb\xbf{}",
    b"NaN",
]


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = filled(tmp_path_factory.mktemp("attacks"), public="all")
    yield made
    made.close()


def plain(house: House, path: str, method: str = "GET", **options: object) -> int:
    answer = house.ask(path, method, **options)
    assert answer.status_code < 500, answer.text
    for secret in ("Traceback", "sqlite", "psycopg", "/root", "root:"):
        assert secret not in answer.text
    return answer.status_code


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_are_text_and_nothing_more(open_house: House, text: str) -> None:
    paths = [
        f"/v1/series/{text}",
        f"/v1/streams/{text}",
        f"/v1/payouts/{text}",
        f"/v1/distributions/{text}/payouts",
        f"/v1/wallets/{text}/payouts",
        f"/v1/wallets/{named(1)}/payouts?series={text}",
        f"/v1/wallets/{named(1)}/payouts?starting_after={text}",
        f"/v1/series/s1/holders?as_of_date={text}",
        f"/v1/batches?stream={text}",
        f"/v1/events?type={text}",
    ]
    for path in paths:
        assert plain(open_house, path) in (200, 404, 422), path
    with open_house.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(payouts)).scalar_one() == 24


@pytest.mark.parametrize("path", TRAVERSALS)
def test_traversals_lead_nowhere(open_house: House, path: str) -> None:
    assert plain(open_house, path) in (404, 422)


@pytest.mark.parametrize("text", FORGERIES)
def test_text_of_callers_forges_no_line_and_no_header(
    open_house: House, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = open_house.ask("/v1/series", params={"stream": text})
    assert answer.status_code in (404, 422)
    assert "set-cookie" not in answer.headers
    for each in ("\n2026", "\x1b", "\u202e", "\u2028"):
        assert each not in answer.text
    assert "all is well" not in capsys.readouterr().err


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_of_json_do_not_go_off(open_house: House, bomb: bytes) -> None:
    headers = {"content-type": "application/json"} | open_house.key(Role.TRANSFER_AGENT)
    for path in (
        "/v1/auth/challenge",
        "/v1/auth/sign-in",
        f"/v1/wallets/{named(1)}/claims",
        "/v1/streams/STREAM1/preview",
        "/v1/proofs/verify",
        "/v1/webhooks",
        "/v1/compliance/registrations",
        "/v1/compliance/freezes",
    ):
        status = plain(open_house, path, "POST", content=bomb, headers=headers)
        assert status in (413, 422), path


def test_bodies_have_a_largest_size_and_a_length(open_house: House) -> None:
    headers = {"content-type": "application/json"}
    large = b'{"address":"' + b"x" * 70_000 + b'"}'
    assert plain(open_house, "/v1/auth/challenge", "POST", content=large, headers=headers) == 413
    proof = b'{"address":"' + b"x" * 5_000_000 + b'"}'
    assert plain(open_house, "/v1/proofs/verify", "POST", content=proof, headers=headers) == 413
    other = {"content-type": "text/plain"}
    assert plain(open_house, "/v1/auth/challenge", "POST", content=b"{}", headers=other) == 415


PRIVATE = [
    *("127.0.0.1", "127.1", "0", "0x7f.1", "0177.0.0.1", "2130706433", "localhost."),
    *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
    *("[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    *(
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[ff02::1]",
    ),
    *("255.255.255.255", "198.18.0.1", "192.0.2.1", "240.0.0.1", "[fec0::1]"),
]


@pytest.mark.parametrize("host", PRIVATE)
def test_webhooks_reach_nothing_inside(open_house: House, host: str) -> None:
    headers = open_house.key(Role.AUDITOR) | {"idempotency-key": host}
    answer = open_house.post("/v1/webhooks", {"url": f"https://{host}/x"}, headers=headers)
    if host == "localhost.":  # a name: found out when it is resolved
        target = parse_target(f"https://{host}/x", loopback=False)
        with pytest.raises(InputError):
            resolved(target, lambda *_: ["127.0.0.1"], loopback=False)
        return
    assert (answer.status_code, answer.json()["field"]) == (422, "url")


@pytest.mark.parametrize(
    "url",
    [
        *("http://books.example", "ftp://books.example", "file:///etc/passwd", "gopher://x", "//x"),
        *("https://user:pw@books.example", "https://books.example@127.0.0.1", "https://", "x"),
        *(
            "https://books.example/#a",
            "https://books.example\\@127.0.0.1",
            "https://a b",
            "https://ä",
        ),
        *(
            "https://[::1",
            "https://x:99999",
            "https://x:y",
            "https://books.example/\n",
            "h" * 2_000,
        ),
    ],
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        parse_target(url, loopback=False)


def test_a_name_that_points_inside_is_not_called_whatever_else_it_points_to() -> None:
    target = parse_target("https://books.example:8443/hook?a=1", loopback=False)
    assert target.authority == "books.example:8443"
    public = resolved(target, lambda *_: ["93.184.216.34"], loopback=False)
    assert (
        target.at(public) == "https://93.184.216.34:8443/hook?a=1"
    )  # the very address that was checked
    for inside in (["93.184.216.34", "10.0.0.1"], ["::1"], ["fe80::1%eth0"]):
        with pytest.raises(InputError):
            resolved(target, lambda *_, found=inside: found, loopback=False)
    with pytest.raises(ChainError):
        resolved(target, lambda *_: [], loopback=False)


@given(st.integers(0, 2**32 - 1))
def test_an_address_is_as_private_wrapped_as_it_is_bare(number: int) -> None:
    bare = ip_address(number)
    assert is_public(ip_address(f"::ffff:{bare}")) == is_public(bare)
    assert not (is_public(bare) and bare.is_private)


@given(st.text(max_size=60))
def test_no_url_breaks_the_reader(text: str) -> None:
    for url in (text, f"https://{text}"):
        try:
            parse_target(url, loopback=False)
        except InputError:
            continue


def test_whoever_asks_too_much_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    house = filled(tmp_path, requests_per_second=2)
    statuses = [house.ask("/v1/series").status_code for _ in range(5)]
    assert statuses[:4] == [200] * 4
    assert statuses[4] == 429
    refused = house.ask("/v1/series")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"].endswith("too-many-requests")
    house.close()


def test_buckets_fill_by_time_and_are_bounded_in_number() -> None:
    rates = Rates(per_second=1, most=3)
    assert [rates.wait("a", 0) for _ in range(3)] == [0, 0, 1]
    assert rates.wait("a", 1) == 0
    assert rates.wait("b", 1, cost=20) == 0
    assert rates.wait("b", 1) == 1
    for caller in "cdefg":
        rates.wait(caller, 2)
    assert len(rates._buckets) == 3
    assert Rates(per_second=0).wait("a", 0) == 0


def test_ids_of_any_shape_are_answered(open_house: House) -> None:
    for text in (payout(1, 1, 1)[:-1], "po_" + "a" * 120, "po_s1_99999999999_" + "0" * 40, "%ff"):
        assert plain(open_house, f"/v1/payouts/{text}") in (404, 422)
    assert json.loads(open_house.ask("/v1/payouts/%ff").text)["status"] == 422


def test_a_time_before_the_clock_of_chains_has_no_disclosures(open_house: House) -> None:
    class Untouched:
        """A node that nobody may ask: the chain knows no negative time."""

    before = open_house.service.chain
    object.__setattr__(open_house.service, "chain", Untouched())
    try:
        for day in ("1950-01-01", "1969-12-31T23:59:59Z", "0001-01-01"):
            answer = open_house.ask(f"/v1/disclosures?as_of_date={day}")
            assert (answer.status_code, answer.json()["field"]) == (422, "as_of_date")
    finally:
        object.__setattr__(open_house.service, "chain", before)


@pytest.mark.parametrize("field", ["investor_class", "identity_hash"])
def test_a_line_feed_behind_a_value_is_another_value(house: House, field: str) -> None:
    body = {
        "wallet": named(1),
        "participant": 7,
        "kyc_until": "2027-12-31",
        "country": 344,
        "investor_class": "retail",
        "identity_hash": "0x" + "11" * 32,
    }
    headers = house.key(Role.TRANSFER_AGENT) | {"idempotency-key": "1"}
    forged = body | {field: f"{body[field]}\n"}
    path = "/v1/compliance/registrations"
    assert house.post(path, forged, headers=headers).status_code == 422
    assert house.post(path, body, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "path",
    [f"/v1/wallets/{named(1)}/claims", "/v1/streams/STREAM1/preview", "/v1/compliance/freezes"],
)
def test_a_body_that_does_not_come_keeps_no_moment_open(house: House, path: str) -> None:
    """Else eight such requests hold all connections to PostgreSQL, and on SQLite the log grows as long as they last."""
    role = house.key(Role.TRANSFER_AGENT)
    headers = {"content-type": "application/json", "content-length": "100"} | role
    seen: list[Any] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            waiting = anyio.Event()

            async def receive() -> Any:
                waiting.set()
                await anyio.sleep_forever()

            async def send(message: Any) -> None:
                seen.append(message)

            scope = {
                "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
                "query_string": b"", "client": ("127.0.0.1", 1), "server": ("test", 80), "scheme": "http",
                "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.4"},
                "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
            }  # fmt: skip
            tasks.start_soon(house.app, scope, receive, send)
            with anyio.fail_after(20):
                await waiting.wait()
            pool = house.database.reader.pool
            assert isinstance(pool, QueuePool)
            assert pool.checkedout() == 0
            tasks.cancel_scope.cancel()

    anyio.run(main)
    assert seen == []


def test_uploads_do_not_pile_up_where_others_wait(house: House) -> None:
    object.__setattr__(house.service, "proofs", Turns(0, 0, pause=5))  # nobody has room
    answer = house.post("/v1/proofs/verify", {})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (503, "busy")
    assert answer.headers["retry-after"] == "5"
