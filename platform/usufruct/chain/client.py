"""Reading a chain through JSON-RPC: typed answers, decoded reverts, bounded retries.

Every failure is a ChainError that names the node (without the credentials its address may carry)
and what to do. A revert is not a failure of the node: it is raised as the ContractError that the
contract declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import islice, pairwise
from operator import lt
from typing import Any, Final, TypeVar

from usufruct.chain.endpoint import Endpoint, RpcError, revert_of
from usufruct.chain.profiles import BATCH, LOG_RANGE
from usufruct.chain.questions import (
    BY_NUMBER,
    BlockTag,
    Topics,
    block_question,
    block_request,
    call_request,
    log_filter,
    pages,
    shown,
    tag,
)
from usufruct.chain.records import Block, Log, Receipt, data, quantity
from usufruct.chain.transport import Question
from usufruct.contracts import Call, ContractError, DecodeError
from usufruct.errors import ChainError

__all__ = ["BlockTag", "ChainClient", "RpcError", "revert_of"]

R = TypeVar("R")
_BATCH: Final = min(200, BATCH)
_BLOCKS_AT_ONCE: Final = 8
"""Blocks whose logs are asked for in one request: full blocks of that number fit into the longest answer."""


class ChainClient(Endpoint):
    """What a node says of its chain: blocks, accounts, transactions, logs and the answers of contracts."""

    # --- The chain ---

    @cached_property
    def chain_id(self) -> int:
        """The chain's id, asked for once."""
        return self.current_chain_id()

    @cached_property
    def genesis(self) -> bytes:
        """Hash of block 0, asked for once.

        Tells apart chains that share an id, as restarted local nodes do.
        """
        return self.block(0).hash

    def current_chain_id(self) -> int:
        """The chain's id, asked for now."""
        return self.ask(quantity, "eth_chainId")

    def identity(self) -> tuple[int, bytes]:
        """The chain's id and the hash of its block 0, asked for now in one request.

        Tells whether the endpoint still serves the chain that it served before.
        """
        asked = (("eth_chainId", ()), ("eth_getBlockByNumber", (hex(0), False)))
        answers = self._transport.mixed(asked)
        results = [self._result(answer, asked[at][0]) for at, answer in enumerate(answers)]
        first = self._parsed(quantity, asked[0][0], results[0])
        return first, self._parsed(Block.parse, asked[1][0], results[1]).hash

    def outlook(self, *tags: str) -> tuple[tuple[int, bytes], list[Block | None]]:
        """The same, and the blocks of some tags, all in one request.

        None stands for a tag that the node does not know.
        """
        asked: list[Question] = [("eth_chainId", ()), block_question(0)]
        asked += [block_question(tag) for tag in tags]
        chain, first, *named = self._transport.mixed(asked)
        found = self._parsed(quantity, "eth_chainId", self._result(chain, "eth_chainId"))
        genesis = self._block(0, self._result(first, BY_NUMBER)).hash
        blocks: list[Block | None] = []
        for answer in named:
            raw = answer.get("result") if answer.get("error") is None else None
            blocks.append(None if raw is None else self._parsed(Block.parse, BY_NUMBER, raw))
        return (found, genesis), blocks

    def block_if_any(self, number: int) -> Block | None:
        """The header of the block with this number; None if the chain is not that long."""
        newest, wanted = self._transport.mixed([("eth_blockNumber", ()), block_question(number)])
        length = self._parsed(quantity, "eth_blockNumber", self._result(newest, "eth_blockNumber"))
        if number > length:
            return None
        return self._block(number, self._result(wanted, BY_NUMBER))

    def block_number(self) -> int:
        """Number of the newest block."""
        return self.ask(quantity, "eth_blockNumber")

    def block(self, block: BlockTag = "latest") -> Block:
        """A block's header; ChainError if the node has no such block."""
        return self._block(block, self.rpc(*block_request(block)))

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Headers of these blocks in their order, in few requests; ChainError if one is missing."""
        found = []
        for page in pages(numbers, _BATCH):
            answers = self._transport.many(
                "eth_getBlockByNumber", [(hex(number), False) for number in page]
            )
            results = [self._result(each, "eth_getBlockByNumber") for each in answers]
            found += [self._block(*each) for each in zip(page, results, strict=True)]
        return found

    def _block(self, block: BlockTag, raw: object) -> Block:
        if raw is None:
            raise ChainError(
                f"{self.url} has no block {shown(block)}",
                field="block",
                value=shown(block),
                rule="the node must have the block",
                remedy="wait for it, or ask a node that keeps it",
            )
        found = self._parsed(Block.parse, "eth_getBlockByNumber", raw)
        if isinstance(block, int) and found.number != block:
            raise self._contradiction("eth_getBlockByNumber", f"{found.number} instead of {block}")
        return found

    def code(self, account: str) -> bytes:
        """Code at an address, empty for an account without code."""
        return self.ask(data, "eth_getCode", account, "latest")

    def balance(self, account: str) -> int:
        """Native currency of an account in wei."""
        return self.ask(quantity, "eth_getBalance", account, "latest")

    def nonce(self, account: str, block: BlockTag = "latest") -> int:
        """Number of transactions an account has sent (`pending` counts those the node still holds)."""
        return self.ask(quantity, "eth_getTransactionCount", account, tag(block))

    def knows_transaction(self, tx_hash: bytes) -> bool:
        """True if the node holds the transaction, mined or waiting."""
        return self.transaction_input(tx_hash) is not None

    def transaction_input(self, tx_hash: bytes) -> bytes | None:
        """Call data of a transaction that the node holds, None if it holds none."""
        method = "eth_getTransactionByHash"
        raw = self.rpc(method, "0x" + tx_hash.hex())
        if raw is None:
            return None
        found, given = self._parsed(_named_input, method, raw)
        if found != tx_hash:
            raise self._contradiction(method, "another transaction")
        return given

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Receipt of a mined transaction, None while it is not mined."""
        raw = self.rpc("eth_getTransactionReceipt", "0x" + tx_hash.hex())
        if raw is None:
            return None
        found = self._parsed(Receipt.parse, "eth_getTransactionReceipt", raw)
        if found.tx_hash != tx_hash:
            raise self._contradiction("eth_getTransactionReceipt", "another transaction's receipt")
        return found

    def logs(
        self,
        from_block: int,
        to_block: int,
        addresses: Sequence[str],
        topics: Topics | None = None,
    ) -> list[Log]:
        """Logs of `addresses` in the inclusive block range, in chain order.

        `topics` filters by place; None stands for any value, a sequence for alternatives.

        Raises:
            ChainError: Also if the answer has logs that were not asked for, twice or out of order.
                That logs are missing cannot be seen here.
        """
        request = log_filter(from_block, to_block, addresses, topics)
        found = self.ask(_logs, "eth_getLogs", request)
        places = [(log.block_number, log.log_index) for log in found]
        if not all(map(lt, places, islice(places, 1, None))):
            raise self._contradiction("eth_getLogs", "logs twice or out of order")
        # In order, the first and the last place tell of all.
        outside = found and not from_block <= places[0][0] <= places[-1][0] <= to_block
        emitters = {each.lower() for each in {log.address for log in found}}
        if outside or not emitters <= {each.lower() for each in addresses}:
            raise self._contradiction("eth_getLogs", "logs of other contracts or blocks")
        return found

    def logs_of_blocks(self, block_hashes: Sequence[bytes]) -> list[list[Log]]:
        """All logs of each block, whatever contract they are of, in their order; asked for in few requests.

        Raises:
            ChainError: Also if the answer has logs of another block, twice or out of order.
        """
        method, found = "eth_getLogs", []
        for page in pages(block_hashes, _BLOCKS_AT_ONCE):
            params = [({"blockHash": "0x" + each.hex()},) for each in page]
            answers = self._transport.many(method, params)
            for block_hash, answer in zip(page, answers, strict=True):
                logs = self._parsed(_logs, method, self._result(answer, method))
                found.append(self._of_block(block_hash, logs))
        return found

    def _of_block(self, block_hash: bytes, logs: list[Log]) -> list[Log]:
        places = [log.log_index for log in logs]
        if any(after <= before for before, after in pairwise(places)):
            raise self._contradiction("eth_getLogs", "logs twice or out of order")
        if any(log.block_hash != block_hash for log in logs):
            raise self._contradiction("eth_getLogs", "logs of another block")
        return logs

    def all_logs(
        self, from_block: int, address: str, topics: Topics, to_block: int | None = None
    ) -> list[Log]:
        """Logs of one contract from a block to another, by default the newest, asked for in pages."""
        last = self.block_number() if to_block is None else to_block
        found: list[Log] = []
        for start in range(from_block, last + 1, LOG_RANGE):
            found += self.logs(start, min(start + LOG_RANGE - 1, last), [address], topics)
        return found

    # --- Contracts ---

    def call(
        self,
        address: str,
        call: Call[R],
        block: BlockTag = "latest",
        sender: str | None = None,
    ) -> R:
        """What a contract answers to `call`.

        Raises the decoded ContractError on a revert, and ChainError if the address does not answer
        as the contract.
        """
        output = self.ask(data, "eth_call", call_request(address, call, sender), tag(block))
        return self._decoded(address, call, output)

    def call_many(
        self,
        calls: Sequence[tuple[str, Call[R]]],
        block: BlockTag = "latest",
    ) -> list[R | ContractError]:
        """Answers to many calls in their order, in few requests.

        A revert stands in its place as the error.
        """
        answers: list[R | ContractError] = []
        for page in pages(calls, _BATCH):
            params = [[call_request(address, call, None), tag(block)] for address, call in page]
            raw = self._transport.many("eth_call", params)
            for (address, call), answer in zip(page, raw, strict=True):
                outcome = self._answered(address, call, answer)
                answers.append(outcome)
        return answers

    def _answered(
        self, address: str, call: Call[R], answer: Mapping[str, Any]
    ) -> R | ContractError:
        try:
            output = self._result(answer, "eth_call")
        except ContractError as error:
            return error
        return self._decoded(address, call, self._parsed(data, "eth_call", output))

    def _decoded(self, address: str, call: Call[R], output: bytes) -> R:
        try:
            return call.decode(output)
        except DecodeError as error:
            raise ChainError(
                f"{address} does not answer as {call.contract}: {error}",
                field=call.contract,
                value=address,
                rule=f"a {call.contract} must be deployed there on chain {self.chain_id}",
                remedy="check the address in state/deployments and the --rpc endpoint",
            ) from error


def _logs(raw: Any) -> list[Log]:
    return list(map(Log.parse, raw))


def _named_input(raw: Any) -> tuple[bytes, bytes]:
    return data(raw["hash"]), data(raw["input"])
