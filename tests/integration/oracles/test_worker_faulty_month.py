"""A month with three workers of which one lies, one is killed again and again, and one has a clock that is wrong.

It ends in the heads, statements and payouts that the files alone come to, and the alerts name the liar.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from tests.integration.oracles.test_worker_crash import STREAMS, doubly_signed
from tests.integration.oracles.village import (
    WATER,
    Process,
    Village,
    compute,
    journal_state,
    start_workers,
    village,
    wait_until,
)
from tests.support.communities import DAYS
from tests.support.ledgers import migrated

from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.contracts import settlement_currency, statement_book
from usufruct.index.chain import WATCHED, NodeChain
from usufruct.index.indexer import Indexer
from usufruct.keeper.fund import fund
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.site import KeeperSite, Stream
from usufruct.keys import dev_account, dev_address
from usufruct.money import Currency
from usufruct_oracles.simulation.lying_journal import ALTER_READINGS

pytestmark = pytest.mark.chain

KILLED, DRIFTING, LIAR = 0, 1, 2
HOLDER, OPERATOR, TREASURER, KEEPER = 10, 8, 1, 3
USDX = Currency("USDX", 6)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Village]:
    with village(tmp_path) as found:
        yield found


def test_a_month_with_a_liar_a_victim_and_a_wrong_clock_ends_in_the_right_payouts(
    place: Village, tmp_path: Path
) -> None:
    place.workers[DRIFTING].drift = "5000 0.5"
    liar = place.workers[LIAR]
    start_workers(place, LIAR)
    liar.stop()
    with closing(sqlite3.connect(liar.folder / "journal.sqlite")) as journal:
        journal.execute(ALTER_READINGS)
    start_workers(place, LIAR)
    victim, *_ = start_workers(place, KILLED, DRIFTING)
    dice = Random(7)
    for day in range(1, DAYS + 1):
        place.move_to(place.end_of(day))
        if day % 4 == 0:
            # At any moment: while it asks, answers, sends or writes.
            victim.process and victim.process.join(dice.uniform(0, 0.6))
            victim.kill()
            victim.start()
    honest = [place.workers[KILLED], place.workers[DRIFTING]]
    wait_until("the end of the month", lambda: all(is_done(each) for each in honest), 180)
    computed = compute(place, DAYS, tmp_path)
    for stream in STREAMS:
        assert place.head(stream) == computed.heads[stream][-1]
        assert place.digest(stream, 1) == computed.statements[stream]
    for worker in honest:
        heads, numbers = journal_state(worker)
        assert heads == computed.heads
        assert numbers == {each: list(range(computed.readings[each])) for each in STREAMS}
        assert doubly_signed(worker) == 0
    assert accused(place.workers[DRIFTING]) == {"gamma"}
    said = liar.get("/v1/status").json()
    assert all(stream["held"] for stream in said["streams"])
    assert pay(place, tmp_path) == place.record(WATER, 1).distributable


def is_done(worker: Process) -> bool:
    """Whether a worker has recorded all batches and statements."""
    if not worker.is_up():
        return False
    recorded = [each["recorded"] for each in worker.get("/v1/status").json()["streams"]]
    kept = [worker.get(f"/v1/statements/{each}/1/1").status_code for each in STREAMS]
    return recorded == [DAYS] * 3 and kept == [200] * 3


def accused(worker: Process) -> set[str]:
    """Names of those with whom a worker has disagreed, as its alerts have them."""
    names = {
        dev_address(4 + at).lower(): name for at, name in enumerate(("alpha", "beta", "gamma"))
    }
    alerts = worker.get("/v1/status").json()["alerts"]
    return {names.get(str(each["who"]).lower(), str(each["who"])) for each in alerts}


def pay(place: Village, folder: Path) -> int:
    """Funds and settles the water of the month, pays its holder, and returns what the holder has got."""
    place.move_to(place.record(WATER, 1).final_at)
    currency = place.deployment.address("SettlementCurrency")
    amount = place.record(WATER, 1).distributable
    ledger = migrated(f"sqlite:///{folder}/ledger.db")
    contracts = {name: place.deployment.address(name) for name in WATCHED}
    chain = NodeChain(place.client, contracts["Waterfall"])
    identity = {"chain_id": "31337", "currency": "USDX:6"}
    indexer = Indexer(chain, ledger, contracts, place.deployment.block, identity)

    def site(account: int) -> KeeperSite:
        outbox = Outbox(folder / f"{account}.db")
        sender = Sender(place.client, dev_account(account), outbox)
        return KeeperSite(place.client, place.deployment, sender, USDX)

    mint = settlement_currency.mint(dev_address(OPERATOR), amount)
    site(TREASURER).sender.submit("mint", currency, mint.data)
    fund(site(OPERATOR), Stream(WATER, "WATER"), None, "month")
    for _ in range(2):
        indexer.catch_up()
        list(Keeper(site(KEEPER), ledger).round())
    chain.close()
    ledger.dispose()
    progress = statement_book.progress_of(WATER)
    assert place.client.call(place.deployment.address("StatementBook"), progress).settled == 1
    balance = settlement_currency.balance_of(dev_address(HOLDER))
    return int(place.client.call(currency, balance))
