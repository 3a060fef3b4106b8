"""No page in Chinese says a sentence in English, whatever was asked and whatever went wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page
from tests.integration.web.conftest import EVIL, Site
from tests.integration.web.html import said
from tests.integration.web.test_browser import reader
from tests.integration.web.test_pages import client

_SENTENCE: Final = re.compile(r"(?:[A-Za-z][A-Za-z'’]* ){2,}[A-Za-z][A-Za-z'’]*")
"""Three words of Latin letters in a row; names are shorter, lists have commas, codes stand in marks of their own."""
_SHOWN: Final = """() => {
  const kept = document.body.cloneNode(true);
  const silent = "script, style, noscript, textarea, code, option, [hidden]";
  for (const each of kept.querySelectorAll(silent)) each.remove();
  return [...kept.querySelectorAll("*")].flatMap((each) =>
    [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data));
}"""
_TRIED: Final = (
    ('rate = "6%"', 'rate = "106%"'),
    ('threshold = "110%"', 'threshold = "0%"'),
    ('kind = "abs"', 'kind = "abc"'),
    ("periods = 12", "periods = 11"),
    ('streams = ["PARKING"]', 'streams = ["PARKING", "VPP"]'),
    ("account = 4", "account = 3"),
    ("draws = 4", "draws = 5"),
    ("units = 2", "units = 0"),
    ("schema = 1", "schema = [1"),
    ("per_year = 12", "per_yaer = 12"),
)
"""What somebody may write into the structure."""


def english(texts: list[str]) -> list[str]:
    """The sentences among them."""
    joined = [text.replace(EVIL, "") for text in texts]
    return [found[0] for text in joined if (found := _SENTENCE.search(text))]


def test_a_sentence_is_told_from_names_and_codes() -> None:
    assert english(["Linden Court 2026", "期间 METER/SEQ=VALUE", "SHA-256", "0x12…"]) == []
    assert english(["说明：the receipts do not cover it"]) == ["the receipts do not cover it"]
    assert said('<p>一 <code>a b c</code><span lang="en">two</span> <i title="tri">ii</i></p>') == [
        *("一 ", "two", " ", "tri", "ii")
    ]


def test_no_page_says_a_sentence_in_english(site: Site) -> None:
    with client(site) as http:
        for path in site.pages:
            answer = http.get(path, headers={"accept-language": "zh"})
            assert '<html lang="zh-Hans">' in answer.text
            assert english(said(answer.text)) == [], path
            assert '<span lang="en">' not in answer.text, path


def test_what_a_stream_s_structure_is_made_of_is_chinese_too(site: Site) -> None:
    answer = httpx.get(f"{site.url}/workbench/attested?lang=zh&stream=1", timeout=60)
    comments = [each for each in answer.json()["file"].split("\n") if each.startswith("#")]
    assert comments
    assert english(comments) == []


@pytest.fixture(scope="module")
def example() -> str:
    """The example that pages in Chinese load."""
    root = Path(__file__).resolve().parents[3]
    return (root / "platform/usufruct/web/static/workbench/zh.toml").read_text("utf-8")


def test_the_workbench_says_no_sentence_in_english(
    browser: Browser, site: Site, example: str
) -> None:
    with reader(browser, site, locale="zh-CN") as page:
        page.goto("/workbench")
        page.locator("#wb-attested").click()
        page.locator("#wb-payouts tbody tr").first.wait_for()
        _expect_chinese(page, "filled in")
        page.locator("#wb-example").click()
        page.get_by_text("甲基金").first.wait_for()
        _expect_chinese(page, "example")
        page.locator("#wb-keep").click()
        page.locator("input[name='step.1.amount']").fill("60000")
        page.locator("#wb-payouts tr.mine").first.wait_for()
        _expect_chinese(page, "compared")
        page.locator("#wb-export").click()
        for box in page.locator("#wb-accounts input[required]").all():
            box.fill("dev:1")
        page.locator("#wb-accounts input[name=first_period]").fill("2027-10")
        page.locator("#wb-accounts button").click()
        page.locator("#wb-export-told.broken").wait_for()
        _expect_chinese(page, "exported")


@pytest.mark.parametrize("change", _TRIED, ids=lambda change: change[1])
def test_what_is_wrong_with_a_structure_is_said_in_chinese(
    browser: Browser, site: Site, example: str, change: tuple[str, str]
) -> None:
    assert change[0] in example
    with reader(browser, site, locale="zh-CN") as page:
        page.goto("/workbench")
        page.locator("#wb-text").fill(example.replace(*change, 1))
        page.locator("#wb-state.broken, #wb-findings .broken").first.wait_for()
        _expect_chinese(page, change[1])
        told = page.locator("#wb-state, #wb-findings .link p").all()
        assert {each.get_attribute("lang") for each in told} <= {None, "zh-Hans"}


def _expect_chinese(page: Page, when: str) -> None:
    assert english(page.evaluate(_SHOWN)) == [], when
