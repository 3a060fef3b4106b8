"""Nodes that refuse large ranges, each in its own words: the index asks for less and gets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.ledgers import migrated
from tests.unit.index.test_indexer import CONTRACTS, FakeChain, count, indexer

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.transport import Question
from usufruct.errors import ChainError
from usufruct.index.chain import Finality, NodeChain, TooManyLogs
from usufruct.index.reading import FIRST_RANGE
from usufruct.ledger.models import transfer

REFUSALS = {
    "geth": (-32602, "exceed max block range: 1000"),
    "erigon": (-32000, "query block range exceeds server limit, use narrower filter or paginate"),
    "besu": (-32005, "Requested range exceeds maximum RPC range limit"),
    "nethermind": (-32005, "Too many logs requested. Max logs per response is 20000."),
    "reth": (-32602, "query exceeds max block range 100000"),
    "infura": (-32005, "query returned more than 10000 results"),
    "alchemy": (
        -32602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K range",
    ),
    "quicknode": (-32614, "eth_getLogs is limited to a 10,000 range"),
    "ankr": (-32062, "Block range is too large"),
    "cloudflare": (-32047, "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large"),
    "bnb chain": (-32005, "limit exceeded"),
    "a time limit": (-32002, "request timed out"),
    "nothing at all": (0, ""),
}


class Picky:
    """A node that answers for at most `most` blocks at once."""

    shown = "picky"

    def __init__(self, most: int, code: int, message: str) -> None:
        self.most = most
        self.error = {"code": code, "message": message}
        self.tags: dict[str, int | None] = {"latest": 100}

    def one(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        assert method == "eth_getLogs"
        [asked] = params
        assert isinstance(asked, dict)
        blocks = int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) + 1
        return {"error": self.error} if blocks > self.most else {"result": []}

    def mixed(self, questions: Sequence[Question]) -> list[Mapping[str, Any]]:
        return [self._mixed(*each) for each in questions]

    def many(self, method: str, params: Sequence[Sequence[object]]) -> list[Mapping[str, Any]]:
        return self.mixed([(method, each) for each in params])

    def _mixed(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        if method == "eth_chainId":
            return {"result": "0x1"}
        tag = str(params[0])
        number = int(tag, 16) if tag.startswith("0x") else self.tags.get(tag, -1)
        if number == -1:
            return {"error": {"code": -32000, "message": f"no tag {tag}"}}
        return {"result": None if number is None else _header(number)}


def _header(number: int) -> dict[str, str]:
    word = "0x" + number.to_bytes(32).hex()
    return {"number": hex(number), "hash": word, "parentHash": word, "timestamp": "0x1"}


def chain_of(node: Picky, finality: Finality = "tags") -> NodeChain:
    client = ChainClient("http://picky", transport=node)
    client.chain_id, client.genesis = 1, bytes(32)
    return NodeChain(client, CONTRACTS["Waterfall"], finality)


@pytest.mark.parametrize("who", REFUSALS)
def test_every_refusal_of_a_range_is_a_wish_for_a_smaller_one(who: str) -> None:
    chain = chain_of(Picky(100, *REFUSALS[who]))
    addresses = list(CONTRACTS.values())
    with pytest.raises(TooManyLogs):
        chain.logs(1, 101, addresses)
    assert chain.logs(1, 100, addresses) == []
    chain.close()


def test_a_node_that_refuses_even_one_block_is_a_failure() -> None:
    chain = chain_of(Picky(0, -32005, "limit exceeded"))
    with pytest.raises(RpcError, match="limit exceeded"):
        chain.logs(5, 5, [CONTRACTS["Waterfall"]])
    chain.close()


@pytest.mark.parametrize(
    ("finality", "tags", "final"),
    [
        ("tags", {"finalized": 60}, 60),
        ("tags", {"finalized": 0}, None),
        ("tags", {"finalized": None}, None),
        ("tags", {}, None),
        ("tags", {"finalized": 120}, 100),
        ("safe", {"finalized": 60, "safe": 90}, 90),
        ("safe", {"finalized": 60}, None),
        ("instant", {}, 100),
        ("none", {"finalized": 60}, None),
    ],
)
def test_final_is_what_the_kind_of_chain_and_the_node_say(
    finality: Finality, tags: dict[str, int | None], final: int | None
) -> None:
    node = Picky(100, 0, "")
    node.tags |= tags
    chain = chain_of(node, finality)
    head = chain.head()
    assert chain.final(head.number) == final
    chain.close()


def test_a_range_whose_answer_breaks_off_is_asked_for_in_parts(tmp_path: Path) -> None:
    database = migrated(f"sqlite:///{tmp_path}/ledger.db")
    chain = FakeChain(400)
    chain.create(10)
    chain.issue(150, 7)

    def break_off() -> None:
        if chain.asked and chain.asked[-1][1] - chain.asked[-1][0] >= FIRST_RANGE // 4:
            raise ChainError("the answer is longer than can be")

    chain.on_logs = break_off
    following = indexer(chain, database, largest=FIRST_RANGE)
    failures = 0
    for _ in range(100):
        try:
            if following.step().idle:
                break
        except ChainError:
            failures += 1
    assert following.step().at == 400
    assert failures > 0
    assert count(database, transfer) == 1
    database.dispose()
