from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from eth_account import Account
from tests.integration.chain import counter
from tests.support.anvil import Anvil, running_anvil

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.outbox import NonceMoved, Outbox, State
from usufruct.chain.sender import Sender, Timing
from usufruct.chain.signer import bumped
from usufruct.contracts import ZERO_ADDRESS
from usufruct.contracts import access_manager as am
from usufruct.errors import ChainError
from usufruct.keys import dev_account, dev_address

QUICK = Timing(timeout=60, stuck_after=0.3, rebroadcast_after=0.15, poll=0.01, poll_most=0.05)
RICH = dev_address(0)


@pytest.fixture
def client(anvil_fresh: Anvil) -> ChainClient:
    return ChainClient(anvil_fresh.url)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as opened:
        yield opened


@pytest.fixture
def sender(client: ChainClient, outbox: Outbox) -> Sender:
    return Sender(client, dev_account(0), outbox, timing=QUICK)


@pytest.fixture
def contract(sender: Sender) -> str:
    receipt = sender.submit("deploy", None, counter.CREATION)
    assert receipt is not None
    assert receipt.contract_address is not None
    return receipt.contract_address


def test_a_key_takes_effect_once(sender: Sender, client: ChainClient, contract: str) -> None:
    first = sender.submit("call", contract, b"")
    again = sender.submit("call", contract, b"")
    assert first == again
    assert counter.count(client, contract) == 1
    assert client.nonce(RICH) == 2


def test_different_keys_take_effect_each(
    sender: Sender, client: ChainClient, contract: str
) -> None:
    for number in range(3):
        sender.submit(f"call/{number}", contract, b"")
    assert counter.count(client, contract) == 3


def test_nothing_is_sent_when_the_effect_is_there(sender: Sender, contract: str) -> None:
    assert sender.submit("call", contract, b"", done=lambda: True) is None
    assert sender.next_nonce() == 1


def test_an_effect_that_was_undone_can_be_wanted_again(
    sender: Sender, client: ChainClient, contract: str
) -> None:
    for wanted in (1, 2):
        sender.submit(
            "call",
            contract,
            b"",
            done=lambda wanted=wanted: counter.count(client, contract) >= wanted,
        )
    assert counter.count(client, contract) == 2


def test_the_same_key_from_many_threads_takes_effect_once(
    sender: Sender, client: ChainClient, contract: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda _: sender.submit("call", contract, b""), range(8)))
    assert len({receipt.tx_hash for receipt in receipts if receipt is not None}) == 1
    assert counter.count(client, contract) == 1


def test_threads_do_not_race_for_the_nonce(
    sender: Sender, client: ChainClient, contract: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sender.submit(f"call/{n}", contract, b""), range(24)))
    assert counter.count(client, contract) == 24
    assert client.nonce(RICH) == 25


def test_two_processes_may_share_an_outbox(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str, tmp_path: Path
) -> None:
    processes = [start(anvil_fresh, tmp_path, contract, f"call/{n}") for n in range(4)]
    for number in range(8):
        sender.submit(f"own/{number}", contract, b"")
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert counter.count(client, contract) == 12


# --- A node that forgets, is slow, or lies -------------------------------------------------------


def test_a_dropped_transaction_is_broadcast_again(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sender.submit, "call", contract, b"")
        tx_hash = await_pending(anvil_fresh)
        anvil_fresh.rpc("anvil_dropTransaction", tx_hash)
        assert await_pending(anvil_fresh) == tx_hash
        anvil_fresh.rpc("evm_mine")
        receipt = waiting.result(timeout=60)
    assert receipt is not None
    assert counter.count(client, contract) == 1


class GrumblingClient(ChainClient):
    """A client whose node answers the next broadcast with an error, whatever it holds."""

    grumble = ""

    def rpc(self, method: str, *params: object) -> object:
        """The answer, or the grumble instead of one broadcast."""
        if method == "eth_sendRawTransaction" and self.grumble:
            said, self.grumble = self.grumble, ""
            raise RpcError(-32005, said, self.url, method)
        return super().rpc(method, *params)


def await_grumble(client: GrumblingClient) -> None:
    """Until the node has answered a broadcast."""
    deadline = time.monotonic() + 60
    while client.grumble:
        assert time.monotonic() < deadline, "nothing was broadcast"
        time.sleep(0.01)


@pytest.mark.parametrize("said", ["AlreadyKnown", "request rate limited", "internal error"])
def test_what_the_node_holds_is_never_sent_anew_whatever_it_says(
    anvil_fresh: Anvil, client: ChainClient, contract: str, outbox: Outbox, said: str
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    hurried = Timing(timeout=0.2, stuck_after=60, poll=0.01, poll_most=0.05)
    with pytest.raises(ChainError):
        Sender(client, dev_account(0), outbox, timing=hurried).submit("call", contract, b"")
    grumbling = GrumblingClient(anvil_fresh.url)
    grumbling.grumble = said
    after_restart = Sender(grumbling, dev_account(0), outbox, timing=QUICK)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(after_restart.submit, "call", contract, b"")
        await_grumble(grumbling)
        anvil_fresh.rpc("evm_setAutomine", True)
        anvil_fresh.rpc("evm_mine")
        assert waiting.result(timeout=60) is not None
    anvil_fresh.rpc("evm_mine")
    assert counter.count(client, contract) == 1


def test_a_stuck_transaction_gets_higher_fees_and_keeps_its_nonce(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str, outbox: Outbox
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sender.submit, "call", contract, b"")
        first = await_pending(anvil_fresh)
        await_pending(anvil_fresh, other_than=first)
        anvil_fresh.rpc("evm_mine")
        receipt = waiting.result(timeout=60)
    assert receipt is not None
    assert "0x" + receipt.tx_hash.hex() != first
    entry = outbox.entry(sender._account, "call")
    assert entry is not None
    assert entry.state is State.MINED
    assert len(entry.attempts) >= 2
    for before, after in zip(entry.attempts, entry.attempts[1:], strict=False):
        assert after.nonce == before.nonce
        assert 8 * after.max_fee >= 9 * before.max_fee
        assert 8 * after.priority_fee >= 9 * before.priority_fee
    assert counter.count(client, contract) == 1


@pytest.mark.parametrize(("fee", "higher"), [(0, 1), (1, 2), (8, 9), (9, 11), (1000, 1125)])
def test_a_bump_is_at_least_an_eighth(fee: int, higher: int) -> None:
    assert bumped(fee) == higher


def test_fees_stop_at_the_cap(
    anvil_fresh: Anvil, client: ChainClient, outbox: Outbox, contract: str
) -> None:
    now = Sender(client, dev_account(0), outbox)._signer.fees().most
    timing = Timing(timeout=1.0, stuck_after=0.1, poll=0.01, poll_most=0.05, max_fee_cap=now)
    sender = Sender(client, dev_account(0), outbox, timing=timing)
    anvil_fresh.rpc("evm_setAutomine", False)
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("call", contract, b"")
    entry = outbox.entry(sender._account, "call")
    assert entry is not None
    assert len(entry.attempts) == 1


def test_a_late_transaction_stays_and_is_taken_up_again(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("call", contract, b"", timeout=0.1)
    anvil_fresh.rpc("evm_mine")
    assert sender.submit("call", contract, b"") is not None
    assert counter.count(client, contract) == 1


def test_a_nonce_that_another_transaction_took_is_replaced_by_a_fresh_one(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str, tmp_path: Path
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with ThreadPoolExecutor(2) as pool, Outbox(tmp_path / "foreign.sqlite") as foreign:
        waiting = pool.submit(sender.submit, "call", contract, b"")
        anvil_fresh.rpc("anvil_dropTransaction", await_pending(anvil_fresh))
        stranger = Sender(client, dev_account(0), foreign, timing=QUICK)
        # Other data: the same call with the same nonce would be the same transaction, and both would have it.
        foreign_call = pool.submit(stranger.submit, "foreign", contract, b"\x01")
        anvil_fresh.rpc("evm_setAutomine", True)
        anvil_fresh.rpc("evm_mine")
        assert waiting.result(timeout=60) is not None
        assert foreign_call.result(timeout=60) is not None
    assert counter.count(client, contract) == 2
    assert client.nonce(RICH) == 3


def test_a_lost_nonce_is_not_signed_anew_when_the_effect_is_there(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str, outbox: Outbox
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with pytest.raises(ChainError):
        sender.submit("call", contract, b"", timeout=0)
    anvil_fresh.rpc("anvil_dropTransaction", await_pending(anvil_fresh))
    transaction = {"from": RICH, "to": contract, "nonce": "0x1", "gas": "0x186a0"}
    anvil_fresh.rpc("eth_sendTransaction", transaction)
    anvil_fresh.rpc("evm_mine")
    done = lambda: counter.count(client, contract) == 1  # noqa: E731  # reads best here
    assert sender.submit("call", contract, b"", done=done) is None
    entry = outbox.entry(sender._account, "call")
    assert entry is not None
    assert entry.state is State.DROPPED
    assert counter.count(client, contract) == 1


def test_a_transaction_that_a_reorganisation_took_out_comes_back(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str
) -> None:
    sender.submit("call", contract, b"")
    anvil_fresh.rpc("anvil_rollback", 1)
    assert counter.count(client, contract) == 0
    assert sender.submit("call", contract, b"") is not None
    assert counter.count(client, contract) == 1


def test_a_chain_that_began_anew_gets_the_effect_again(
    anvil_fresh: Anvil, sender: Sender, contract: str, outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    sender.submit("call", contract, b"")
    with running_anvil(tmp_path / "other", "--timestamp", "1800000000") as other:
        client = ChainClient(other.url)
        restarted = Sender(client, dev_account(0), outbox, timing=QUICK)
        receipt = restarted.submit("deploy", None, counter.CREATION)
        assert receipt is not None
        assert receipt.contract_address == contract
        assert restarted.submit("call", contract, b"") is not None
        assert counter.count(client, contract) == 1


def test_a_node_that_changed_its_chain_is_refused(
    anvil_fresh: Anvil, sender: Sender, contract: str
) -> None:
    anvil_fresh.rpc("anvil_setChainId", 4242)
    with pytest.raises(ChainError, match="chain 4242") as caught:
        sender.submit("call", contract, b"")
    assert str(caught.value.rule).startswith("this sender was started on chain 31337 ")


def test_an_older_transaction_that_is_refused_does_not_block_later_ones(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str, outbox: Outbox
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("old", contract, b"", timeout=0)
    anvil_fresh.rpc("anvil_dropTransaction", await_pending(anvil_fresh))
    balance = client.balance(RICH)
    anvil_fresh.rpc("anvil_setBalance", RICH, "0x0")
    assert sender.recover() == []
    anvil_fresh.rpc("anvil_setBalance", RICH, hex(balance))
    anvil_fresh.rpc("evm_setAutomine", True)
    assert sender.submit("new", contract, b"") is not None
    assert sender.submit("old", contract, b"") is not None
    assert counter.count(client, contract) == 2


def test_a_transaction_that_was_given_up_and_mined_all_the_same_counts(
    sender: Sender, client: ChainClient, contract: str, outbox: Outbox
) -> None:
    receipt = sender.submit("call", contract, b"")
    entry = outbox.entry(sender._account, "call")
    assert entry is not None
    outbox.move(entry, State.DROPPED)
    assert sender.submit("call", contract, b"") == receipt
    assert counter.count(client, contract) == 1


def test_waiting_for_what_is_pending(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, contract: str
) -> None:
    anvil_fresh.rpc("evm_setAutomine", False)
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("call", contract, b"", timeout=0)
    assert sender.recover() == ["call"]
    anvil_fresh.rpc("evm_mine")
    assert sender.recover(wait=True) == []
    assert counter.count(client, contract) == 1


def test_the_key_is_shown_nowhere(client: ChainClient, outbox: Outbox) -> None:
    sender = Sender(client, Account.from_key(dev_account(98)), outbox, timing=QUICK)
    with pytest.raises(ChainError) as caught:
        sender.submit("call", ZERO_ADDRESS, b"")
    texts = [repr(sender), repr(vars(sender)), "".join(traceback.format_exception(caught.value))]
    assert not [text for text in texts if dev_account(98).hex()[:16] in text]


# --- Refusals ------------------------------------------------------------------------------------


@pytest.fixture
def manager(sender: Sender) -> str:
    receipt = sender.submit("manager", None, am.deploy_data(sender.address))
    assert receipt is not None
    assert receipt.contract_address is not None
    return receipt.contract_address


def test_a_revert_is_raised_before_anything_is_sent(
    client: ChainClient, outbox: Outbox, manager: str
) -> None:
    stranger = Sender(client, dev_account(1), outbox, timing=QUICK)
    call = am.grant_role(5, stranger.address, 0)
    with pytest.raises(am.AccessManagerUnauthorizedAccount):
        stranger.submit("grant", manager, call.data)
    assert client.nonce(stranger.address) == 0
    assert outbox.pending(stranger._account) == []


def test_a_mined_failure_is_raised_with_its_reason_and_frees_the_key(
    anvil_fresh: Anvil, sender: Sender, client: ChainClient, outbox: Outbox, manager: str
) -> None:
    second = Sender(client, dev_account(1), outbox, timing=QUICK)
    sender.submit("admin", manager, am.grant_role(0, second.address, 0).data)
    anvil_fresh.rpc("evm_setAutomine", False)
    with ThreadPoolExecutor(2) as pool:
        # The revocation pays more, so that the grant finds itself without permission in the same
        # block.
        revoke = am.revoke_role(0, second.address)
        transaction = {
            "from": RICH,
            "to": manager,
            "data": "0x" + revoke.data.hex(),
            "gas": "0x30d40",
        }
        grant = pool.submit(second.submit, "grant", manager, am.grant_role(5, RICH, 0).data)
        await_pending(anvil_fresh)
        anvil_fresh.rpc(
            "eth_sendTransaction",
            transaction | {"maxPriorityFeePerGas": "0x174876e800", "maxFeePerGas": "0x2e90edd000"},
        )
        anvil_fresh.rpc("evm_mine")
        with pytest.raises(am.AccessManagerUnauthorizedAccount):
            grant.result(timeout=60)
    entry = outbox.entry(second._account, "grant")
    assert entry is not None
    assert entry.state is State.REVERTED
    anvil_fresh.rpc("evm_setAutomine", True)
    sender.submit("admin again", manager, am.grant_role(0, second.address, 0).data)
    assert second.submit("grant", manager, am.grant_role(5, RICH, 0).data) is not None


def test_an_empty_account_is_told_what_it_needs(client: ChainClient, outbox: Outbox) -> None:
    poor = Sender(client, dev_account(99), outbox, timing=QUICK)
    with pytest.raises((ChainError, RpcError)) as caught:
        poor.submit("call", ZERO_ADDRESS, b"")
    assert poor.address in caught.value.one_line()
    assert outbox.pending(poor._account) == []


def test_a_predicted_nonce_is_kept_or_refused(sender: Sender, contract: str) -> None:
    with pytest.raises(NonceMoved):
        sender.submit("call", contract, b"", nonce=7)
    assert sender.submit("call", contract, b"", nonce=sender.next_nonce()) is not None


# --- kill -9 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["outbox.stored", "tx.sent", "tx.mined", "tx.recorded"])
def test_a_crash_at_any_point_leaves_exactly_one_effect(
    anvil_fresh: Anvil, client: ChainClient, contract: str, tmp_path: Path, point: str
) -> None:
    killed = start(anvil_fresh, tmp_path, contract, "call", point)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    assert start(anvil_fresh, tmp_path, contract, "call").wait(timeout=60) == 0
    assert counter.count(client, contract) == 1
    assert client.nonce(RICH) == 2


def test_what_a_crash_left_does_not_block_what_comes_later(
    anvil_fresh: Anvil, client: ChainClient, contract: str, tmp_path: Path
) -> None:
    start(anvil_fresh, tmp_path, contract, "first", "outbox.stored").wait(timeout=60)
    assert start(anvil_fresh, tmp_path, contract, "second").wait(timeout=60) == 0
    assert counter.count(client, contract) == 2


def start(
    anvil: Anvil, folder: Path, contract: str, key: str, crash_at: str = ""
) -> subprocess.Popen[bytes]:
    arguments = [anvil.url, str(folder / "outbox.sqlite"), key, contract]
    environment = {**os.environ, "USUFRUCT_CRASH_AT": crash_at}
    command = [sys.executable, "-m", "tests.integration.chain.counter", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def await_pending(anvil: Anvil, other_than: str = "") -> str:
    """Hash of the only transaction that waits to be mined."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        content = anvil.rpc("txpool_content")["pending"]
        hashes = [tx["hash"] for account in content.values() for tx in account.values()]
        if hashes and hashes != [other_than]:
            return str(hashes[0])
        time.sleep(0.02)
    raise AssertionError("no transaction came")
