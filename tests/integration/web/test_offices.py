"""What operator, issuer and auditor find on their pages: figures of the ledger, samples, replays, the access log."""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, insert, select, text
from tests.integration.web.conftest import Site, served
from tests.integration.web.html import Page, faults
from tests.integration.web.test_pages import client, text_of
from tests.integration.web.test_told import session_of
from tests.support.anvil import Anvil
from tests.support.settled import Settled, settle_periods

from usufruct.api.auth import journal, store
from usufruct.api.auth.principal import Role
from usufruct.clock import SystemClock
from usufruct.core.merkle import verify_path
from usufruct.ledger import models as m
from usufruct.ledger.database import Database
from usufruct.web.routes import issuer
from usufruct.web.samples import draw


@pytest.fixture(scope="module")
def http(site: Site) -> Iterator[httpx.Client]:
    """A reader."""
    with client(site) as found:
        yield found


@pytest.fixture(scope="module")
def own(village: Settled, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A copy of the ledger, to write into."""
    path = tmp_path_factory.mktemp("own") / "ledger.db"
    source = str(village.database.url.database)
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(path)) as other:
        one.backup(other)
    return Database(f"sqlite:///{path}")


@pytest.fixture(scope="module")
def guarded(village: Settled, own: Database) -> Iterator[Site]:
    """The pages on the copy, guarded."""
    with served(village, own, None, guarded=True) as found:
        yield found


@pytest.fixture(scope="module")
def auditor(village: Settled, own: Database) -> dict[str, str]:
    """What an auditor's browser sends."""
    wallet = village.holders[2]
    with own.write() as connection:
        store.grant_wallet(
            connection,
            name="auditor",
            role=Role.AUDITOR,
            wallet=bytes.fromhex(wallet[2:]),
            streams=(),
            now=SystemClock().now(),
            expires_at=None,
        )
    cookie = f"__Host-usufruct={session_of(own, wallet)}"
    return {"cookie": cookie, "accept": "text/html"}


def rows_of(page: str, caption: str) -> int:
    """Rows in the body of the table with a caption."""
    table = re.search(rf"<caption[^>]*>{caption}</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    return 0 if table is None else table[1].count("<tr")


def test_an_operator_of_one_stream_sees_that_stream_and_no_other(
    guarded: Site, own: Database
) -> None:
    keys = {}
    with own.write() as connection:
        first = connection.execute(select(func.min(m.stream.c.id))).scalar_one()
        for name, streams in (("own", [first]), ("other", [4_000_000_000])):
            _, keys[name] = store.add_key(
                connection,
                name=name,
                role=Role.OPERATOR,
                wallet=None,
                streams=streams,
                now=SystemClock().now(),
                expires_at=None,
            )
    sent = {
        name: {"authorization": f"Bearer {key}", "accept": "text/html"}
        for name, key in keys.items()
    }
    found = {
        name: httpx.get(f"{guarded.url}/operator?lang=en", headers=each)
        for name, each in sent.items()
    }
    assert httpx.get(f"{guarded.url}/issuer", headers=sent["own"]).status_code == 403
    assert {name: each.status_code for name, each in found.items()} == {"own": 200, "other": 200}
    assert f'id="stream-{first}"' in found["own"].text
    assert 'id="stream-' not in found["other"].text
    assert faults(found["other"].text) == []
    investor = {"cookie": f"__Host-usufruct={session_of(own, guarded.settled.holders[0])}"}
    assert httpx.get(f"{guarded.url}/operator", headers=investor).status_code == 403


def test_the_navigation_leads_to_the_own_wallet_and_to_no_office_that_would_refuse(
    guarded: Site, own: Database, auditor: dict[str, str]
) -> None:
    one = guarded.settled.holders[0]
    investor = {"cookie": f"__Host-usufruct={session_of(own, one)}", "accept": "text/html"}
    offices = {"/operator", "/issuer", "/audit"}

    def led_to(path: str, headers: dict[str, str]) -> set[str]:
        text = httpx.get(f"{guarded.url}{path}", headers=headers).text
        nav = text.partition("<nav")[2].partition("</nav>")[0]
        return set(re.findall(r'href="([^"]+)"', nav))

    for path in ("/sign-in", f"/wallets/{one}", "/offerings/off_1", "/operator"):
        assert led_to(path, investor) & offices == set(), path
        assert f"/wallets/{one}" in led_to(path, investor)
    assert offices < led_to("/sign-in", auditor)
    assert offices < led_to("/sign-in", {"accept": "text/html"}), "whoever is nobody may sign in"


# --- Auditor: access log ---------------------------------------------------------------------------


def test_the_access_log_is_for_auditors_and_shows_who_looked(
    guarded: Site, auditor: dict[str, str]
) -> None:
    wallet = guarded.settled.holders[0]
    assert httpx.get(f"{guarded.url}/wallets/{wallet}", headers=auditor).status_code == 200
    answer = httpx.get(f"{guarded.url}/audit/access?lang=en", headers=auditor)
    assert answer.status_code == 200
    assert faults(answer.text) == []
    assert f"GET /wallets/{wallet}" in answer.text
    assert "GET /audit/access" in answer.text, "looking here is recorded too"
    with guarded.settled.database.read() as connection:
        assert connection.execute(select(m.access_log)).first() is None, "the copy has the log"


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("outcome=refused", "/operator", "/wallets/0x9"),
        ("outcome=granted&resource=/wallets/", "/wallets/0x9", "/audit"),
        ("role=operator", "/streams", "/wallets/0x9"),
        ("actor=key_two", "/streams", "/wallets/0x9"),
        ("since=2001-09-09&until=2001-09-09", "/long/ago", "/wallets/0x9"),
        ("resource=/wallets/_", "", "/wallets/0x9"),
        ("resource=%25", "", "/wallets/0x9"),
    ],
)
def test_entries_are_found_by_who_what_when_and_how_it_ended(
    guarded: Site, own: Database, auditor: dict[str, str], query: str, shown: str, hidden: str
) -> None:
    with own.write() as connection:
        for actor, role, resource, outcome, at in (
            ("key_one", "auditor", "/wallets/0x9", "granted", 1_800_000_000),
            ("key_two", "operator", "/streams", "granted", 1_800_000_000),
            ("key_two", "none", "/operator", "refused", 1_800_000_000),
            ("key_one", "auditor", "/long/ago", "granted", 1_000_000_000),
        ):
            entry = journal.Entry(actor, role, "GET", resource, outcome)  # type: ignore[arg-type]
            journal.append(connection, entry, at)
    answer = httpx.get(f"{guarded.url}/audit/access?{query}", headers=auditor)
    assert answer.status_code == 200
    entries = re.findall(r"<code>GET ([^<]+)</code>", answer.text)
    assert hidden not in entries
    assert (shown in entries) if shown else entries == []


def test_the_log_turns_pages_and_keeps_the_question(
    guarded: Site, own: Database, auditor: dict[str, str]
) -> None:
    with own.write() as connection:
        for number in range(120):
            entry = journal.Entry("key_many", "auditor", "GET", f"/many/{number}", "granted")
            journal.append(connection, entry, 1_900_000_000)
    seen: list[str] = []
    path = "/audit/access?actor=key_many"
    for _ in range(3):
        answer = httpx.get(guarded.url + path, headers=auditor)
        seen += re.findall(r"GET /many/(\d+)", answer.text)
        links = [each for each in Page(answer.text).all("a") if each.get("rel") == "next"]
        path = str(links[0]["href"]).partition("#")[0] if links else ""
    assert seen == [str(number) for number in reversed(range(120))]
    assert path == ""


def test_the_chain_of_hashes_is_recomputed_and_a_change_is_found(
    guarded: Site, own: Database, auditor: dict[str, str]
) -> None:
    url = f"{guarded.url}/audit/access?checked=true&lang=en"
    assert "each hash covers the row and the one before" in text_of(httpx.get(url, headers=auditor))
    path = str(own.url.database)
    with closing(sqlite3.connect(path)) as raw:
        names = raw.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'access_log'"
        ).fetchall()
        for (name,) in names:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE access_log SET actor = 'somebody else' WHERE number = 3")
        raw.commit()
    answer = httpx.get(url, headers=auditor)
    assert "The chain breaks at row 3" in text_of(answer)


@pytest.mark.parametrize("query", ["since=soon", "after=x", "resource=" + "y" * 201])
def test_what_is_no_filter_is_refused(guarded: Site, auditor: dict[str, str], query: str) -> None:
    answer = httpx.get(f"{guarded.url}/audit/access?{query}", headers=auditor)
    assert answer.status_code == 422
    assert faults(answer.text) == []


# --- Auditor: samples and replay -------------------------------------------------------------------


def test_a_sample_is_the_same_for_everybody_and_leads_somewhere(
    site: Site, http: httpx.Client
) -> None:
    path = "/audit/samples?seed=dice+4-2-6&count=4"
    answer = http.get(path)
    assert http.get(path).text == answer.text
    assert http.get("/audit/samples?seed=other&count=4").text != answer.text
    links = [str(each.get("href")) for each in Page(answer.text).all("a")]
    payouts = [each for each in links if each.startswith("/payouts/")]
    assert len(payouts) == 4
    for each in payouts + [each for each in links if "/audit/replay?what=" in each]:
        assert http.get(each).status_code == 200
    proofs = [each for each in links if each.endswith("/proof")]
    assert http.get(proofs[0], headers={"accept": "application/json"}).status_code == 200
    with site.settled.database.read() as connection:
        counts = connection.execute(select(m.batch.c["count"]).order_by(m.batch.c.pos)).scalars()
        total = sum(counts)
    numbers = re.findall(r'<li class="link">\s*<p><strong>(\d+)</strong>', answer.text)
    assert numbers == [str(each) for each in draw("dice 4-2-6", "reading", total, 4)]


def test_a_reading_of_a_sample_leads_to_its_anchored_root_by_hand(http: httpx.Client) -> None:
    text = http.get("/audit/samples?seed=any&count=3&lang=en").text
    details = re.findall(r'<dl class="sums">(.*?)</dl>', text, re.DOTALL)
    assert len(details) == 3
    for each in details:
        values = re.findall(r"<dd>([^<]+)</dd>", each)
        leaf, place, *path, root, _ = values
        index, size = (int(part) for part in place.split(" / "))
        nodes = [bytes.fromhex(node[2:]) for node in path]
        data = bytes.fromhex(leaf[2:])
        assert verify_path(data, index, size, nodes, bytes.fromhex(root[2:]))
    http.cookies.clear()


def test_an_open_reading_of_a_sample_is_told_in_its_unit(
    anvil_fresh: Anvil, tmp_path: Path
) -> None:
    settled = settle_periods(anvil_fresh, tmp_path, committed=False, periods=1)
    with served(settled, settled.database, None) as found:
        text = httpx.get(f"{found.url}/audit/samples?seed=any&count=2&lang=en").text
    readings = re.findall(r'<li class="link">\s*<p>(.*?)</p>', text, re.DOTALL)
    assert len(readings) == 2
    for each in readings:
        base, shown = re.findall(r'title="([\d,]+ Wh)">([\d.]+ kWh)<', each)[0]
        assert int(base[:-3].replace(",", "")) == int(shown[:-4].replace(".", ""))


def test_a_period_is_reproduced_and_a_changed_price_moves_every_payout(
    site: Site, http: httpx.Client
) -> None:
    same = text_of(http.get("/audit/replay?what=S1/1"))
    assert "reproduced to the unit" in same
    assert "What would move" not in same
    moved = http.get("/audit/replay?what=S1/1&price=peak=540001")
    assert "reproduced to the unit" in text_of(moved)
    found = rows_of(moved.text, "What would move")
    holders = len(site.settled.holders)
    assert found >= 4 + holders, "line, gross, distributable, receipts, steps and each holder"
    refused = http.get("/audit/replay?what=S1/1&reading=1/0=5")
    assert refused.status_code == 200
    assert faults(refused.text) == []
    assert 'role="alert"' in refused.text


# --- Operator --------------------------------------------------------------------------------------


def test_the_operator_sees_what_each_stream_waits_for_and_what_gaps_cost(
    village: Settled, own: Database
) -> None:
    report = (
        '{"streams": [{"code": "S1", "expected": 96, "covered": 90, "coverageBp": 9375, "stake": "1234567",'
        ' "byRule": [{"rule": "missing", "count": 6, "stake": "1234567"}],'
        ' "open": [{"rule": "missing", "day": "2026-09-02", "meter": "home-01", "remedy": "deliver it again",'
        ' "stake": "1234567"}]}]}'
    )
    with own.write() as connection:
        for period in (2, 3):
            connection.execute(
                insert(m.verdict_report).values(
                    stream=1, period=period, source="w", document=report
                )
            )
    with served(village, own, None) as site, client(site) as http:
        answer = http.get("/operator")
        shown = text_of(answer)
        assert faults(answer.text) == []
        assert "90 of 96 readings" in shown
        assert "deliver it again" in shown
        assert shown.count("deliver it again") == 1, "of the running month only the sum is told"
        assert "still running" in shown
        assert "not as the statement has it" in shown, "the report tells of another coverage"
        assert rows_of(answer.text, "At a glance") == 1
        assert (
            "1.23" in re.search(r"<caption[^>]*>At a glance.*?</table>", answer.text, re.DOTALL)[0]
        )  # type: ignore[index]


# --- Issuer ----------------------------------------------------------------------------------------


def test_refused_payments_stand_with_rule_and_date(village: Settled, own: Database) -> None:
    with own.write() as connection:
        pos = connection.execute(select(m.payment.c.pos).limit(1)).scalar_one()
        series = connection.execute(
            select(m.series.c.id).where(m.series.c.slug == "vil")
        ).scalar_one()
        wallet = connection.execute(
            select(m.wallet.c.id).where(m.wallet.c.address == bytes.fromhex(village.holders[1][2:]))
        ).scalar_one()
        values = {"pos": pos, "series": series, "wallet": wallet, "amount": 5_000_001, "reason": 4}
        connection.execute(insert(m.skipped).values(values))
        connection.execute(text("UPDATE freeze SET frozen = frozen"))
    with served(village, own, None) as site, client(site) as http:
        answer = http.get("/issuer/series/ser_vil")
        assert faults(answer.text) == []
        assert rows_of(answer.text, "Refused payments") == 1
        shown = text_of(answer)
        assert "The recipient's wallet is frozen." in shown
        assert "5.00" in shown
        assert rows_of(answer.text, "Register of holders") == len(village.holders)
        assert shown.count("valid") >= len(village.holders)


def test_the_register_is_shown_as_it_was(site: Site, http: httpx.Client) -> None:
    path = "/issuer/series/ser_vil"
    last = http.get("/v1/series/ser_vil/holders").json()["holders_as_of_block"]
    before = http.get(f"{path}?as_of_block=1")
    assert faults(before.text) == []
    assert "Nobody holds units." in text_of(before)
    assert "As of block 1 " in text_of(before)
    for query in ("as_of_date=", f"as_of_block={last}"):
        assert rows_of(http.get(f"{path}?{query}").text, "Register of holders") == len(
            site.settled.holders
        )
    for query, told in (("as_of_date=2026-13-40", "as_of_date"), ("as_of_block=x", "as_of_block")):
        refused = http.get(f"{path}?{query}")
        assert refused.status_code == 422
        assert told in text_of(refused)


def test_the_register_turns_pages_of_the_same_moment(
    site: Site, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "_LISTED", 1)
    last = http.get("/v1/series/ser_vil/holders").json()["holders_as_of_block"]
    path, seen = f"/issuer/series/ser_vil?as_of_block={last - 1}", []
    for _ in site.settled.holders:
        answer = http.get(path).text
        assert rows_of(answer, "Register of holders") == 1
        seen += re.findall(r'<a class="hash" href="/wallets/(0x\w+)"', answer)
        onward = re.search(r'<a href="([^"]+)" rel="next"', answer)
        if onward is None:
            break
        path = "/issuer/series/ser_vil" + html.unescape(onward[1])
    assert sorted(seen) == sorted(site.settled.holders)


def test_offerings_lead_to_every_lot_and_its_allotment(site: Site, http: httpx.Client) -> None:
    for path in ("/issuer", "/issuer/series/NEWV"):
        shown = text_of(http.get(path))
        assert "Subscriptions" in shown
        assert "least 50, most 100" in shown
    shown = text_of(http.get("/offerings/off_1"))
    assert "140.00 %" in shown.replace("\u00a0", " ")
    assert "no. 1: 80, gets 57" in shown
    assert "no. 2: 60, gets 43" in shown
    assert "Nothing is offered" in text_of(http.get("/issuer/series/VIL"))


# --- Workbench -------------------------------------------------------------------------------------


def test_a_structure_from_the_ledger_pays_what_was_attested(site: Site, http: httpx.Client) -> None:
    found = http.get("/workbench/attested?stream=S1").json()
    statements = http.get("/v1/statements?stream=S1").json()["data"]
    amounts = [each["distributable"]["amount"] for each in reversed(statements)]
    assert [each["distributable"] for each in found["statements"]] == amounts
    assert [each["digest"] for each in found["statements"]] == [
        each["digest"] for each in reversed(statements)
    ]
    played = http.post("/v1/finance/structure/simulate", json={"file": found["file"]}).json()
    assert played["receipts"] == amounts
    assert not [each for each in played["findings"] if each["verdict"] == "refused"]
    assert not re.search("0x[0-9a-fA-F]{8}", found["file"]), "no wallet is told"
    for bad in ("none", "", "x" * 41):
        refused = http.get("/workbench/attested", params={"stream": bad}, headers={"accept": "*/*"})
        assert refused.status_code in (404, 422)
        assert refused.headers["content-type"] == "application/problem+json"
