"""The pages in a real Chromium, wide and narrow: nothing overflows, nothing is refused, proofs are checked in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.integration.web.conftest import Site
from tests.support.browser import running_browser

WIDTHS = (1280, 390)
_AXE = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"
_SETUP = """
window.sent = [];
window.ethereum = {
  request: async ({ method, params }) => {
    window.sent.push([method, params]);
    if (method === 'eth_requestAccounts') return ['%s'];
    if (method === 'eth_chainId') return '%s';
    return '0x' + '77'.repeat(32);
  },
};
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with running_browser() as found:
        yield found


@contextmanager
def reader(browser: Browser, site: Site, width: int = 1280, **options: Any) -> Iterator[Page]:
    """A page of a new profile that fails the test on any error and any request to another host."""
    context = browser.new_context(
        base_url=site.url, viewport={"width": width, "height": 900}, **options
    )
    page = context.new_page()
    wrong: list[str] = []
    node = site.settled.village.client.url
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda message: (
            wrong.append(message.text)
            if message.type in ("error", "warning") and "status of 4" not in message.text
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((site.url, node))
            else wrong.append(f"asked {request.url}")
        ),
    )
    try:
        yield page
        assert wrong == []
    finally:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "zh-CN")])
def test_every_page_fits_its_window_and_loads_without_an_error(
    browser: Browser, site: Site, width: int, scheme: Any, locale: str
) -> None:
    with reader(browser, site, width, color_scheme=scheme, locale=locale) as page:
        for path in site.pages:
            page.goto(path)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{path} is {over} pixels too wide"
            assert page.get_by_role("heading", level=1).is_visible()
            clipped = page.evaluate(
                "[...document.querySelectorAll('a,button,dd,strong')]"
                ".filter((e) => !e.closest('.scroll,.skip') && e.getBoundingClientRect().right > innerWidth + 1)"
                ".map((e) => e.textContent)"
            )
            assert clipped == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_wcag_aa(browser: Browser, site: Site, scheme: Any) -> None:
    """As far as a program can tell: axe-core's rules for WCAG 2.2 A and AA, and its best practices."""
    with reader(browser, site, color_scheme=scheme) as page:
        told = []
        for path in site.pages:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            page.evaluate(_AXE.read_text())
            found = page.evaluate("axe.run().then((r) => r.violations)")
            told += [(path, each["id"], [node["html"] for node in each["nodes"]]) for each in found]
        assert told == []


def test_names_from_elsewhere_run_nothing(browser: Browser, hostile: Site) -> None:
    with reader(browser, hostile) as page:
        page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
        for path in hostile.pages:
            page.goto(path)
            assert page.evaluate("document.querySelectorAll('main script, main img').length") == 0


def test_the_keyboard_reaches_content_and_controls(browser: Browser, site: Site) -> None:
    with reader(browser, site) as page:
        page.goto(f"/wallets/{site.settled.holders[1]}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert outline == "3px"
        page.locator(".rows a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/payouts/*")


def test_a_wallet_is_found_from_any_page(browser: Browser, site: Site) -> None:
    with reader(browser, site, 390) as page:
        page.goto("/audit")
        page.get_by_role("searchbox").or_(page.locator("#open-wallet")).first.fill(
            site.settled.holders[0].lower()
        )
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/wallets/{site.settled.holders[0]}")


# --- Proofs ----------------------------------------------------------------------------------------


def check(
    page: Page, path: str, *, scope: str = "sample", node: bool
) -> tuple[str, dict[str, str]]:
    """Presses the button; the verdict's class and each link's state."""
    page.goto(path)
    page.locator(f"input[name=scope][value={scope}]").check()
    page.locator("input[name=node]").set_checked(node)
    page.get_by_role("button", name="Verify in this browser").click()
    page.locator(".verdict.holds, .verdict.partly, .verdict.broken").wait_for(timeout=120_000)
    links = page.locator(".link").evaluate_all(
        "(all) => all.map((e) => [e.querySelector('strong').textContent, e.className.split(' ')[1]])"
    )
    return str(page.locator(".verdict").get_attribute("class")).split()[1], dict(links)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scope", ["sample", "all"])
def test_a_good_proof_holds_in_the_browser(
    browser: Browser, site: Site, width: int, scope: str
) -> None:
    with reader(browser, site, width) as page:
        for path in site.payouts:
            verdict, links = check(page, path, scope=scope, node=True)
            assert verdict == "holds"
            assert list(links.values()) == ["holds"] * 9
            assert page.locator("#samples tbody tr").count() >= 3
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0


def test_without_a_node_the_page_says_what_it_did_not_check(browser: Browser, site: Site) -> None:
    with reader(browser, site) as page:
        verdict, links = check(page, site.payouts[0], node=False)
        assert verdict == "partly"
        assert "broken" not in links.values()
        assert links["Chain and contracts"] == links["Payout"] == "partly"
        assert links["Tariff lines"] == "holds"
        told = page.locator(".link .open").all_inner_texts()
        assert any("held these units" in each for each in told)


Change = Callable[[dict[str, Any]], object]
_BROKEN: dict[str, Change] = {
    "Distribution": lambda p: p["distribution"].update(
        amount=str(int(p["distribution"]["amount"]) + 1)
    ),
    "Payout": lambda p: p["payout"].update(units=str(int(p["payout"]["units"]) + 1)),
    "Waterfall": lambda p: p["settlement"]["lines"][0].update(paid="1"),
    "Statement": lambda p: p["statement"].update(
        signatures="0x" + p["statement"]["signatures"][2:][128:] * 2
    ),
    "Batches": lambda p: p["batches"][0]["manifest"].update(covered=1),
    "Tariff lines": lambda p: p["lines"][0].update(amount="1"),
    "Corrections": lambda p: p["corrections"]["document"]["periods"][0]["rows"][0].update(
        before="5"
    ),
    "Readings": lambda p: p["readings"][0]["some"][1]["path"].reverse(),
}


@pytest.mark.parametrize("link", _BROKEN)
def test_a_broken_proof_is_refused_and_its_first_broken_link_named(
    browser: Browser, site: Site, link: str
) -> None:
    def changed(route: Route) -> None:
        answer = route.fetch()
        proof = answer.json()
        _BROKEN[link](proof)
        route.fulfill(response=answer, body=json.dumps(proof))

    with reader(browser, site) as page:
        page.route("**/proof?*", changed)
        verdict, links = check(page, site.payouts[0], node=True)
        states = list(links.items())
        at = [name for name, _ in states].index(link)
        assert verdict == "broken"
        assert link in page.locator(".verdict").inner_text()
        assert [state for _, state in states] == (
            ["holds"] * at + ["broken"] + ["unreached"] * (len(states) - at - 1)
        )


def test_what_is_no_proof_and_a_node_that_fails_are_told_apart(
    browser: Browser, site: Site
) -> None:
    with reader(browser, site) as page:
        page.route("**/proof?*", lambda route: route.fulfill(body='{"version": 2}'))
        assert check(page, site.payouts[0], node=True)[0] == "broken"
        assert "not a payout proof" in page.locator(".verdict").inner_text()
        page.unroute_all()
        node = site.settled.village.client.url
        answer = '{"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}}'
        allowed = {"access-control-allow-origin": "*"}
        page.route(f"{node}/**", lambda route: route.fulfill(body=answer, headers=allowed))
        check(page, site.payouts[0], node=True)
        assert "says nothing about the proof" in page.locator(".verdict").inner_text()


# --- Claims ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "chain", "told", "sent"),
    [
        (0, "0x7a69", "Sent: 0x7777", True),
        (1, "0x7a69", "The wallet in this browser is", False),
        (0, "0x1", "The wallet is on chain 1", False),
    ],
)
def test_a_claim_is_prepared_for_the_right_account_and_chain_only(
    browser: Browser, site: Site, account: int, chain: str, told: str, sent: bool
) -> None:
    holders = site.settled.holders
    with reader(browser, site) as page:
        page.add_init_script(_SETUP % (holders[account].lower(), chain))
        page.goto(f"/wallets/{holders[0]}")
        page.get_by_role("button", name="Claim").click()
        page.get_by_text(told).wait_for()
        calls = page.evaluate("window.sent")
        found = [params[0] for method, params in calls if method == "eth_sendTransaction"]
        expected = {
            "from": holders[0].lower(),
            "to": site.settled.series,
            "data": "0x4e71d92d",
            "value": "0x0",
        }
        assert found == ([expected] if sent else [])


def test_without_a_wallet_in_the_browser_claiming_says_why_not(
    browser: Browser, site: Site
) -> None:
    with reader(browser, site) as page:
        page.goto(f"/wallets/{site.settled.holders[0]}")
        assert page.get_by_role("button", name="Claim").is_disabled()
        page.get_by_text("No wallet was found in this browser.").wait_for()
