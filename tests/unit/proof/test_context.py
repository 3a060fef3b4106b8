"""Events of a transaction that holds more than one of a kind."""

from __future__ import annotations

import pytest

from usufruct.chain.records import Log, Receipt
from usufruct.contracts import address
from usufruct.contracts import statement_book as sb
from usufruct.errors import EvidenceError
from usufruct.proof.context import Context

BOOK = address("0x" + "b0" * 20)
TX = "0x" + "11" * 32


def settled_log(stream: int, period: int, index: int) -> Log:
    """A StatementSettled of the book."""
    topics = [sb.StatementSettled.TOPIC, stream.to_bytes(32, "big"), period.to_bytes(32, "big")]
    data = (1).to_bytes(32, "big") + (500).to_bytes(32, "big")
    return Log(BOOK, topics, data, 7, bytes(32), bytes.fromhex(TX[2:]), 0, index)


class OneTransaction:
    """A chain with one transaction that settles two streams."""

    def receipt(self, tx_hash: bytes) -> Receipt:
        """Its receipt."""
        logs = [settled_log(1, 1, 0), settled_log(2, 1, 1), settled_log(2, 1, 2)]
        return Receipt(tx_hash, 1, 0, 7, None, logs)


@pytest.fixture
def context() -> Context:
    """A context on that chain."""
    return Context(proof=None, client=OneTransaction())  # type: ignore[arg-type]  # not used here


def test_other_events_in_the_same_transaction_do_not_matter(context: Context) -> None:
    log, event = context.event(TX, BOOK, sb.StatementSettled, lambda _, each: each.stream == 1)
    assert (log.log_index, event.stream, event.period) == (0, 1, 1)


def test_none_or_several_of_the_wanted_one_are_refused(context: Context) -> None:
    for stream in (2, 3):
        with pytest.raises(EvidenceError, match="StatementSettled"):
            context.event(TX, BOOK, sb.StatementSettled, lambda _, each, s=stream: each.stream == s)
