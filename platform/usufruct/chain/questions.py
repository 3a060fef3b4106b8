"""How a node is asked: blocks, calls and filters of logs as JSON-RPC writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from usufruct.chain.transport import Question
from usufruct.contracts import Address, Call

__all__ = [
    "BY_NUMBER",
    "BlockTag",
    "Topics",
    "block_question",
    "block_request",
    "call_request",
    "log_filter",
    "pages",
    "shown",
    "tag",
]

T = TypeVar("T")
BlockTag: TypeAlias = int | str | bytes
"""A block's number or hash, or one of a node's tags (`latest`, `pending`, `safe`, `finalized`)."""
Topics: TypeAlias = Sequence[bytes | Sequence[bytes] | None]
"""By place: any value (None), one, or alternatives."""
BY_NUMBER: Final = "eth_getBlockByNumber"


def tag(block: BlockTag) -> object:
    """A block as a parameter; one that is named by its hash must still be of the chain (EIP-1898)."""
    if isinstance(block, bytes):
        return {"blockHash": "0x" + block.hex(), "requireCanonical": True}
    return hex(block) if isinstance(block, int) else block


def shown(block: BlockTag) -> str:
    """A block as people are told of it."""
    return "0x" + block.hex() if isinstance(block, bytes) else str(block)


def block_request(block: BlockTag) -> tuple[str, object, bool]:
    """Method and parameters that ask for a header."""
    if isinstance(block, bytes):
        return "eth_getBlockByHash", "0x" + block.hex(), False
    return BY_NUMBER, tag(block), False


def block_question(block: int | str) -> Question:
    """The same as one of several questions in a request."""
    return BY_NUMBER, (tag(block), False)


def call_request(address: Address | str, call: Call[Any], sender: str | None) -> dict[str, str]:
    """A call of a contract, from `sender` or nobody."""
    request = {"to": str(address), "data": "0x" + call.data.hex()}
    return request if sender is None else request | {"from": sender}


def log_filter(
    from_block: int, to_block: int, addresses: Sequence[str], topics: Topics | None
) -> dict[str, object]:
    """What `eth_getLogs` is asked for: logs of `addresses` in the inclusive range."""
    request: dict[str, object] = {
        "fromBlock": hex(from_block),
        "toBlock": hex(to_block),
        "address": list(addresses),
    }
    if topics:
        request["topics"] = [_topic(topic) for topic in topics]
    return request


def _topic(topic: bytes | Sequence[bytes] | None) -> object:
    if topic is None or isinstance(topic, bytes):
        return None if topic is None else "0x" + topic.hex()
    return ["0x" + bytes(each).hex() for each in topic]


def pages(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in their order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
