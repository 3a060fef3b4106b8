"""Every page in both languages: valid, closed to strangers' words, and telling what the ledger holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, insert, select
from tests.integration.web.conftest import EVIL, Site, served
from tests.integration.web.html import Page, faults
from tests.support.ledgers import migrated
from tests.support.settled import Settled

from usufruct.contracts import revenue_right as rr
from usufruct.core.encoding import hex0x
from usufruct.ledger import models as m

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def http(site: Site) -> Iterator[httpx.Client]:
    """A reader."""
    with client(site) as found:
        yield found


def client(site: Site) -> httpx.Client:
    """A browser without scripts."""
    return httpx.Client(base_url=site.url, headers={"accept": "text/html"}, timeout=60)


def text_of(answer: httpx.Response) -> str:
    """The words of a page, white space folded."""
    return " ".join(" ".join(Page(answer.text).text).split())


def status_of(path: str) -> int:
    """What everybody is answered at a page, where all is public but the access log."""
    if "nothing" in path or path.endswith("off_9"):
        return 404
    if path == "/audit/access":
        return 401
    return 422 if path.endswith("0x12") else 200


# --- All of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_valid_and_stays_on_its_site(
    site: Site, http: httpx.Client, language: str
) -> None:
    for path in site.pages:
        answer = http.get(path, headers={"accept-language": language})
        assert answer.status_code == status_of(path), path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert faults(answer.text) == [], path
        assert "&lt;span class" not in answer.text, f"markup is shown as text on {path}"


def test_every_page_has_a_strict_policy(site: Site, http: httpx.Client) -> None:
    for path in site.pages:
        headers = http.get(path).headers
        policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert (
            policy["frame-ancestors"] == policy["base-uri"] == policy["trusted-types"] == "'none'"
        )
        assert policy["connect-src"] == f"'self' {site.settled.village.client.url}"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        kept = "private, no-cache" if status_of(path) == 200 else "no-store"
        assert headers["cache-control"] == kept


def test_answers_of_the_api_keep_their_own_policy(http: httpx.Client) -> None:
    policy = http.get("/v1/streams").headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"
    missing = http.get("/v1/nothing")
    assert missing.headers["content-type"] == "application/problem+json"


def test_addresses_that_do_not_exist_are_pages_for_people_and_problems_for_machines(
    site: Site,
) -> None:
    with httpx.Client(base_url=site.url) as machine:
        assert machine.get("/nothing").headers["content-type"] == "application/problem+json"
    with client(site) as person:
        assert "no such page" in text_of(person.get("/nothing"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_from_elsewhere_are_never_more_than_text(hostile: Site, language: str) -> None:
    with client(hostile) as http:
        for path in hostile.pages:
            answer = http.get(path, params={"lang": language} if "?" not in path else None)
            assert faults(answer.text) == [], path
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
            assert "49</table>" not in answer.text, "a name was taken for a template"
        shown = text_of(http.get("/issuer"))
    assert " ".join(EVIL.split()) in shown, "the name is shown as it is"


def test_parameters_are_never_more_than_text(http: httpx.Client) -> None:
    for path in (
        "/issuer/series/ser_vil?sender={}&recipient={}&units={}",
        "/wallets/{}",
        "/payouts/{}",
        "/issuer/series/{}",
        "/wallet?address={}",
        "/?x={}&lang={}",
        "/wallets/0x12?after={}",
    ):
        answer = http.get(path.replace("{}", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))
        assert answer.status_code in (200, 404, 422), path
        assert "<script>alert" not in answer.text, path
        assert faults(answer.text) == [], path


# --- Languages -------------------------------------------------------------------------------------


def test_a_chosen_language_is_remembered_and_links_keep_the_question(site: Site) -> None:
    with client(site) as http:
        first = http.get("/issuer/series/ser_vil?sender=&recipient=&units=&lang=zh")
        assert "usufruct_lang=zh" in first.headers["set-cookie"]
        assert "HttpOnly" in first.headers["set-cookie"]
        assert "SameSite=lax" in first.headers["set-cookie"]
        assert 'lang="zh-Hans"' in http.get("/").text
        links = [each["href"] for each in Page(first.text).all("a") if "hreflang" in each]
        assert links == ["?sender=&recipient=&units=&lang=en"]
        assert 'lang="en"' in http.get("/?lang=en").text


def test_pages_in_chinese_use_the_words_of_the_field(http: httpx.Client, site: Site) -> None:
    shown = text_of(http.get(site.payouts[0], params={"lang": "zh"}))
    for word in ("分配瀑布", "期间报表", "费率明细", "读数批次", "登记日"):
        assert word in shown
    http.cookies.clear()


# --- What they tell --------------------------------------------------------------------------------


def test_the_community_page_shows_sums_and_no_wallet(site: Site, http: httpx.Client) -> None:
    shown = text_of(http.get("/"))
    with site.settled.database.read() as connection:
        paid = connection.execute(select(func.sum(m.distribution.c.amount))).scalar_one()
    assert f"{paid // 10**6:,}." in shown
    assert not re.search("0x[0-9a-fA-F]{8}", http.get("/").text)


def test_a_wallet_shows_what_it_earned_and_what_it_may_claim(
    site: Site, http: httpx.Client
) -> None:
    holder = site.settled.holders[0]
    answer = http.get(f"/wallets/{holder}")
    api = http.get(f"/v1/wallets/{holder}/claimable").json()
    amount = api["total"]["formatted"].split()[0]
    grouped = f"{int(amount.split('.')[0]):,}.{amount.split('.')[1]}"
    assert grouped in text_of(answer).replace(" ", "")
    (button,) = [
        each
        for each in Page(answer.text).all("button")
        if "data-to" in each and "data-data" not in each
    ]
    assert button["data-to"] == site.settled.series
    setup = next(each["data-setup"] for _, each in Page(answer.text).tags if "data-setup" in each)
    assert json.loads(str(setup))["data"] == hex0x(rr.claim().data)


def test_a_wallet_is_told_what_comes_next_and_what_was_corrected(
    site: Site, http: httpx.Client
) -> None:
    shown = text_of(http.get(f"/wallets/{site.settled.holders[0]}"))
    assert "What comes next" in shown
    assert "it is no promise" in shown
    _, _, after = shown.partition("Disputes and corrections")
    assert "took the place of an earlier version" in after, (
        "the village's statements correct others"
    )


@pytest.mark.parametrize(("form", "kind"), [("statement", "period"), ("tax-summary", "year")])
def test_a_wallet_s_documents_are_had_from_its_page(
    site: Site, http: httpx.Client, form: str, kind: str
) -> None:
    """What each form sends is answered by a file, in every format that it offers."""
    address = site.settled.holders[0]
    page = http.get(f"/wallets/{address}").text
    _, _, part = page.partition(f'action="/v1/wallets/{address}/{form}"')
    part, _, _ = part.partition("</form>")
    assert f'name="{kind}"' in part
    chosen = re.search(r'<option(?: value="([^"]+)")?(?: selected)?>([^<]+)', part)
    assert chosen is not None
    offered = re.findall(r'name="format" value="(\w+)"', part)
    assert offered == ["pdf", "csv", "xlsx"]
    for name in offered:
        query = {kind: chosen[1] or chosen[2], "format": name}
        answer = http.get(f"/v1/wallets/{address}/{form}", params=query)
        assert answer.status_code == 200, answer.text
        assert f'.{name}"' in answer.headers["content-disposition"]


def test_a_wallet_with_nothing_to_claim_is_told_why(site: Site, http: httpx.Client) -> None:
    answer = http.get(f"/wallets/{site.settled.holders[2]}")
    assert "Nothing is claimable" in text_of(answer)
    buttons = [each for each in Page(answer.text).all("button") if "aria-describedby" in each]
    assert buttons
    assert all("disabled" in each for each in buttons)


def test_payouts_turn_pages_and_lead_to_their_path(site: Site, http: httpx.Client) -> None:
    holder = site.settled.holders[1]
    first = Page(http.get(f"/wallets/{holder}").text)
    links = [
        each["href"] for each in first.all("a") if str(each.get("href")).startswith("/payouts/")
    ]
    assert links == site.payouts
    newest = links[0].removeprefix("/payouts/")
    rest = Page(http.get(f"/wallets/{holder}?after={newest}").text)
    left = [each["href"] for each in rest.all("a") if str(each.get("href")).startswith("/payouts/")]
    assert left == site.payouts[1:]


def test_a_payout_opens_into_its_whole_path(site: Site, http: httpx.Client) -> None:
    api = http.get("/v1" + site.payouts[0]).json()
    answer = http.get(site.payouts[0])
    shown = text_of(answer).replace(" ", "")
    steps = [each for tag, each in Page(answer.text).tags if tag == "h3"]
    assert len(steps) == 8
    assert f"{int(api['arithmetic']['numerator_after']):,}" in shown
    metered = int(api["statement"]["lines"][0]["quantity"])
    assert f'title="{metered:,} Wh">{metered // 1000:,}.{metered % 1000:03d} kWh<' in answer.text
    setup = next(each["data-setup"] for _, each in Page(answer.text).tags if "data-setup" in each)
    given = json.loads(str(setup))
    assert given["proof"] == api["proof"]
    assert given["signers"]["threshold"] == 2
    assert given["pins"]["contracts"]["series"] == site.settled.series


def test_a_transfer_is_answered_by_the_chain(site: Site, http: httpx.Client) -> None:
    one, two = site.settled.holders[:2]
    ask = f"/issuer/series/ser_vil?sender={one}&recipient={two}&units="
    assert "The transfer would go through now." in text_of(http.get(ask + "1"))
    assert "The sender has fewer units." in text_of(http.get(ask + "999999999"))
    stranger = ask.replace(two, "0x" + "34" * 20)
    assert "The recipient's wallet is not registered." in text_of(http.get(stranger + "1"))
    for bad in ("0", "-1", "1.5", "x", "9" * 23, "１"):
        answer = http.get(ask + bad)
        assert answer.status_code == 200
        assert "The transfer would go through" not in text_of(answer)
        assert "a whole number of base units above 0" in text_of(answer)


def test_the_auditor_sees_that_nothing_differs(http: httpx.Client) -> None:
    assert "no difference" in text_of(http.get("/audit?reconciled=true"))
    links = [each.get("href") for each in Page(http.get("/audit").text).all("a")]
    assert {"/audit/samples", "/audit/replay", "/audit/access"} <= set(links)


def test_before_the_first_block_pages_say_that_they_are_not_ready(
    village: Settled, tmp_path: Path
) -> None:
    database = migrated(f"sqlite:///{tmp_path / 'ledger.db'}")
    with served(village, database, None) as site, client(site) as http:
        answer = http.get("/")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert faults(answer.text) == []
        assert "Not ready yet" in text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_an_empty_ledger_say_what_is_not_there_yet(
    village: Settled, tmp_path: Path, language: str
) -> None:
    database = migrated(f"sqlite:///{tmp_path / 'ledger.db'}")
    with database.write() as connection:
        connection.execute(
            insert(m.cursor).values(id=1, block=1, hash=bytes(32), timestamp=1_790_000_000)
        )
    paths = ("/", "/operator", "/issuer", "/audit", "/audit/samples?seed=a", "/audit/replay")
    with served(village, database, None) as site, client(site) as http:
        for path in (*paths, "/workbench", "/sign-in", f"/wallets/{village.holders[0]}"):
            answer = http.get(path, headers={"accept-language": language})
            assert answer.status_code == 200, path
            assert faults(answer.text) == [], path
            if path != "/sign-in":
                assert 'class="empty"' in answer.text, path


def test_pages_about_wallets_ask_for_a_sign_in_where_only_sums_are_public(
    village: Settled,
) -> None:
    with served(village, village.database, None, guarded=True) as site, client(site) as http:
        for path in site.pages:
            answer = http.get(path)
            assert faults(answer.text) == [], path
            if path not in ("/", "/workbench", "/sign-in") and "nothing" not in path:
                assert answer.status_code in (401, 422), path
            untold = [each for each in site.settled.holders if each not in path]
            assert not any(each in answer.text for each in untold), path


def test_a_wallet_is_opened_by_its_checked_address_only(site: Site, http: httpx.Client) -> None:
    holder = site.settled.holders[0]
    answer = http.get("/wallet", params={"address": f" {holder.lower()} "})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/wallets/{holder}")
    for bad in (
        "//evil.example",
        "https://evil.example",
        "/\\evil",
        f"{holder}/../..",
        "",
        "%0d%0aX: y",
    ):
        refused = http.get("/wallet", params={"address": bad})
        assert refused.status_code == 422
        assert "location" not in refused.headers


def test_static_files_are_served_and_nothing_above_them(http: httpx.Client) -> None:
    script = http.get("/static/verify.js")
    assert script.headers["content-type"].startswith("text/javascript")
    for path in (
        "/static/../messages.toml",
        "/static/%2e%2e/page.py",
        "/static/..%2fpage.py",
        "/static/",
    ):
        assert http.get(path).status_code == 404


def test_pages_are_no_part_of_the_described_api(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    assert all(each.startswith(("/v1/", "/health", "/ready")) for each in paths)
