"""The keeper on a real chain: settles, pays, explains what it waits for, and never does anything twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from tests.integration.platform.kit import ADMIN, HOLDERS, MEGA, OPERATOR, OWNERS, Kit

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.chain.signer import MAX_GAS
from usufruct.clock import FixedClock
from usufruct.config import load_community
from usufruct.contracts import (
    address,
    participant_registry,
    revenue_right,
    series_extension,
    settlement_currency,
    statement_book,
    waterfall,
)
from usufruct.core.periods import period_bounds, period_of
from usufruct.deploy.record import Deployment
from usufruct.errors import ChainError, ConfigError, InputError
from usufruct.index.indexer import Indexer
from usufruct.index.runner import Runner
from usufruct.keeper import push
from usufruct.keeper.backoff import Backoff
from usufruct.keeper.cli import keep
from usufruct.keeper.fund import fund, required
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.records import schedule_records
from usufruct.keeper.site import DryRun, KeeperSite, Stream, stream_named, streams_of
from usufruct.keeper.status import late, status
from usufruct.keys import dev_account, dev_address
from usufruct.ledger.database import Database
from usufruct.money import Currency

Follow = Callable[..., Indexer]
VPP = Stream(1, "VPP")
OPERATOR_NUMBER = 8


@pytest.fixture
def make_site(
    kit: Kit, deployment: Deployment, tmp_path: Path
) -> Iterator[Callable[..., KeeperSite]]:
    opened: list[Outbox] = []

    def make(account: int = 3, outbox: str = "outbox") -> KeeperSite:
        opened.append(Outbox(tmp_path / f"{outbox}.db"))
        sender = Sender(kit.client, dev_account(account), opened[-1])
        return KeeperSite(kit.client, deployment, sender, Currency("USDX", 6))

    yield make
    for each in opened:
        each.close()


def told(keeper: Keeper) -> list[tuple[str, str]]:
    return [(outcome.kind, outcome.text) for outcome in keeper.round()]


def claimable(kit: Kit) -> int:
    return sum(
        kit.ask(code, revenue_right.claimable(holder))
        for code in ("SR", "JR")
        for holder in HOLDERS
    )


def attest_and_fund(kit: Kit, quantity: int = 900 * MEGA, period: int = 1) -> int:
    evidence = kit.attest(quantity, period)
    kit.finish()
    gross = sum(line.amount for line in evidence.lines)
    kit.act("Waterfall", waterfall.fund(1, gross), OPERATOR)
    return gross


def test_it_settles_and_pays_everybody(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    keeper = Keeper(make_site(), ledger)
    first = told(keeper)
    # The ledger has not seen the settlement yet, so everybody who ever held units is asked about.
    assert [kind for kind, _ in first] == ["settled", "late", "paid", "paid"]
    assert first[0][1] == "VPP period 1 is settled"
    assert first[2][1] == "LVPPS: 3 of 3 holders were paid 900.000000 USDX"
    assert claimable(kit) < len(HOLDERS)
    indexer.catch_up()
    assert told(keeper) == []


def test_it_pays_in_pages(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    attest_and_fund(kit)
    follow(ledger).catch_up()
    paid = [text for kind, text in told(Keeper(make_site(), ledger, page=2)) if kind == "paid"]
    assert [text.split(" were")[0] for text in paid] == [
        "LVPPS: 2 of 2 holders",
        "LVPPS: 1 of 1 holders",
        "LVPPJ: 2 of 2 holders",
        "LVPPJ: 1 of 1 holders",
    ]


def test_a_page_that_needs_too_much_gas_is_halved(
    kit: Kit,
    ledger: Database,
    follow: Follow,
    make_site: Callable[..., KeeperSite],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("usufruct.keeper.push.MOST_GAS", 100_000)
    attest_and_fund(kit)
    follow(ledger).catch_up()
    paid = [text for kind, text in told(Keeper(make_site(), ledger)) if kind == "paid"]
    assert len(paid) > 2
    assert claimable(kit) < len(HOLDERS)


def test_what_it_waits_for_is_said_in_words(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit.attest(900 * MEGA, 1)
    follow(ledger).catch_up()
    keeper = Keeper(make_site(), ledger)
    assert told(keeper)[0][1].startswith("VPP period 1 may be challenged until ")
    kit.finish()
    kind, text = told(keeper)[0]
    assert kind == "waiting"
    assert "1050.000000 USDX are required, 0.000000 USDX are there" in text
    assert "usufruct fund VPP --required" in text
    assert kit.ask("StatementBook", statement_book.progress_of(1)).settled == 0


def test_after_the_grace_it_settles_with_what_there_is(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit.attest(900 * MEGA, 1)
    kit.finish()
    kit.act("Waterfall", waterfall.fund(1, 500 * MEGA), OPERATOR)
    kit.warp(kit.now() + 7_300)
    follow(ledger).catch_up()
    assert told(Keeper(make_site(), ledger))[0] == (
        "settled",
        "VPP period 1 is settled; 550.000000 USDX stay short and are brought forward",
    )


def test_a_dispute_is_said_in_words(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit.attest(900 * MEGA, 1)
    kit.act("StatementBook", statement_book.dispute(1, 1, b"\1" * 32))
    follow(ledger).catch_up()
    assert told(Keeper(make_site(), ledger))[0][1].startswith("VPP period 1 is disputed; ")


def test_who_cannot_be_paid_is_named_and_does_not_stop_the_others(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    freeze = participant_registry.set_frozen(HOLDERS[1], True, b"\1" * 32, [kit.series["SR"]])
    kit.act("ParticipantRegistry", freeze)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(HOLDERS[3], True))
    attest_and_fund(kit)
    follow(ledger).catch_up()
    outcomes = told(Keeper(make_site(), ledger))
    withheld = [text for kind, text in outcomes if kind == "withheld"]
    assert withheld == [
        f"LVPPS: {HOLDERS[1]} is frozen; the amount stays claimable",
        f"LVPPJ: {HOLDERS[3]} is refused by the currency; the amount stays claimable",
    ]
    assert [text.split(" were")[0] for kind, text in outcomes if kind == "paid"] == [
        "LVPPS: 2 of 2 holders",
        "LVPPJ: 2 of 2 holders",
    ]


def test_two_keepers_at_once_pay_once(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    attest_and_fund(kit)
    follow(ledger).catch_up()
    keepers = [Keeper(make_site(3, "a"), ledger), Keeper(make_site(7, "b"), ledger)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(told, keepers))
    told(keepers[0])
    assert kit.ask("StatementBook", statement_book.progress_of(1)).settled == 1
    assert claimable(kit) < len(HOLDERS)
    follow(ledger).catch_up()
    held = kit.ask("SettlementCurrency", settlement_currency.balance_of(HOLDERS[0]))
    assert held == 540 * MEGA


def test_an_empty_ledger_is_refused(
    make_site: Callable[..., KeeperSite], ledger: Database, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="empty"):
        told(Keeper(make_site(), ledger))
    with pytest.raises(ConfigError, match="no ledger"):
        told(Keeper(make_site(), Database(f"sqlite:///{tmp_path}/none.db")))


# --- Funding ---------------------------------------------------------------------------------------


def test_funding_brings_in_exactly_what_is_required(
    kit: Kit, make_site: Callable[..., KeeperSite]
) -> None:
    kit.act(
        "SettlementCurrency",
        settlement_currency.approve(kit.contracts["Waterfall"], 0),
        OPERATOR,
    )
    kit.attest(900 * MEGA, 1)
    kit.attest(300 * MEGA, 2)
    site = make_site(OPERATOR_NUMBER)
    assert required(site, VPP) == 1_400 * MEGA
    assert fund(site, VPP, None, "a").text == "VPP: 1400.000000 USDX brought into escrow"
    assert required(site, VPP) == 0
    assert "nothing is required" in fund(site, VPP, None, "a").text
    assert kit.ask("Waterfall", waterfall.account_of(1)).escrow == 1_400 * MEGA


def test_one_reference_brings_money_in_once(kit: Kit, make_site: Callable[..., KeeperSite]) -> None:
    site = make_site(OPERATOR_NUMBER)
    for _ in range(2):
        fund(site, VPP, 5 * MEGA, "invoice-7")
    assert kit.ask("Waterfall", waterfall.account_of(1)).escrow == 5 * MEGA


def test_funding_refuses_what_cannot_be(kit: Kit, make_site: Callable[..., KeeperSite]) -> None:
    with pytest.raises(InputError, match="nothing to bring in"):
        fund(make_site(OPERATOR_NUMBER), VPP, 0, "zero")
    with pytest.raises(ChainError, match="too little USDX"):
        fund(make_site(3), VPP, 5 * MEGA, "poor")


def test_streams_are_found_by_number_and_code(kit: Kit, deployment: Deployment) -> None:
    found = streams_of(kit.client, deployment)
    assert found == [VPP]
    assert stream_named("VPP", found) == stream_named("1", found) == VPP
    with pytest.raises(ConfigError, match="not known"):
        stream_named("GAS", found)
    with pytest.raises(ConfigError, match="several"):
        stream_named("VPP", [VPP, Stream(2, "VPP")])


# --- Crashes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    [
        "keeper.settle.ready",
        "outbox.stored",
        "tx.sent",
        "tx.mined",
        "keeper.settle.sent",
        "outbox.stored:2",
        "tx.sent:2",
        "keeper.push.sent",
        "keeper.push.sent:2",
    ],
)
def test_a_keeper_killed_at_any_point_pays_once(
    kit: Kit, ledger: Database, follow: Follow, record: Path, tmp_path: Path, point: str
) -> None:
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    arguments = {
        "key": "dev:3",
        "rpc": kit.anvil.url,
        "deployment": record,
        "database": str(ledger.url),
        "outbox": tmp_path / "outbox.db",
    }
    assert kept(arguments, indexer, point) == -signal.SIGKILL
    assert kept(arguments, indexer) == 0
    assert kit.ask("StatementBook", statement_book.progress_of(1)).settled == 1
    assert claimable(kit) < len(HOLDERS)
    held = [
        kit.ask("SettlementCurrency", settlement_currency.balance_of(each)) for each in HOLDERS[:2]
    ]
    assert held == [540 * MEGA, 270 * MEGA]


@pytest.mark.parametrize(
    ("point", "number"),
    [
        *(("keeper.push.sent", number) for number in range(1, 7)),
        *(
            (point, number)
            for point in ("outbox.stored", "tx.sent", "tx.mined")
            for number in (1, 6)
        ),
    ],
)
def test_a_keeper_killed_at_any_boundary_of_a_page_pays_every_payee_once(
    kit: Kit,
    ledger: Database,
    follow: Follow,
    record: Path,
    tmp_path: Path,
    point: str,
    number: int,
) -> None:
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    # One holder a page: six pages, behind the settlement's own transaction.
    passes = number if point == "keeper.push.sent" else number + 1
    arguments = {
        "key": "dev:3",
        "rpc": kit.anvil.url,
        "deployment": record,
        "page": 1,
        "database": str(ledger.url),
        "outbox": tmp_path / "outbox.db",
    }
    assert kept(arguments, indexer, f"{point}:{passes}") == -signal.SIGKILL
    assert kept(arguments, indexer) == 0
    paid = payments(kit)
    assert sorted(paid) == sorted(set(paid))
    assert len(paid) == 6
    assert claimable(kit) < len(HOLDERS)
    held = [
        kit.ask("SettlementCurrency", settlement_currency.balance_of(each)) for each in HOLDERS[:2]
    ]
    assert held == [540 * MEGA, 270 * MEGA]


@pytest.mark.parametrize(
    "point", ["keeper.owed.sent", "keeper.close.sent", "keeper.redeem.sent", "tx.sent:6"]
)
def test_a_keeper_killed_while_it_ends_a_series_or_pays_arrears_does_each_once(
    kit: Kit, ledger: Database, follow: Follow, record: Path, tmp_path: Path, point: str
) -> None:
    kit._series("ONE", "LONE", [10, 0, 0, 0, 0], rank=3, term_to=1)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, True))
    kit.settle(900 * MEGA, 1)
    owed = kit.ask("Waterfall", waterfall.owed_to(OWNERS))
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, False))
    indexer = follow(ledger)
    indexer.catch_up()
    arguments = {
        "key": "dev:3",
        "rpc": kit.anvil.url,
        "deployment": record,
        "redeem": True,
        "page": 2,
        "database": str(ledger.url),
        "outbox": tmp_path / "outbox.db",
    }
    assert kept(arguments, indexer, point) == -signal.SIGKILL
    assert kept(arguments, indexer) == 0
    assert kit.ask("SettlementCurrency", settlement_currency.balance_of(OWNERS)) == owed > 0
    assert kit.ask("ONE", revenue_right.total_supply()) == 0
    paid = payments(kit)
    assert len(paid) == len(set(paid)) == 6


def payments(kit: Kit, codes: Sequence[str] = ("SR", "JR")) -> list[tuple[str, str]]:
    """(series, holder) of every payment that the chain has seen, in order."""
    topic = revenue_right.FundsWithdrawn.TOPIC
    series = {kit.series[code]: code for code in codes}
    logs = kit.client.logs(kit.first_block, kit.client.block_number(), list(series), [topic])
    return [
        (series[log.address], revenue_right.FundsWithdrawn.decode(log.topics, log.data).by)
        for log in logs
    ]


def test_two_keeper_processes_that_race_for_everything_do_it_once(
    kit: Kit, ledger: Database, follow: Follow, record: Path, tmp_path: Path
) -> None:
    kit._series("ONE", "LONE", [10, 0, 0, 0, 0], rank=3, term_to=1)
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    first = kit.client.block_number()
    accounts = (3, 7)
    # What comes within the same second gets into the same block: both see everything undone, and both send.
    kit.anvil.rpc("evm_setAutomine", False)
    kit.anvil.rpc("evm_setIntervalMining", 1)

    def work() -> float:
        indexer.step()
        return 0.05

    runner = Runner("index", work, lambda error: None)
    runner.start()
    keepers = [
        subprocess.Popen(
            [
                *(str(Path(sys.executable).parent / "usufruct"), "keep", "--key", f"dev:{account}"),
                *("--rpc", kit.anvil.url, "--deployment", str(record), "--page", "1"),
                *("--database", str(ledger.url), "--outbox", str(tmp_path / f"{account}.db")),
                *("--interval", "0.1", "--redeem"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for account in accounts
    ]
    try:
        wait_for(lambda: kit.ask("ONE", revenue_right.total_supply()) == 0)
        wait_for(lambda: claimable(kit) < len(HOLDERS))
    finally:
        for each in keepers:
            each.terminate()
        said = [each.communicate(timeout=60)[0] for each in keepers]
        runner.stop()
    assert [each.returncode for each in keepers] == [0, 0], said
    assert "Traceback" not in "".join(said)
    paid = payments(kit)
    assert len(paid) == len(set(paid)) == 6
    assert kit.ask("StatementBook", statement_book.progress_of(1)).settled == 1
    held = [
        kit.ask("SettlementCurrency", settlement_currency.balance_of(each)) for each in HOLDERS[:2]
    ]
    assert held == [540 * MEGA, 270 * MEGA]
    useful, wasted = gas_of(kit, {dev_address(each) for each in accounts}, first)
    # Settlement, six pages, the close and one redemption; whoever comes second for one of them wastes one transaction.
    assert len(useful) == 9
    assert len(wasted) <= len(useful)
    assert sum(wasted) <= sum(useful)


def gas_of(kit: Kit, accounts: set[str], after: int) -> tuple[list[int], list[int]]:
    """Gas of the accounts' transactions in later blocks: of those that did something, and of those that did not."""
    useful, wasted = [], []
    for number in range(after + 1, kit.client.block_number() + 1):
        for raw in kit.client.rpc("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if address(raw["from"]) in accounts:
                receipt = kit.client.receipt(bytes.fromhex(raw["hash"][2:]))
                assert receipt is not None
                done = receipt.status == 1 and receipt.logs
                (useful if done else wasted).append(receipt.gas_used)
    return useful, wasted


def wait_for(done: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_what_a_payee_is_owed_is_paid_once_it_can_be(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, True))
    kit.settle(900 * MEGA, 1)
    owed = kit.ask("Waterfall", waterfall.owed_to(OWNERS))
    assert owed
    follow(ledger).catch_up()
    keeper = Keeper(make_site(), ledger)
    assert [kind for kind, text in told(keeper) if OWNERS in text] == ["withheld"]
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, False))
    follow(ledger).catch_up()
    assert [kind for kind, text in told(keeper) if OWNERS in text] == ["paid"]
    assert kit.ask("SettlementCurrency", settlement_currency.balance_of(OWNERS)) == owed
    assert kit.ask("Waterfall", waterfall.owed_to(OWNERS)) == 0


def test_series_that_are_over_are_closed_and_redeemed(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit._series("ONE", "LONE", [10, 0, 0, 0, 0], rank=3, term_to=1)
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    left_alone = Keeper(make_site(), ledger)
    assert "closed" not in [kind for kind, _ in told(left_alone)]
    indexer.catch_up()
    keeper = Keeper(make_site(), ledger, redeem=True)
    assert [text for kind, text in told(keeper) if kind in ("closed", "redeemed")] == [
        "LONE: the last payable period is over, the series is closed",
        f"LONE: the units of {HOLDERS[0]} are redeemed",
    ]
    assert kit.ask("ONE", revenue_right.total_supply()) == 0
    indexer.catch_up()
    assert told(keeper) == []


def test_whoever_comes_second_to_a_redemption_or_to_arrears_calls_nobody_withheld(
    kit: Kit,
    ledger: Database,
    follow: Follow,
    make_site: Callable[..., KeeperSite],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit._series("ONE", "LONE", [10, 0, 0, 0, 0], rank=3, term_to=1)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, True))
    kit.settle(900 * MEGA, 1)
    kit.act("SettlementCurrency", settlement_currency.set_blocked(OWNERS, False))
    follow(ledger).catch_up()
    site = make_site()
    first = {
        waterfall.withdraw_owed(OWNERS).data: "Waterfall",
        series_extension.redeem(HOLDERS[0]).data: "ONE",
    }
    ask = site.client.call

    def beaten(to: str, call: Any, **more: Any) -> Any:
        """Another keeper's transaction is mined between two questions of this one."""
        if where := first.pop(call.data, ""):
            kit.act(where, call)
        return ask(to, call, **more)

    monkeypatch.setattr(site.client, "call", beaten)
    kinds = [kind for kind, _ in told(Keeper(site, ledger, redeem=True))]
    assert first == {}
    assert kinds == ["paid", "paid", "paid", "closed", "redeemed"]


def test_the_coming_month_end_is_announced_once(
    kit: Kit, make_site: Callable[..., KeeperSite], deployment: Deployment
) -> None:
    community = community_of(kit)
    site = make_site(0, "issuer")
    first = list(schedule_records(site, community))
    assert {outcome.kind for outcome in first} == {"announced"}
    period = period_of(community.project.first_period, kit.now(), "UTC")
    _, end = period_bounds(community.project.first_period, period, "UTC")
    for code in deployment.series:
        state = kit.ask(code, revenue_right.state())
        assert (state.record_period, state.record_at) == (period, end)
    assert {outcome.kind for outcome in schedule_records(site, community)} == {"kept"}


def test_only_the_issuer_announces_record_dates(
    kit: Kit, make_site: Callable[..., KeeperSite]
) -> None:
    outcomes = list(schedule_records(make_site(3), community_of(kit)))
    assert {outcome.kind for outcome in outcomes} == {"refused"}
    assert {outcome.facts["reason"] for outcome in outcomes} == {"NotAuthorized"}


def community_of(kit: Kit) -> Any:
    """The example project, with the kit's series and a first period in the month of the chain's time."""
    example = load_community(Path(__file__).parents[3] / "examples" / "community.toml")
    month = datetime.fromtimestamp(kit.now(), UTC).strftime("%Y-%m")
    project = replace(example.project, first_period=month, timezone="UTC")
    series = [
        replace(each, code=code, term_from=1, term_to=60)
        for each, code in zip(example.series, ("SR", "JR"), strict=False)
    ]
    return replace(example, project=project, series=tuple(series))


def kept(arguments: dict[str, Any], indexer: Indexer, crash_at: str = "") -> int | None:
    """Runs `usufruct keep --once` in a process of its own, which may die, while the ledger follows the chain."""
    child = get_context("fork").Process(target=_keep_once, args=(arguments, crash_at))
    child.start()

    def work() -> float:
        indexer.step()
        return 0.05

    runner = Runner("index", work, lambda error: None)
    runner.start()
    child.join(120)
    runner.stop()
    return child.exitcode


def _keep_once(arguments: dict[str, Any], crash_at: str) -> None:
    os.environ["USUFRUCT_CRASH_AT"] = crash_at
    fixed = {"once": True, "interval": 1.0, "as_json": False, "config": None, "state": None}
    keep(**{"page": 500, **fixed, **arguments})


def freezing(kit: Kit, *, frozen: bool) -> Any:
    return participant_registry.set_frozen(HOLDERS[0], frozen, b"\1" * 32, [kit.series["SR"]])


def test_a_dry_run_says_what_it_would_send_and_sends_nothing(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    attest_and_fund(kit)
    indexer = follow(ledger)
    indexer.catch_up()
    dry = replace(make_site(), sender=DryRun(ADMIN))
    assert told(Keeper(dry, ledger)) == [("would", "VPP period 1 would be settled")]
    assert told(Keeper(make_site(), ledger))[0][0] == "settled"
    for period in (2, 3):
        attest_and_fund(kit, period=period)
    assert told(Keeper(dry, ledger))[0] == (
        "would",
        "VPP period 2 would be settled, then up to period 3 what is final and funded",
    )
    kit.act("Waterfall", waterfall.settle(1, 2))
    kit.act("Waterfall", waterfall.settle(1, 3))
    indexer.catch_up()
    before = kit.client.block_number()
    outcomes = list(Keeper(dry, ledger).round())
    assert [each.text for each in outcomes] == [
        "LVPPS: 3 holders would be paid 1800.000000 USDX",
        f"LVPPJ: 3 holders would be paid {outcomes[1].text.split('paid ')[1]}",
    ]
    assert outcomes[0].facts["data"].startswith("0x")
    assert kit.client.block_number() == before


def test_whoever_cannot_be_paid_is_tried_ever_later_and_holds_up_nobody(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    kit.settle(900 * MEGA, 1)
    kit.act("ParticipantRegistry", freezing(kit, frozen=True))
    follow(ledger).catch_up()
    clock = FixedClock(1_000_000)
    keeper = Keeper(make_site(), ledger, backoff=Backoff(clock))
    assert [kind for kind, _ in told(keeper)] == ["withheld", "paid", "paid"]
    follow(ledger).catch_up()
    assert told(keeper) == []  # not due yet
    clock.advance(60)
    (again,) = keeper.round()
    assert "tried 2 times, again after" in again.text
    assert again.facts["next_at"] == clock.now() + 120
    clock.advance(120)
    kit.act("ParticipantRegistry", freezing(kit, frozen=False))
    follow(ledger).catch_up()
    assert [kind for kind, _ in told(keeper)] == ["paid"]
    assert claimable(kit) < len(HOLDERS)


def test_a_page_that_is_refused_as_a_whole_is_halved_until_one_is_to_blame(
    kit: Kit,
    ledger: Database,
    follow: Follow,
    make_site: Callable[..., KeeperSite],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit.settle(900 * MEGA, 1)
    follow(ledger).catch_up()
    site = make_site()
    submit, bad = site.sender.submit, HOLDERS[1][2:].lower()

    def refusing(key: str, to: str | None, data: bytes, **more: Any) -> Any:
        if bad in data.hex():
            raise revenue_right.PaymentWithheld(HOLDERS[1], revenue_right.Refusal.RECIPIENT_FROZEN)
        return submit(key, to, data, **more)

    monkeypatch.setattr(site.sender, "submit", refusing)
    outcomes = told(Keeper(site, ledger))
    assert [text for kind, text in outcomes if kind == "withheld"] == [
        f"LVPPS: {HOLDERS[1]} is frozen; the amount stays claimable"
    ]
    assert kit.ask("SR", revenue_right.claimable(HOLDERS[0])) == 0
    assert kit.ask("SR", revenue_right.claimable(HOLDERS[2])) == 0
    assert kit.ask("SR", revenue_right.claimable(HOLDERS[1])) > 0


def test_no_page_is_sent_with_more_gas_than_a_transaction_may_have() -> None:
    assert MAX_GAS == 16_777_216
    assert push.MOST_GAS * 5 // 4 <= MAX_GAS


def test_what_is_due_is_told_with_since_when_and_why(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    site = replace(make_site(), sender=DryRun(ADMIN))
    indexer = follow(ledger)
    indexer.catch_up()
    keeper = Keeper(site, ledger)
    assert status(site, ledger, keeper) == []
    kit.attest(900 * MEGA, 1)
    indexer.catch_up()
    assert status(site, ledger, keeper) == []  # the window is open
    kit.finish()
    indexer.catch_up()
    (due,) = status(site, ledger, keeper)
    assert (due.kind, due.subject) == ("settlement", "VPP period 1")
    assert "waits for money: 1050.000000 USDX are required" in due.why
    assert due.since <= kit.now()
    assert late([due], due.since + 60, 60) == []
    assert late([due], due.since + 61, 60) == [due]
    kit.act("Waterfall", waterfall.fund(1, 1_050 * MEGA), OPERATOR)
    kit.act("Waterfall", waterfall.settle(1, 1))
    kit.act("ParticipantRegistry", freezing(kit, frozen=True))
    assert "ledger" in {each.kind for each in status(site, ledger, keeper)}
    indexer.catch_up()
    found = status(site, ledger, keeper)
    assert [(each.kind, each.subject) for each in found] == [
        ("payout", "LVPPS"),
        ("withheld", f"LVPPS {HOLDERS[0]}"),
        ("payout", "LVPPJ"),
    ]
    assert "2 holders can be paid 360.000000 USDX" in found[0].why
    assert found[1].why == "is frozen"


def test_a_missing_statement_and_a_dispute_are_due(
    kit: Kit, ledger: Database, follow: Follow, make_site: Callable[..., KeeperSite]
) -> None:
    site = replace(make_site(), sender=DryRun(ADMIN))
    kit.attest(900 * MEGA, 1)
    kit.act("StatementBook", statement_book.dispute(1, 1, b"\3" * 32))
    follow(ledger).catch_up()
    (due,) = status(site, ledger, Keeper(site, ledger))
    assert (due.kind, due.subject) == ("statement", "VPP period 1")
    assert "disputed" in due.why
    community = load_community(Path(__file__).parents[3] / "examples" / "community.toml")
    project = replace(
        community.project,
        first_period=datetime.fromtimestamp(kit.start, UTC).strftime("%Y-%m"),
        timezone="UTC",
    )
    kit.warp(kit.now() + 62 * 86_400)
    follow(ledger).catch_up()
    found = status(site, ledger, Keeper(site, ledger), replace(community, project=project))
    missing = [each for each in found if "no statement is attested" in each.why]
    # The kit's stream begins in the middle of the first month, of which period 1 was attested.
    assert [each.subject for each in missing] == ["VPP period 2"]
    assert missing[0].since == period_bounds(project.first_period, 2, "UTC")[1]
