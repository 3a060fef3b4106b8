"""Offerings are read from their contract at the ledger's block: all of them, in few questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from usufruct.chain.client import ChainClient
from usufruct.contracts import ContractError, address
from usufruct.contracts import offering as of
from usufruct.web.offerings import _ask, _held

WHERE = address("0x" + "11" * 20)
SERIES = address("0x" + "22" * 20)
BLOCK = 77


class Contract:
    """Answers as the contract with so many offerings."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.asked: list[tuple[str, int]] = []

    def call_many(self, calls: Sequence[tuple[str, Any]], block: int) -> list[Any]:
        """States and terms by the number in the call."""
        assert block == BLOCK
        found = []
        for where, call in calls:
            assert where == WHERE
            number = int.from_bytes(call.data[-32:], "big")
            self.asked.append((call.name, number))
            found.append(self._state(number) if call.name == "stateOf" else self._terms(number))
        return found

    def _state(self, number: int) -> of.StateOfResult:
        status = of.Status.OPEN if 1 <= number <= self.count else of.Status.NONE
        return of.StateOfResult(status, of.Totals(10 * number, 0, 1))

    def _terms(self, number: int) -> of.Terms:
        assert 1 <= number <= self.count, "terms of what there is not"
        return of.Terms(SERIES, 1, 2, SERIES, 3, True, number, 0, 100, 0, 0)


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 100, 130])
def test_all_offerings_are_found_up_to_a_bound(count: int) -> None:
    contract = Contract(count)
    found = _ask(cast("ChainClient", contract), WHERE, BLOCK)
    assert [number for number, _, _ in found] == list(range(1, min(count, 100) + 1))
    assert all(terms.price == number for number, terms, _ in found)
    assert all(state.totals.subscribed == 10 * number for number, _, state in found)
    assert len(contract.asked) <= 2 * 100


def test_a_revert_is_no_offering_but_an_error() -> None:
    with pytest.raises(ContractError):
        _held(of.UnknownOffering(5))
