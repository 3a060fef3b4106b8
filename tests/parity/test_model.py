"""The contracts in memory that the simulation runs on answer, refuse and report what the contracts themselves do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.simulation.contracts import Contracts, State
from tests.simulation.schedule import ACCOUNTS, CHAIN_ID, community
from tests.support.anvil import running_anvil

from usufruct.chain.client import ChainClient
from usufruct.contracts import Call, ContractError
from usufruct.contracts import statement_book as book
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.periods import period_bounds
from usufruct.core.signing import pack_signatures, sign_digest
from usufruct.core.typed_data import (
    Batch,
    Domain,
    Statement,
    batch_digest,
    head_of,
    next_batch,
    statement_digest,
)
from usufruct.deploy.apply import apply
from usufruct.keys import dev_account, dev_address

pytestmark = pytest.mark.chain

STREAM, STEPS, CALLS = 1, 12, 6
SENDER = dev_address(9)
Signed = tuple[int, bytes]


@dataclass
class Both:
    """The contracts on Anvil and the model, in the same state."""

    client: ChainClient
    contracts: Contracts
    state: State

    def outcome(self, to: str, call: Call[Any]) -> tuple[object, object]:
        """What both answer to a call, an error as itself."""
        request = {"from": SENDER, "to": to, "data": "0x" + call.data.hex()}
        try:
            told: object = bytes.fromhex(self.client.rpc("eth_call", request, "latest")[2:])
        except ContractError as error:
            told = error
        moment = self.client.block().timestamp
        try:
            mine: object = self.contracts.run(self.state.copy(), moment, to, call.data)[0]
        except ContractError as error:
            mine = error
        return told, mine

    def send(self, to: str, call: Call[Any]) -> None:
        """Takes effect on both; the logs are the same."""
        request = {"from": SENDER, "to": to, "data": "0x" + call.data.hex(), "gas": hex(3_000_000)}
        sent = bytes.fromhex(self.client.rpc("eth_sendTransaction", request)[2:])
        while (receipt := self.client.receipt(sent)) is None:
            time.sleep(0.01)
        assert receipt.status == 1
        moment = self.client.block(receipt.block_number).timestamp
        _, logs = self.contracts.run(self.state, moment, to, call.data)
        told = [(log.address, log.topics, log.data) for log in receipt.logs]
        assert told == [(log.address, list(log.topics), log.data) for log in logs]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("model")
    begin = period_bounds("2027-02", 1, "Asia/Shanghai")[0]
    with running_anvil(folder, "--timestamp", str(begin - 86_400)) as node:
        client = ChainClient(node.url)
        deployed = apply(community(), client, Path(folder) / "state", []).deployment
        table = sorted((dev_address(each) for each in ACCOUNTS), key=str.lower)
        contracts = Contracts(
            CHAIN_ID,
            deployed.address("TelemetryAnchor"),
            deployed.address("StatementBook"),
            community().streams,
            table,
            2,
        )
        yield Both(client, contracts, contracts.genesis()[0])


class Walk:
    """Random calls, most of them nearly right."""

    def __init__(self, both: Both, seed: int) -> None:
        self.both, self.dice = both, Random(seed)
        self.anchor, self.book = both.contracts.anchor, both.contracts.book
        self.period = 1

    def step(self) -> None:
        """Compares some calls, then lets a right one take effect."""
        for make in (self.batch, self.statement, self.views):
            for _ in range(CALLS):
                to, call = make(right=False)
                told, mine = self.both.outcome(to, call)
                assert told == mine, call
        self.both.client.rpc("evm_increaseTime", 86_400)
        self.both.client.rpc("evm_mine")
        to, call = self.batch(right=True)
        self.both.send(to, call)
        if self.bounds()[1] == self.both.state.cursors[STREAM].to:
            self.both.send(*self.statement(right=True))
            self.period += 1

    def bounds(self) -> tuple[int, int]:
        return period_bounds("2027-02", self.period, "Asia/Shanghai")

    def batch(self, *, right: bool) -> tuple[str, Call[Any]]:
        cursor = self.both.state.cursors[STREAM]
        to = min(cursor.to + 10 * 86_400, self.bounds()[1]) if right else self.near(cursor.to)
        if right:
            missing = to - self.both.client.block().timestamp
            if missing > 0:
                self.both.client.rpc("evm_increaseTime", missing)
                self.both.client.rpc("evm_mine")
        shown = cursor if right or self.dice.random() < 0.7 else replace(cursor, seq=cursor.seq + 1)
        stream = STREAM if right or self.dice.random() < 0.9 else 77
        batch: Batch = next_batch(
            shown,
            stream=stream,
            to=max(to, 0),
            count=self.dice.randrange(9),
            closes=to == self.bounds()[1],
            root=self.dice.randbytes(32),
            content=self.dice.randbytes(32),
        )
        digest = batch_digest(Domain(CHAIN_ID, self.anchor), batch)
        given = anchor.Batch(stream, batch.to, batch.count, batch.closes, batch.root, batch.content)
        position = anchor.Cursor(shown.digest, shown.seq, shown.to, shown.next)
        return self.anchor, anchor.anchor(given, position, *self.signatures(digest, right=right))

    def near(self, time: int) -> int:
        return time + self.dice.choice((-86_400, 0, 1, 3_600, 90 * 86_400))

    def statement(self, *, right: bool) -> tuple[str, Call[Any]]:
        state, stream = self.both.state, self.both.contracts.streams[STREAM]
        start, end = self.bounds()
        zero = bytes(32)
        heads = [state.boundaries.get((STREAM, each), zero) for each in (start, end)]
        statement = Statement(
            STREAM, self.period, 1, start, end, *heads, self.dice.randbytes(32), 1_000, -3,
            stream.tariff.hash(), 9_700, 100, zero, zero,
        )  # fmt: skip
        changes: list[Callable[[], dict[str, object]]] = [
            lambda: {"version": 2},
            lambda: {"period": self.period + 1},
            lambda: {"period": max(self.period - 1, 0), "version": self.dice.choice((1, 2))},
            lambda: {"from_": start + 1},
            lambda: {"to": self.near(end)},
            lambda: {"last_head": self.dice.randbytes(32)},
            lambda: {"tariff_hash": zero},
            lambda: {"coverage_bp": self.dice.choice((9_499, 10_000, 10_001))},
            lambda: {"estimated_bp": self.dice.choice((500, 501))},
            lambda: {"adjustments": -1_001},
        ]
        if not right:
            statement = replace(statement, **self.dice.choice(changes)())  # type: ignore[arg-type]  # drawn
        digest = statement_digest(Domain(CHAIN_ID, self.book), statement)
        given = book.Statement(*statement.values())
        return self.book, book.attest(given, *self.signatures(digest, right=right))

    def signatures(self, digest: bytes, *, right: bool) -> Signed:
        keys = self.dice.sample(ACCOUNTS, 2 if right else self.dice.choice((1, 2, 2, 3)))
        by = {dev_address(each): sign_digest(bytes(dev_account(each)), digest) for each in keys}
        bitmap, blob = pack_signatures(self.both.contracts.table, by)
        wrong = self.dice.random()
        if right or wrong < 0.6:
            return bitmap, blob
        if wrong < 0.7:
            return bitmap ^ 1 << self.dice.randrange(5), blob
        if wrong < 0.8:
            return bitmap, blob + bytes(64)
        if wrong < 0.9:
            return bitmap, self.dice.randbytes(64) + blob[64:]
        return bitmap, blob[:-1]

    def views(self, *, right: bool) -> tuple[str, Call[Any]]:
        assert not right
        stream = self.dice.choice((STREAM, 77))
        period, end = self.dice.randrange(4), self.bounds()[self.dice.randrange(2)]
        return self.dice.choice(
            (
                (self.anchor, anchor.head_of(stream)),
                (self.anchor, anchor.head_at(stream, end)),
                (self.anchor, anchor.signers_of()),
                (self.book, book.digest_of(stream, period)),
                (self.book, book.progress_of(stream)),
                (self.book, book.record_of(stream, period)),
            )
        )


def test_the_model_is_what_the_contracts_are(both: Both) -> None:
    walk = Walk(both, 7)
    for _ in range(STEPS):
        walk.step()
    assert walk.period > 3
    assert head_of(both.state.cursors[STREAM]) == both.client.call(
        walk.anchor, anchor.head_of(STREAM)
    )
