"""Indexer, keeper and sender behind an endpoint that fails and lies: no wrong state, and they go on when it is well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.platform.kit import HOLDERS, MEGA, OPERATOR, Kit
from tests.integration.platform.test_index import fresh, tables
from tests.support.fault_proxy import FAULTS, FaultProxy, fault_proxy

from usufruct.chain import transport
from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender, Timing
from usufruct.contracts import settlement_currency, statement_book, waterfall
from usufruct.deploy.record import Deployment
from usufruct.errors import ChainError
from usufruct.index.chain import NodeChain
from usufruct.index.indexer import Indexer
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.site import KeeperSite
from usufruct.keys import dev_account, dev_address
from usufruct.ledger.database import Database
from usufruct.money import Currency

Follow = Callable[..., Indexer]
QUICK = Timing(timeout=3, stuck_after=1, rebroadcast_after=0.2, poll=0.01, poll_most=0.05)
QUIET = {"stale", "false hash"}
"""False words about the newest block alone: nothing that is taken in depends on them."""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_FIRST_PAUSE", 0.01)


@pytest.fixture
def proxy(kit: Kit) -> Iterator[FaultProxy]:
    with fault_proxy(kit.anvil.url) as running:
        yield running


@pytest.fixture
def behind(kit: Kit, proxy: FaultProxy) -> ChainClient:
    client = ChainClient(proxy.url, timeout=0.3)
    assert client.chain_id == kit.client.chain_id
    assert client.genesis == kit.client.genesis
    return client


def test_an_index_behind_any_fault_is_that_of_a_good_node(
    kit: Kit,
    behind: ChainClient,
    proxy: FaultProxy,
    ledger: Database,
    follow: Follow,
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        chain = NodeChain(behind, kit.contracts["Waterfall"])
        stack.callback(chain.close)
        identity = {"chain_id": "31337", "currency": "USDX:6"}
        indexer = Indexer(chain, ledger, kit.contracts, kit.first_block, identity)
        indexer.catch_up()
        for fault in FAULTS:
            kit.transfer("JR", HOLDERS[2], HOLDERS[0], 1)
            before = tables(ledger)
            proxy.fault, proxy.asked = fault, 0
            try:
                indexer.step()
            except ChainError:
                assert tables(ledger) == before
            else:
                assert fault in QUIET, f"{fault} was not noticed"
            assert proxy.asked, f"{fault} was never tried"
            proxy.fault = ""
            indexer.catch_up()
            assert tables(ledger) != before
    again = fresh(tmp_path, "again")
    follow(again).catch_up()
    assert tables(ledger) == tables(again)


def test_a_keeper_behind_any_fault_pays_once(
    kit: Kit,
    behind: ChainClient,
    proxy: FaultProxy,
    deployment: Deployment,
    ledger: Database,
    follow: Follow,
    tmp_path: Path,
) -> None:
    evidence = kit.attest(900 * MEGA, 1)
    kit.finish()
    gross = sum(line.amount for line in evidence.lines)
    kit.act("Waterfall", waterfall.fund(1, gross), OPERATOR)
    indexer = follow(ledger)
    indexer.catch_up()
    with Outbox(tmp_path / "outbox.db") as outbox:
        sender = Sender(behind, dev_account(3), outbox, timing=QUICK)
        keeper = Keeper(KeeperSite(behind, deployment, sender, Currency("USDX", 6)), ledger)
        for fault in FAULTS:
            proxy.fault = fault
            try:
                list(keeper.round())
            except ChainError:
                pass
            finally:
                proxy.fault = ""
            indexer.catch_up()
        list(keeper.round())
        indexer.catch_up()
        list(keeper.round())
    assert kit.ask("StatementBook", statement_book.progress_of(1)).settled == 1
    held = [
        kit.ask("SettlementCurrency", settlement_currency.balance_of(each)) for each in HOLDERS[:2]
    ]
    assert held == [540 * MEGA, 270 * MEGA]


@pytest.mark.parametrize("fault", ["other chain", "other genesis"])
def test_nothing_is_signed_for_another_chain(
    behind: ChainClient, proxy: FaultProxy, tmp_path: Path, fault: str
) -> None:
    with Outbox(tmp_path / "outbox.db") as outbox:
        sender = Sender(behind, dev_account(3), outbox, timing=QUICK)
        proxy.fault = fault
        proxy.answered.clear()
        with pytest.raises(ChainError, match="now serves chain"):
            sender.submit("key", dev_address(9), b"")
        assert outbox.pending(sender._account) == []
        assert "eth_sendRawTransaction" not in proxy.answered
        proxy.fault = ""
        assert sender.submit("key", dev_address(9), b"") is not None
