"""The sender on a chain in memory: lost, replaced and held-up transactions, gaps, fees, and nodes that lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.node import GWEI, Chain, Refused
from tests.simulation.schedule import new_chain
from tests.simulation.wire import Endpoint

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox, Request, State
from usufruct.chain.sender import Sender, Timing
from usufruct.chain.signer import MAX_GAS, Fees, Signer, bumped
from usufruct.core.keccak import keccak256
from usufruct.errors import ChainError
from usufruct.keys import dev_account, dev_address

CALL = {"to": dev_address(9), "data": "0x"}
ME, KEY = dev_address(4), dev_account(4)
TIMING = Timing(timeout=60, stuck_after=15, rebroadcast_after=3, poll=1, poll_most=2)


class Ground:
    """A sender whose time passes while it waits; `block` says what each block takes in."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.chain = new_chain()
        self.endpoint = Endpoint(self.chain, self.chain, None, lambda: None)  # type: ignore[arg-type]  # no dice
        self.client = ChainClient("http://simulated", transport=self.endpoint)
        self.outbox = Outbox(folder / "outbox.sqlite")
        self.forgets: list[int] = []
        self.mines = True

    def sender(self, **changes: object) -> Sender:
        timing = Timing(**{**vars_of(TIMING), **changes})  # type: ignore[arg-type]
        return Sender(self.client, KEY, self.outbox, timing=timing, timer=self)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for nonce in self.forgets:
            self.chain.pool.pop((ME, nonce), None)
        if self.mines:
            self.chain.mine(self.chain.head.time + 1)

    def sent(self, nonce: int) -> int:
        """How many transactions with that nonce were mined."""
        return sum(
            each.tx.nonce == nonce and each.tx.sender == ME
            for block in self.chain.blocks
            for each in block.mined
        )


def vars_of(timing: Timing) -> dict[str, object]:
    return {name: getattr(timing, name) for name in timing.__slots__}


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    found = Ground(tmp_path)
    yield found
    found.outbox.close()


@given(st.integers(0, 10**15))
def test_a_bump_is_the_least_that_is_an_eighth_more(fee: int) -> None:
    higher = bumped(fee)
    assert 8 * higher >= 9 * fee
    assert higher > fee
    assert higher == fee + 1 or 8 * (higher - 1) < 9 * fee


def test_a_transaction_that_is_stuck_pays_an_eighth_more_each_time_until_it_is_mined(
    ground: Ground,
) -> None:
    sender = ground.sender()
    fees = Signer(ground.client, bytes(KEY)).fees()

    def mine(time: int, *_: object) -> None:
        ground.chain.base_fee = fees.most + 1 if ground.now < 40 else GWEI
        Chain.mine(ground.chain, time)

    ground.chain.mine = mine  # type: ignore[method-assign]  # fees jump right after the first signature
    assert sender.submit("key", dev_address(9), b"") is not None
    entry = ground.outbox.entry(sender._account, "key")
    assert entry is not None
    assert len(entry.attempts) >= 2
    for before, after in zip(entry.attempts, entry.attempts[1:], strict=False):
        assert 8 * after.max_fee >= 9 * before.max_fee
        assert 8 * after.priority_fee >= 9 * before.priority_fee
    assert ground.sent(0) == 1


def test_an_earlier_transaction_that_the_node_forgot_holds_up_no_later_one(ground: Ground) -> None:
    ground.mines = False
    sender = ground.sender(timeout=2)
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("first", dev_address(9), b"")
    ground.chain.pool.clear()
    ground.mines = True
    assert ground.sender().submit("second", dev_address(9), b"") is not None
    again = sender.submit("third", dev_address(9), b"", timeout=60)
    assert again is not None
    assert [ground.sent(nonce) for nonce in range(4)] == [1, 1, 1, 0]


def test_an_entry_of_this_very_process_that_was_given_up_is_told_again(ground: Ground) -> None:
    ground.mines = False
    sender = ground.sender()
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("first", dev_address(9), b"", timeout=2)
    ground.chain.pool.clear()
    ground.mines = True
    assert sender.submit("second", dev_address(9), b"") is not None
    assert [ground.sent(0), ground.sent(1)] == [1, 1]


def test_a_nonce_that_nobody_uses_is_filled(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = ground.sender()
    truth = ground.endpoint._node.answer

    def lie(method: str, params: object) -> object:
        if method == "eth_getTransactionCount" and params[1] == "pending":  # type: ignore[index]
            monkeypatch.undo()
            return hex(2)
        return truth(method, params)  # type: ignore[arg-type]

    monkeypatch.setattr(ground.endpoint._node, "answer", lie)
    assert sender.submit("key", dev_address(9), b"") is not None
    entry = ground.outbox.entry(sender._account, "key")
    assert entry is not None
    assert (entry.nonce, entry.state) == (2, State.MINED)
    assert [ground.sent(nonce) for nonce in range(3)] == [1, 1, 1]
    assert sender.submit("next", dev_address(9), b"") is not None
    assert ground.sent(3) == 1


def test_a_strangers_transaction_with_our_nonce_is_replaced_by_a_fresh_one(ground: Ground) -> None:
    ground.mines = False
    sender = ground.sender()
    with pytest.raises(ChainError, match="not mined yet"):
        sender.submit("key", dev_address(9), b"", timeout=2)
    (tx,) = ground.chain.pool.values()
    signer = Signer(ground.client, bytes(KEY))
    stranger = Request(dev_address(8), b"", 1, 21_000)
    fees = Fees(2 * tx.most, 2 * tx.priority)
    ground.chain.send(signer.sign(stranger, 0, fees=fees).raw)
    ground.mines = True
    assert sender.submit("key", dev_address(9), b"") is not None
    assert [ground.sent(0), ground.sent(1), ground.sent(2)] == [1, 1, 0]


def test_a_node_that_tells_nothing_of_waiting_transactions_is_served_all_the_same(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As EthereumJS: no pending nonce, nothing by hash until it is mined, its own words for what it has already."""
    node = ground.endpoint._node
    truth = node.answer

    def answer(method: str, params: Sequence[Any]) -> object:
        if "pending" in params:
            raise Refused('"pending" is not yet supported', -32602)
        if (
            method == "eth_getTransactionByHash"
            and truth("eth_getTransactionReceipt", params) is None
        ):
            return None
        if (
            method == "eth_sendRawTransaction"
            and keccak256(bytes.fromhex(params[0][2:])) in waiting()
        ):
            raise Refused("0x12: this transaction is already in the TxPool", -32602)
        return truth(method, params)

    def waiting() -> set[bytes]:
        return {each.hash for each in ground.chain.pool.values()}

    monkeypatch.setattr(node, "answer", answer)
    ground.mines = False
    sender = ground.sender()
    for key in ("first", "second"):
        with pytest.raises(ChainError, match="not mined yet"):
            sender.submit(key, dev_address(9), b"", timeout=5)
    ground.mines = True
    assert sender.submit("third", dev_address(9), b"") is not None
    assert [ground.sent(nonce) for nonce in range(4)] == [1, 1, 1, 0]


def test_a_call_that_wants_more_gas_left_than_it_uses_gets_it(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = ground.endpoint._node
    truth, used = node.answer, int(str(node.answer("eth_estimateGas", [CALL])), 16)

    def answer(method: str, params: Sequence[Any]) -> object:
        if method == "eth_call" and int(params[0].get("gas", hex(MAX_GAS)), 16) < 3 * used:
            raise Refused("execution reverted", 3)
        return truth(method, params)

    monkeypatch.setattr(node, "answer", answer)
    signer = Signer(ground.client, bytes(KEY))
    assert signer.prepare(dev_address(9), b"", 0).gas == 2 * 2 * used * 5 // 4
    monkeypatch.undo()
    assert signer.prepare(dev_address(9), b"", 0).gas == used * 5 // 4


def test_a_node_cannot_make_an_account_burn_its_money(ground: Ground) -> None:
    ground.chain.base_fee = 10**15
    ground.chain.mine(ground.chain.head.time)
    with pytest.raises(ChainError, match="wei per gas"):
        ground.sender().submit("key", dev_address(9), b"")
    assert not ground.chain.pool


def test_the_model_of_a_node_keeps_the_rules_of_one(ground: Ground) -> None:
    signer = Signer(ground.client, bytes(KEY))
    request = Request(dev_address(9), b"", 0, 21_000)

    def send(most: int, priority: int, nonce: int = 0) -> bytes:
        return ground.chain.send(signer.sign(request, nonce, fees=Fees(most, priority)).raw)

    send(8 * GWEI, GWEI)
    for most, priority in ((8 * GWEI, GWEI), (9 * GWEI, GWEI), (9 * GWEI - 1, 2 * GWEI)):
        with pytest.raises(Refused, match=r"already known|underpriced"):
            send(most, priority)
    better = send(9 * GWEI, 9 * GWEI // 8)
    send(9 * GWEI, GWEI, 2)
    ground.chain.mine(ground.chain.head.time + 1)
    assert [each.tx.hash for each in ground.chain.head.mined] == [better]
    with pytest.raises(Refused, match="nonce too low"):
        send(99 * GWEI, GWEI)
    ground.chain.reorganise(1)
    assert set(ground.chain.pool) == {(ME, 0), (ME, 2)}
