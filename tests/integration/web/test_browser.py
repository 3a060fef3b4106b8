"""The pages in a real Chromium, wide and narrow: nothing overflows, nothing is refused, proofs are checked in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.integration.web.conftest import Site

WIDTHS = (1280, 390)
_AXE = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"


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


@pytest.mark.parametrize(
    ("widths", "scheme", "locale"),
    [((1280, 390), "light", "en-GB"), ((390,), "dark", "zh-CN")],
    ids=["en", "zh"],
)
def test_every_page_fits_its_window_and_loads_without_an_error(
    browser: Browser, site: Site, widths: Sequence[int], scheme: Any, locale: str
) -> None:
    """Also one that is made narrow."""
    with reader(browser, site, widths[0], color_scheme=scheme, locale=locale) as page:
        for path in site.pages:
            page.goto(path)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert over <= 0, f"{path} is {over} pixels too wide"
                assert page.get_by_role("heading", level=1).is_visible()
                clipped = page.evaluate(
                    "[...document.querySelectorAll('a,button,dd,strong')]"
                    ".filter((e) => !e.closest('.scroll,.skip') && e.getBoundingClientRect().right > innerWidth + 1)"
                    ".map((e) => e.textContent)"
                )
                assert clipped == [], path
            page.set_viewport_size({"width": widths[0], "height": 900})


def test_no_page_breaks_a_rule_of_wcag_aa(browser: Browser, site: Site) -> None:
    """As far as a program can tell: axe-core's rules for WCAG 2.2 A and AA, and its best practices.

    In the dark only what is about colours is another.
    """
    rules = {"light": "{}", "dark": "{ runOnly: ['color-contrast', 'link-in-text-block'] }"}
    with reader(browser, site) as page:
        told = []
        for path in site.pages:
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            page.evaluate(_AXE.read_text())
            for scheme, asked in rules.items():
                page.emulate_media(color_scheme=scheme)
                found = page.evaluate(f"axe.run({asked}).then((r) => r.violations)")
                told += [
                    (path, scheme, each["id"], [node["html"] for node in each["nodes"]])
                    for each in found
                ]
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


def test_the_keyboard_reaches_every_action_and_shows_where_it_is(
    browser: Browser, site: Site
) -> None:
    """Tab goes through all links, fields and buttons of a page, in order, with an outline around each."""
    with reader(browser, site) as page:
        for path in (f"/wallets/{site.settled.holders[0]}", "/audit/replay", site.payouts[0]):
            page.goto(path)
            wanted = page.evaluate(
                "[...document.querySelectorAll('a[href],button:enabled,input:not([type=hidden]):enabled,select,summary,"
                '[tabindex="0"]\')]'
                ".filter((e) => e.checkVisibility() && !(e.type === 'radio' && !e.checked)).length"
            )
            seen = 0
            for _ in range(wanted + 5):
                page.keyboard.press("Tab")
                width = page.evaluate(
                    "((e) => e === document.body ? null : getComputedStyle(e).outlineStyle)(document.activeElement)"
                )
                if width is None:
                    break
                assert width != "none", page.evaluate("document.activeElement.outerHTML")
                seen += 1
            assert seen == wanted, path


def test_why_an_amount_was_paid_is_answered_before_anything_else(
    browser: Browser, site: Site
) -> None:
    """From the meters to the wallet in one row, each with a link to its details; no scrolling on a wide screen."""
    with reader(browser, site) as page:
        page.goto(site.payouts[0])
        stations = page.locator("ol.why li")
        assert stations.locator("a").all_inner_texts() == [
            *("Metered", "Income", "To VIL", "To this wallet")
        ]
        amount = page.get_by_role("heading", level=1).inner_text()
        assert stations.last.locator("strong").inner_text() == amount
        assert page.evaluate(
            "document.querySelector('ol.why').getBoundingClientRect().bottom < 500"
        )
        for link in stations.locator("a").all():
            assert page.locator(str(link.get_attribute("href"))).count() == 1


def test_what_is_shown_in_short_is_copied_whole(browser: Browser, site: Site) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with reader(browser, site, permissions=allowed) as page:
        page.goto(site.payouts[0])
        short = page.locator("button.hash").first
        whole = str(short.get_attribute("title"))
        assert "…" in short.inner_text()
        short.focus()
        page.keyboard.press("Enter")
        page.get_by_role("status").get_by_text("copied").wait_for(state="attached")
        assert page.evaluate("navigator.clipboard.readText()") == whole
        page.locator("button.hash:focus").wait_for()
        assert "…" in short.inner_text()
        # Where the clipboard is closed, the whole text is shown and selected.
        page.evaluate(
            "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
        )
        short.click()
        page.locator("button.hash").get_by_text(whole, exact=True).first.wait_for()
        assert page.evaluate("getSelection().toString()") == whole


def test_a_printed_page_is_whole_and_has_no_controls(browser: Browser, site: Site) -> None:
    with reader(browser, site) as page:
        page.goto(site.payouts[0])
        page.emulate_media(media="print")
        assert page.locator("header.site, #verify form").first.is_hidden()
        assert page.locator("ol.why").is_visible()
        assert (
            page.locator(".scroll").first.evaluate("(e) => getComputedStyle(e).overflowX")
            == "visible"
        )


def test_what_is_printed_is_dark_on_white_whatever_the_screen_is(
    browser: Browser, site: Site
) -> None:
    with reader(browser, site, color_scheme="dark") as page:
        page.goto(f"/wallets/{site.settled.holders[0]}")
        dark = page.evaluate("getComputedStyle(document.body).color")
        page.emulate_media(media="print", color_scheme="dark")
        printed = page.evaluate("getComputedStyle(document.body).color")
        assert (dark, printed) == ("rgb(232, 238, 234)", "rgb(27, 36, 32)")
        assert page.locator("form:visible").count() == 0
        page.goto(site.payouts[0])
        assert page.locator("#verify").is_hidden(), "nothing was checked, nothing is printed of it"


def test_a_form_that_takes_long_says_so(browser: Browser, site: Site) -> None:
    with reader(browser, site) as page:
        page.goto("/audit")
        page.route("**/audit?*", lambda route: page.wait_for_timeout(300) or route.continue_())
        page.evaluate(
            "new MutationObserver((all) => { for (const one of all) for (const node of one.addedNodes)"
            " if (node.className === 'working') sessionStorage.said = node.textContent; })"
            ".observe(document.body, { childList: true, subtree: true })"
        )
        page.get_by_role("button", name="Compare").click()
        page.get_by_text("no difference").wait_for()
        assert page.evaluate("sessionStorage.said") == "Working …"


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
        verdict, links = check(page, site.payouts[0], node=True)
        told = page.locator(".verdict").inner_text()
        assert "says nothing about the proof" in told
        assert "Nothing in the file is wrong" in told, "it is checked without the node"
        assert verdict == "partly"
        assert links["Readings"] == "holds"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 502, "body": "<html>bad gateway</html>"}, "could not be fetched: 502"),
        (
            {"status": 429, "body": '{"detail": "Too many requests."}'},
            "could not be fetched: Too many requests. (429)",
        ),
        (None, "this site does not answer"),
    ],
)
def test_a_proof_that_is_not_given_is_told_from_one_that_does_not_hold(
    browser: Browser, site: Site, answer: dict[str, Any] | None, told: str
) -> None:
    context = browser.new_context(base_url=site.url)  # the browser logs what it could not load
    try:
        page = context.new_page()
        page.route(
            "**/proof?*",
            lambda route: route.fulfill(**answer) if answer else route.abort(),
        )
        verdict, links = check(page, site.payouts[0], node=False)
        assert verdict == "broken"
        assert links == {}
        assert told in page.locator(".verdict").inner_text()
    finally:
        context.close()
