"""A chain in memory behind JSON-RPC: blocks, a pool of transactions, reorganisations, fees.

It follows what nodes do: one transaction for each nonce in the pool, a replacement pays an eighth more, a nonce
that was used is refused, a transaction that pays less than the base fee waits, and a reorganisation puts what
its blocks held back into the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import rlp
from coincurve import PublicKey
from tests.simulation.contracts import Contracts, Emitted, State, revert_data

from usufruct.contracts import ContractError, address
from usufruct.core.keccak import keccak256

GWEI: Final = 10**9
GAS: Final = 120_000
_RICH: Final = 10**24
_REVERT, _REFUSED = 3, -32000
_FIELDS = 12


class Refused(Exception):
    """An error answer of the node."""

    def __init__(self, message: str, code: int = _REFUSED, data: bytes = b"") -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": "0x" + data.hex()}


@dataclass(frozen=True, slots=True)
class Tx:
    """A signed transaction, read back from its bytes."""

    hash: bytes
    sender: str
    nonce: int
    most: int
    priority: int
    to: str
    data: bytes = field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Tx:
        """A type-2 transaction; the sender is recovered from the signature."""
        parts: Any = rlp.decode(raw[1:])
        assert raw[0] == 2
        assert len(parts) == _FIELDS
        signed = keccak256(b"\x02" + rlp.encode(parts[:9]))
        r, s = parts[10].rjust(32, b"\0"), parts[11].rjust(32, b"\0")
        signature = r + s + bytes([int.from_bytes(parts[9], "big")])
        key = PublicKey.from_signature_and_message(signature, signed, hasher=None)
        sender = address(keccak256(key.format(compressed=False)[1:])[12:])
        nonce, priority, most = (int.from_bytes(parts[at], "big") for at in (1, 2, 3))
        return cls(keccak256(raw), sender, nonce, most, priority, address(parts[5]), parts[7])


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block."""

    tx: Tx
    status: int
    logs: Sequence[Emitted]


@dataclass(frozen=True, slots=True)
class Block:
    """A block with what it holds and the state after it."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    base_fee: int
    mined: Sequence[Mined]
    logs: Sequence[Emitted]
    state: State = field(repr=False)


class Chain:
    """The chain as the whole network has it.

    Attributes:
        blocks: From block 0 on; block 1 holds the deployment.
        pool: Waiting transactions by sender and nonce.
        base_fee: Wei per gas of the next block.
    """

    def __init__(self, contracts: Contracts, chain_id: int, time: int, name: str = "main") -> None:
        self.contracts = contracts
        self.chain_id = chain_id
        self.base_fee = GWEI
        self.pool: dict[tuple[str, int], Tx] = {}
        self.blocks: list[Block] = []
        self._name = name
        self._fork = 0
        self._append(time, (), (), State())
        state, logs = contracts.genesis()
        self._append(time, (), logs, state)

    def copy(self) -> Chain:
        """A chain that goes its own way from here."""
        twin = object.__new__(Chain)
        twin.__dict__ = self.__dict__ | {"pool": dict(self.pool), "blocks": list(self.blocks)}
        return twin

    @property
    def head(self) -> Block:
        """The newest block."""
        return self.blocks[-1]

    def send(self, raw: bytes) -> bytes:
        """Takes a transaction into the pool; Refused as a node would."""
        tx = Tx.parse(raw)
        known = self.pool.get((tx.sender, tx.nonce))
        if known is not None and known.hash == tx.hash:
            raise Refused("already known")
        if tx.nonce < self.head.state.nonces.get(tx.sender, 0):
            raise Refused("nonce too low")
        if known is not None and (
            8 * tx.most < 9 * known.most or 8 * tx.priority < 9 * known.priority
        ):
            raise Refused("replacement transaction underpriced")
        self.pool[tx.sender, tx.nonce] = tx
        return tx.hash

    def mine(self, time: int, leave_out: Callable[[Tx], bool] = lambda _: False) -> None:
        """The next block with whatever of the pool fits."""
        state = self.head.state.copy()
        mined = []
        for tx in self._due(state, leave_out):
            state.nonces[tx.sender] = tx.nonce + 1
            try:
                _, logs = self.contracts.run(state, time, tx.to, tx.data)
                mined.append(Mined(tx, 1, logs))
            except ContractError:
                mined.append(Mined(tx, 0, ()))
        self._append(time, mined, [log for each in mined for log in each.logs], state)

    def reorganise(self, depth: int, forget: Callable[[Tx], bool] = lambda _: False) -> int:
        """Takes the last `depth` blocks away; their transactions wait again unless forgotten."""
        depth = min(depth, len(self.blocks) - 2)
        gone = self.blocks[len(self.blocks) - depth :]
        del self.blocks[len(self.blocks) - depth :]
        self._fork += 1
        for block in gone:
            for each in block.mined:
                if not forget(each.tx):
                    self.pool.setdefault((each.tx.sender, each.tx.nonce), each.tx)
        return depth

    def _due(self, state: State, leave_out: Callable[[Tx], bool]) -> list[Tx]:
        """Waiting transactions in the order of senders and nonces, without gaps; old ones are removed."""
        due: list[Tx] = []
        following = dict(state.nonces)
        for (sender, nonce), tx in sorted(self.pool.items()):
            if nonce < state.nonces.get(sender, 0):
                del self.pool[sender, nonce]
            elif (
                nonce == following.get(sender, 0) and tx.most >= self.base_fee and not leave_out(tx)
            ):
                following[sender] = nonce + 1
                due.append(tx)
                del self.pool[sender, nonce]
        return due

    def _append(
        self, time: int, mined: Sequence[Mined], logs: Sequence[Emitted], state: State
    ) -> None:
        number = len(self.blocks)
        parent = self.blocks[-1].hash if self.blocks else bytes(32)
        content = b"".join(each.tx.hash for each in mined)
        seal = f"{self._name}/{self._fork}/{number}/{time}/".encode()
        block_hash = keccak256(seal + parent + content)
        self.blocks.append(
            Block(number, block_hash, parent, time, self.base_fee, mined, logs, state)
        )


class Node:
    """Answers JSON-RPC about a chain, as of `lag` blocks ago."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.lag = 0
        self._methods: Mapping[str, Callable[..., object]] = {
            "eth_chainId": lambda: hex(self.chain.chain_id),
            "eth_blockNumber": lambda: hex(self._blocks()[-1].number),
            "eth_getBlockByNumber": lambda tag, _: _header(self._at(tag)),
            "eth_getBlockByHash": lambda block_hash, _: _header(
                self._at({"blockHash": block_hash})
            ),
            "eth_getLogs": self._logs,
            "eth_call": lambda request, tag: "0x" + self._run(request, tag).hex(),
            "eth_estimateGas": self._estimate,
            "eth_maxPriorityFeePerGas": lambda: hex(GWEI),
            "eth_getBalance": lambda _, __: hex(_RICH),
            "eth_getTransactionCount": self._count,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_sendRawTransaction": lambda raw: "0x" + self.chain.send(_bytes(raw)).hex(),
        }

    def answer(self, method: str, params: Sequence[Any]) -> object:
        """The result of a method; Refused for an error answer."""
        return self._methods[method](*params)

    def _blocks(self) -> list[Block]:
        return self.chain.blocks[: max(2, len(self.chain.blocks) - self.lag)]

    def _at(self, tag: object) -> Block | None:
        blocks = self._blocks()
        if tag in {"latest", "pending"} if isinstance(tag, str) else False:
            return blocks[-1]
        if isinstance(tag, Mapping):
            wanted = _bytes(tag["blockHash"])
            return next((each for each in reversed(blocks) if each.hash == wanted), None)
        number = int(str(tag), 16)
        return blocks[number] if number < len(blocks) else None

    def _logs(self, request: Mapping[str, Any]) -> list[dict[str, object]]:
        wanted = {each.lower() for each in request["address"]}
        kinds = {_bytes(each) for each in request["topics"][0]} if "topics" in request else None
        first, last = int(request["fromBlock"], 16), int(request["toBlock"], 16)
        return [
            _log(block, at, log)
            for block in self._blocks()[first : last + 1]
            for at, log in enumerate(block.logs)
            if log.address.lower() in wanted and (kinds is None or log.topics[0] in kinds)
        ]

    def _run(self, request: Mapping[str, Any], tag: object) -> bytes:
        block = self._at(tag)
        if block is None:
            raise Refused("header not found")
        data = _bytes(request["data"])
        try:
            output, _ = self.chain.contracts.run(
                block.state.copy(), block.time, request["to"], data
            )
        except ContractError as error:
            raise Refused("execution reverted", _REVERT, revert_data(error)) from None
        return output

    def _estimate(self, request: Mapping[str, Any]) -> str:
        self._run(request, "latest")
        return hex(GAS)

    def _count(self, account: str, tag: object) -> str:
        block = self._at(tag)
        if block is None:
            raise Refused("header not found")
        who = address(account)
        count = block.state.nonces.get(who, 0)
        while tag == "pending" and (who, count) in self.chain.pool:
            count += 1
        return hex(count)

    def _mined(self, tx_hash: str) -> tuple[Block, int, Mined] | None:
        wanted = _bytes(tx_hash)
        for block in reversed(self._blocks()):
            for at, each in enumerate(block.mined):
                if each.tx.hash == wanted:
                    return block, at, each
        return None

    def _transaction(self, tx_hash: str) -> dict[str, object] | None:
        found = self._mined(tx_hash)
        wanted = _bytes(tx_hash)
        waiting = (each for each in self.chain.pool.values() if each.hash == wanted)
        tx = found[2].tx if found else next(waiting, None)
        return None if tx is None else {"hash": tx_hash, "input": "0x" + tx.data.hex()}

    def _receipt(self, tx_hash: str) -> dict[str, object] | None:
        found = self._mined(tx_hash)
        if found is None:
            return None
        block, _, mined = found
        return {
            "transactionHash": tx_hash,
            "status": hex(mined.status),
            "gasUsed": hex(GAS),
            "blockNumber": hex(block.number),
            "contractAddress": None,
            "logs": [],
            "effectiveGasPrice": hex(block.base_fee + GWEI),
        }


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _header(block: Block | None) -> dict[str, object] | None:
    if block is None:
        return None
    return {
        "number": hex(block.number),
        "hash": "0x" + block.hash.hex(),
        "parentHash": "0x" + block.parent.hex(),
        "timestamp": hex(block.time),
        "baseFeePerGas": hex(block.base_fee),
    }


def _log(block: Block, at: int, log: Emitted) -> dict[str, object]:
    before = 0
    for place, each in enumerate(block.mined):  # noqa: B007  # the place is what is looked for
        before += len(each.logs)
        if at < before:
            break
    else:
        place = 0
    tx = block.mined[place].tx.hash if block.mined else bytes(32)
    return {
        "address": log.address,
        "topics": ["0x" + topic.hex() for topic in log.topics],
        "data": "0x" + log.data.hex(),
        "blockNumber": hex(block.number),
        "blockHash": "0x" + block.hash.hex(),
        "transactionHash": "0x" + tx.hex(),
        "transactionIndex": hex(place),
        "logIndex": hex(at),
    }
