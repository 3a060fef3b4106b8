"""What goes wrong is a page for people, in their language, and a problem for programs; insides stay inside."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from tests.integration.web.conftest import Site, served
from tests.integration.web.html import faults
from tests.integration.web.test_pages import client, text_of
from tests.support.ledgers import migrated
from tests.support.rates import at_once
from tests.support.settled import Settled

from usufruct.api import problems
from usufruct.api.auth import store
from usufruct.chain.client import ChainClient
from usufruct.clock import SystemClock
from usufruct.ledger.database import Database
from usufruct.web import facts

SECRET = "s3cret of /home/somebody and postgresql://user:password@host"
_COOKIE = "__Host-usufruct"


@pytest.fixture(scope="module")
def guarded(village: Settled) -> Iterator[Site]:
    """The pages where what is about a wallet is for that wallet."""
    with served(village, village.database, None, guarded=True) as found:
        yield found


def session_of(database: Database, wallet: str) -> str:
    """The token of a fresh session of a wallet."""
    with database.write() as connection:
        made = store.open_session(connection, bytes.fromhex(wallet[2:]), SystemClock().now(), 3_600)
    return made.token


def told(site: Site, path: str, language: str = "en", **headers: str) -> httpx.Response:
    """The page that a person is shown, which keeps the basics of every page."""
    with client(site) as http:
        answer = http.get(path, headers={"accept-language": language} | headers)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert faults(answer.text) == []
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer


def problem(site: Site, path: str) -> httpx.Response:
    """What a program is told of the same."""
    answer = httpx.get(site.url + path, headers={"accept": "application/json"}, timeout=60)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer


# --- Our own failures ------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def unbound_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger that has not yet kept the settings of whatever ran before in this process."""
    monkeypatch.setattr(problems, "_logger", structlog.get_logger())


@pytest.mark.parametrize(("language", "title"), [("en", "went wrong"), ("zh", "服务器出现错误")])
def test_a_defect_is_a_page_with_a_number_that_the_log_has_too(
    site: Site, monkeypatch: pytest.MonkeyPatch, language: str, title: str
) -> None:
    async def broken(_: object) -> object:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(facts, "streams", broken)
    with capture_logs() as logs:
        answer = told(site, "/operator", language)
    assert answer.status_code == 500
    assert title in text_of(answer)
    (entry,) = [each for each in logs if each["event"] == "defect"]
    assert entry["incident"] in text_of(answer)
    assert isinstance(entry["exc_info"], RuntimeError)
    for inside in (SECRET, "RuntimeError", "Traceback", "postgresql"):
        assert inside not in answer.text
    machine = problem(site, "/operator")
    assert machine.status_code == 500
    assert SECRET not in machine.text
    assert re.fullmatch("[0-9a-f]{12}", machine.json()["incident"])


@pytest.mark.parametrize("path", ["/", "/v1/streams"])
@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, Exception(SECRET)),
        sqlite3.OperationalError(SECRET),
        ConnectionRefusedError(SECRET),
        TimeoutError(SECRET),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_database_that_is_away_is_told_as_what_passes(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, error: Exception
) -> None:
    def away(_: object) -> object:
        raise error

    monkeypatch.setattr(Database, "read_async", away)
    with capture_logs() as logs:
        machine = problem(site, path)
        assert machine.status_code == 503
        assert machine.headers["retry-after"] == "5"
        assert SECRET not in machine.text
        assert machine.json()["incident"] in [each.get("incident") for each in logs]
        if path == "/":
            answer = told(site, path, "zh")
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "5"
            assert "数据库暂不可用" in text_of(answer)
            assert SECRET not in answer.text


def test_a_node_that_is_away_is_told_without_its_address(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "http://127.0.0.1:9/v3/key-of-somebody"

    def call(self: ChainClient, *_: object, **__: object) -> object:
        return ChainClient.rpc(ChainClient(away, timeout=1), "eth_chainId")

    monkeypatch.setattr(ChainClient, "call", call)
    one, two = site.settled.holders[:2]
    path = f"/issuer/series/ser_vil?sender={one}&recipient={two}&units=1"
    answer = told(site, path)
    assert answer.status_code == 503
    assert "The chain cannot be asked now" in text_of(answer)
    assert "key-of-somebody" not in answer.text
    assert "key-of-somebody" not in problem(site, path).text


def test_an_index_that_lags_says_so_on_every_page(
    village: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(village, village.database, None) as site, client(site) as http:
        assert "behind the chain" not in text_of(http.get("/"))
        monkeypatch.setattr("usufruct.web.page._behind", lambda _: 1_234)
        assert "1,234 blocks behind the chain" in text_of(http.get("/"))
        assert "索引落后链上 1,234 个区块" in text_of(http.get("/?lang=zh"))


# --- What the caller may not, or not so often ------------------------------------------------------


def test_whoever_asks_too_much_gets_a_page_too(
    village: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    with served(village, village.database, None, per_second=1) as site:
        answers = [told(site, "/nothing", "zh") for _ in range(6)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert "请求过多" in text_of(answers[-1])
        # A slow machine lets one through now and then.
        assert 429 in [problem(site, "/nothing").status_code for _ in range(6)]


def test_an_address_that_is_too_long_is_told_as_a_page(site: Site) -> None:
    answer = told(site, "/?x=" + "y" * 9_000, "zh")
    assert answer.status_code == 414
    assert "地址过长" in text_of(answer)


def test_a_role_that_is_missing_is_told_as_such(guarded: Site) -> None:
    token = session_of(guarded.settled.database, guarded.settled.holders[0])
    cookie = {"cookie": f"{_COOKIE}={token}"}
    for path in ("/operator", "/audit", "/audit/access", "/audit/samples?seed=x", "/issuer"):
        assert told(guarded, path).status_code == 401
        answer = told(guarded, path, "zh", **cookie)
        assert answer.status_code == 403
        assert "没有权限" in text_of(answer)
        assert answer.headers["cache-control"] == "no-store"


def test_nothing_that_pages_tell_stays_english_on_a_chinese_page(guarded: Site, site: Site) -> None:
    one, two = site.settled.holders[:2]
    ask = f"/issuer/series/ser_vil?sender={one}&recipient={two}&units="
    token = session_of(guarded.settled.database, one)
    cookie = {"cookie": f"{_COOKIE}={token}"}
    for where, path, headers in (
        (site, "/nothing/here", {}),
        (site, "/wallets/0x12", {}),
        (site, "/wallets/0x" + "aB" * 20, {}),
        (site, f"/wallets/{one}?after=x", {}),
        (site, "/payouts/po_vil_9_" + "00" * 20, {}),
        (site, "/payouts/x", {}),
        (site, "/issuer/series/none", {}),
        (site, ask + "1.5", {}),
        (site, "/audit/samples?seed=a&count=99", {}),
        (site, "/audit?reconciled=perhaps", {}),
        (site, "/audit/replay?what=S1/1&price=dear=1", {}),
        (site, "/audit/replay?what=S1/1&reading=1", {}),
        (site, "/audit/replay?what=nothing", {}),
        (guarded, "/operator", {}),
        (guarded, "/operator", cookie),
        (guarded, f"/wallets/{two}", cookie),
    ):
        text = told(where, path, "zh", **headers).text
        main = text[text.index("<main") : text.index("</main>")]
        assert '<span lang="en">' not in main, path


# --- Signing out -----------------------------------------------------------------------------------


def test_signing_out_ends_the_session_for_good(guarded: Site) -> None:
    wallet = guarded.settled.holders[0]
    token = session_of(guarded.settled.database, wallet)
    cookie = {"cookie": f"{_COOKIE}={token}", "accept": "text/html"}
    page = httpx.get(f"{guarded.url}/wallets/{wallet}", headers=cookie)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "private, no-store"
    assert 'action="/sign-out"' in page.text
    other = httpx.post(f"{guarded.url}/sign-out", headers=cookie | {"sec-fetch-site": "cross-site"})
    assert other.status_code == 403
    assert httpx.get(f"{guarded.url}/wallets/{wallet}", headers=cookie).status_code == 200
    out = httpx.post(f"{guarded.url}/sign-out", headers=cookie | {"sec-fetch-site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert f'{_COOKIE}=""' in out.headers["set-cookie"]
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert httpx.get(f"{guarded.url}/wallets/{wallet}", headers=cookie).status_code == 401


def test_without_a_session_signing_out_changes_nothing(guarded: Site) -> None:
    out = httpx.post(f"{guarded.url}/sign-out")
    assert out.status_code == 303
    assert "set-cookie" not in out.headers


def test_before_the_first_block_a_page_says_what_is_going_on(
    village: Settled, tmp_path: Path
) -> None:
    database = migrated(f"sqlite:///{tmp_path / 'ledger.db'}")
    with served(village, database, None) as site:
        answer = told(site, "/wallets/" + site.settled.holders[0], "zh")
        assert answer.status_code == 503
        assert "索引尚未开始" in text_of(answer)
        assert f'href="/wallets/{site.settled.holders[0]}"' in answer.text, "to try again"
