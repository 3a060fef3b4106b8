"""What a node says that cannot all be true, and the errors that say so."""

from __future__ import annotations

from usufruct.core.encoding import hex0x
from usufruct.errors import ChainError

_ASK_ANOTHER = "nothing was taken from it and all is read again; if it stays, ask another node"


class Contradiction(ChainError):
    """The node contradicts itself, or what the worker was started on."""


def other_chain(found: int, genesis: bytes, wanted: int) -> Contradiction:
    """The endpoint serves another chain now."""
    return Contradiction(
        f"the node now serves another chain: {found}, which begins with {hex0x(genesis)}",
        field="worker.rpc",
        value=found,
        rule=f"chain {wanted}, on which the worker was started",
        remedy="point rpc at the right node; nothing was signed or recorded",
    )


def behind(found: int, known: int) -> Contradiction:
    """The node's newest block is older than one it has shown before."""
    return Contradiction(
        f"the node is at block {found}, and has been at {known} before",
        field="worker.rpc",
        value=found,
        rule=f"at least block {known}",
        remedy="it passes when the node catches up; if not, start the worker again",
    )


def head_differs(stream: int, told: bytes) -> Contradiction:
    """The anchor's head is not where the events lead."""
    return Contradiction(
        f"the events of stream {stream} do not lead to its head",
        field="headOf",
        value=hex0x(told),
        rule="BatchAnchored events since the deployment must end at the head",
        remedy=f"check `block` in the deployment record; {_ASK_ANOTHER}",
    )


def book_differs(stream: int, field: str, told: str) -> Contradiction:
    """The book's record is not what the events add up to."""
    return Contradiction(
        f"the events of stream {stream} do not add up to what its statements are",
        field=field,
        value=told,
        rule="the book's events since the deployment must end at its records",
        remedy=f"check `block` in the deployment record; {_ASK_ANOTHER}",
    )


def broken(block: int, why: str) -> Contradiction:
    """A log is not that of the event that its first topic names."""
    return Contradiction(
        f"a log of block {block} is not whole: {why}",
        field="eth_getLogs",
        value=block,
        rule="logs have the topics and data of their events",
        remedy=_ASK_ANOTHER,
    )


def unconnected(stream: int, seq: int) -> Contradiction:
    """An event does not continue from the one before it."""
    return Contradiction(
        f"batch {seq} of stream {stream} does not continue from the events before it",
        field="BatchAnchored",
        value=seq,
        rule="the events since the deployment form one chain",
        remedy=f"check `block` in the deployment record; {_ASK_ANOTHER}",
    )
