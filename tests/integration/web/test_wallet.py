"""What needs a wallet, with one in the browser: claiming, refusals, wrong accounts and chains, signing in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Browser, Page
from tests.integration.web.conftest import Site, served
from tests.integration.web.test_browser import reader
from tests.support.settled import Settled

from usufruct.contracts import offering as of
from usufruct.contracts import settlement_currency as sc
from usufruct.keys import dev_account

_TX = "0x" + "77" * 32
_WALLET = """
(() => {
  const setup = %s;
  window.sent = [];
  const make = (name) => ({
    request: async ({ method, params }) => {
      window.sent.push([name, method, params]);
      const answer = method === 'eth_call' ? setup.calls[params[0].data.slice(0, 10)] : setup[method];
      if (answer?.fails) throw Object.assign(new Error(answer.fails), { code: answer.code });
      if (method === 'wallet_switchEthereumChain') setup.eth_chainId = params[0].chainId;
      if (method === 'personal_sign') return window.signText(params[0]);
      return answer ?? null;
    },
  });
  if (setup.plain) window.ethereum = make('plain');
  for (const name of setup.announced ?? []) {
    const provider = make(name), info = { uuid: name, name, icon: '', rdns: name };
    const detail = Object.freeze({ info, provider });
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }));
    window.addEventListener('eip6963:requestProvider', announce);
    announce();
  }
})();
"""
"""A wallet of the browser: answers by method, as EIP-1193 and EIP-6963 say."""


def with_wallet(page: Page, account: str, **answers: Any) -> None:
    """Puts a wallet with an account into every page that follows."""
    usual = {
        "plain": True,
        "eth_requestAccounts": [account.lower()],
        "eth_chainId": "0x7a69",
        "eth_sendTransaction": _TX,
        "eth_getTransactionReceipt": {"blockNumber": "0x10", "status": "0x1"},
    }
    page.add_init_script(_WALLET % json.dumps(usual | answers))


def asked(page: Page, method: str) -> list[tuple[str, Any]]:
    """What the wallets were asked by a method: name of the wallet and parameters."""
    calls = page.evaluate("window.sent")
    return [(name, params) for name, called, params in calls if called == method]


# --- Subscriptions ---------------------------------------------------------------------------------

BALANCE, ALLOWANCE = "0x70a08231", "0xdd62ed3e"


@pytest.mark.parametrize(
    ("units", "calls", "told", "functions"),
    [
        ("7", {BALANCE: 10**9, ALLOWANCE: 10**9}, "Done in block 16", ["subscribe"]),
        (
            "7",
            {BALANCE: 10**9, ALLOWANCE: 13_999_999},
            "Done in block 16",
            ["approve", "subscribe"],
        ),
        ("7", {BALANCE: 13_999_999, ALLOWANCE: 0}, "too little money", []),
        ("4", {}, "Not these units. 5 to 90 units more.", []),
        ("91", {}, "Not these units.", []),
        ("7.5", {}, "Not these units.", []),
        ("", {}, "Not these units.", []),
        ("1e1", {}, "Not these units.", []),
    ],
)
def test_a_subscription_takes_the_steps_it_needs_and_says_what_stands_in_the_way(
    browser: Browser,
    site: Site,
    units: str,
    calls: dict[str, int],
    told: str,
    functions: list[str],
) -> None:
    holder, at = site.settled.holders[0], site.settled.village.at
    with reader(browser, site, 390) as page:
        with_wallet(page, holder, calls={key: hex(value) for key, value in calls.items()})
        page.goto(f"/wallets/{holder}")
        page.get_by_label("Units", exact=True).fill(units)
        page.get_by_role("button", name="Subscribe", exact=True).click()
        page.locator("#subscribing").get_by_text(told).wait_for()
        expected = {
            "approve": (
                at["SettlementCurrency"],
                sc.approve(at["Offering"], 14_000_000).data,
            ),
            "subscribe": (at["Offering"], of.subscribe(1, 7).data),
        }
        sent = [params[0] for _, params in asked(page, "eth_sendTransaction")]
        assert [(each["to"], each["data"]) for each in sent] == [
            (to, "0x" + data.hex()) for to, data in map(expected.__getitem__, functions)
        ]


def test_a_subscription_is_withdrawn_from_the_page_of_its_wallet(
    browser: Browser, site: Site
) -> None:
    holder = site.settled.holders[1]
    with reader(browser, site) as page:
        with_wallet(page, holder)
        page.goto(f"/wallets/{holder}?lang=zh")
        page.get_by_role("button", name="撤回", exact=True).click()
        page.get_by_text("已在区块 16 完成").wait_for()
        ((_, (sent,)),) = asked(page, "eth_sendTransaction")
        assert sent["to"] == site.settled.village.at["Offering"]
        assert sent["data"] == "0x" + of.withdraw(1).data.hex()


# --- Claims ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("account", "answers", "told", "sent"),
    [
        (0, {}, "Paid in block 16", True),
        (
            0,
            {"eth_getTransactionReceipt": {"blockNumber": "0x10", "status": "0x0"}},
            "refused by the contract in block 16",
            True,
        ),
        (1, {}, "The wallet in this browser is", False),
        (0, {"eth_requestAccounts": []}, "The wallet in this browser is –", False),
        (
            0,
            {"eth_requestAccounts": {"fails": "no", "code": 4001}},
            "You declined in the wallet",
            False,
        ),
        (
            0,
            {"eth_requestAccounts": {"fails": "busy", "code": -32002}},
            "waiting for an earlier question",
            False,
        ),
        (
            0,
            {"eth_sendTransaction": {"fails": "denied", "code": 4001}},
            "You declined in the wallet",
            True,
        ),
        (
            0,
            {"eth_sendTransaction": {"fails": "gas <b>?", "code": -32000}},
            "Not sent: gas <b>?",
            True,
        ),
    ],
)
def test_a_claim_is_prepared_for_the_right_account_and_every_refusal_is_told(
    browser: Browser,
    site: Site,
    account: int,
    answers: dict[str, Any],
    told: str,
    sent: bool,
) -> None:
    holders = site.settled.holders
    with reader(browser, site) as page:
        with_wallet(page, holders[account], **answers)
        page.goto(f"/wallets/{holders[0]}")
        button = page.get_by_role("button", name="Claim", exact=True)
        button.click()
        page.get_by_text(told).wait_for()
        expected = {
            "from": holders[0].lower(),
            "to": site.settled.series,
            "data": "0x4e71d92d",
            "value": "0x0",
        }
        assert asked(page, "eth_sendTransaction") == ([("plain", [expected])] if sent else [])
        assert button.is_enabled(), "it can be tried again"


def test_a_wallet_on_another_chain_is_asked_to_switch_and_then_claims(
    browser: Browser,
    site: Site,
) -> None:
    holder = site.settled.holders[0]
    with reader(browser, site, 390) as page:
        with_wallet(page, holder, eth_chainId="0x1")
        page.goto(f"/wallets/{holder}")
        page.get_by_role("button", name="Claim", exact=True).click()
        page.get_by_text("The wallet is on chain 1").wait_for()
        assert asked(page, "eth_sendTransaction") == []
        page.get_by_role("button", name="Switch the wallet to this chain").click()
        page.get_by_text("You can claim now").wait_for()
        assert asked(page, "wallet_switchEthereumChain") == [("plain", [{"chainId": "0x7a69"}])]
        page.get_by_role("button", name="Claim", exact=True).click()
        page.get_by_text("Paid in block 16").wait_for()


def test_a_page_that_is_loaded_anew_goes_on_waiting_for_what_was_sent(
    browser: Browser, site: Site
) -> None:
    holder = site.settled.holders[0]
    with reader(browser, site) as page:
        with_wallet(page, holder, eth_getTransactionReceipt=None)
        page.goto(f"/wallets/{holder}")
        claim = page.get_by_role("button", name="Claim", exact=True)
        claim.click()
        page.get_by_text(f"Sent, waiting for its block: {_TX}").wait_for()
        page.reload()
        page.get_by_text(f"Sent, waiting for its block: {_TX}").wait_for()
        assert claim.is_disabled(), "nothing is sent twice"
        assert asked(page, "eth_requestAccounts") == []
        with_wallet(page, holder)
        page.reload()
        page.get_by_text("Paid in block 16").wait_for()
        assert claim.is_enabled()
        page.reload()
        page.locator("#claims button:enabled[data-to]").wait_for()
        assert page.get_by_text("Paid in block 16").count() == 0


def test_what_no_block_takes_up_is_told_after_a_while(browser: Browser, site: Site) -> None:
    holder = site.settled.holders[0]
    with reader(browser, site) as page:
        page.clock.install()
        with_wallet(page, holder, eth_getTransactionReceipt=None)
        page.goto(f"/wallets/{holder}")
        page.get_by_role("button", name="Claim", exact=True).click()
        page.get_by_text(f"Sent, waiting for its block: {_TX}").wait_for()
        for _ in range(121):
            page.clock.run_for(1_000)
        page.get_by_text("in no block yet").wait_for()


def test_of_several_wallets_the_chosen_one_is_asked(browser: Browser, site: Site) -> None:
    holder = site.settled.holders[0]
    with reader(browser, site) as page:
        with_wallet(page, holder, plain=False, announced=["Fox", "<img src=x onerror=alert(1)>"])
        page.goto(f"/wallets/{holder}")
        page.locator("#claims").get_by_label("Wallet", exact=True).select_option(index=1)
        page.get_by_role("button", name="Claim", exact=True).click()
        page.get_by_text("Paid in block 16").wait_for()
        names = {name for name, _ in asked(page, "eth_sendTransaction")}
        assert names == {"<img src=x onerror=alert(1)>"}
        assert page.locator("main img").count() == 0


def test_one_wallet_that_announces_itself_is_enough_and_nothing_is_asked_unbidden(
    browser: Browser,
    site: Site,
) -> None:
    holder = site.settled.holders[0]
    with reader(browser, site) as page:
        with_wallet(page, holder, plain=False, announced=["Fox"])
        page.goto(f"/wallets/{holder}")
        page.get_by_text("A wallet was found").or_(
            page.locator("#claims button:enabled[data-to]")
        ).first.wait_for()
        assert page.locator("#claim-wallet").is_hidden()
        assert page.evaluate("window.sent") == []


def test_without_a_wallet_in_the_browser_claiming_says_why_not(
    browser: Browser,
    site: Site,
) -> None:
    with reader(browser, site) as page:
        page.goto(f"/wallets/{site.settled.holders[0]}")
        assert page.get_by_role("button", name="Claim", exact=True).is_disabled()
        page.locator("#claims").get_by_text("No wallet was found in this browser.").wait_for()


# --- Signing in and out ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guarded(village: Settled) -> Iterator[Site]:
    """The same pages, where what is about a wallet is for that wallet."""
    with served(village, village.database, None, guarded=True) as found:
        yield found


def test_a_wallet_signs_in_sees_its_own_pages_only_and_signs_out(
    browser: Browser,
    guarded: Site,
) -> None:
    """The holder is Anvil's second account."""
    one, two = guarded.settled.holders[:2]
    key = bytes(dev_account(1))

    def sign(text: str) -> str:
        signed = Account.sign_message(encode_defunct(hexstr=text), key)
        return "0x" + signed.signature.hex()

    with reader(browser, guarded) as page:
        page.expose_function("signText", sign)
        with_wallet(page, one)
        page.goto(f"/wallets/{one}")
        assert page.get_by_role("heading", level=1).inner_text() == "Sign in first"
        page.get_by_role("button", name="Sign in with your wallet").click()
        page.get_by_role("heading", name="Holdings").wait_for()
        page.locator(".rows a").first.click()
        page.get_by_role("heading", name="Check it yourself").wait_for()
        page.goto(f"/wallets/{two}")
        assert page.get_by_role("heading", level=1).inner_text() == "There is no such page"
        page.goto("/sign-in")
        page.get_by_text("holdings, payouts and claims of the own wallet").wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{guarded.url}/")
        assert page.get_by_role("button", name="Sign out").count() == 0
        page.goto(f"/wallets/{one}")
        assert page.get_by_role("heading", level=1).inner_text() == "Sign in first"


def test_a_signature_that_is_declined_or_wrong_signs_nobody_in(
    browser: Browser,
    guarded: Site,
) -> None:
    with reader(browser, guarded, locale="zh-CN") as page:
        page.expose_function("signText", lambda _: "0x" + "11" * 65)
        with_wallet(page, guarded.settled.holders[0])
        page.goto("/sign-in")
        page.get_by_role("button", name="用钱包登录").click()
        page.get_by_text("未登录").wait_for()
        assert page.get_by_role("button", name="退出登录").count() == 0
