"""Primary offerings as their contract tells them at the ledger's block: terms, status, and what was subscribed."""

from __future__ import annotations

from typing import Final, TypeVar

from usufruct.api.moment import Moment
from usufruct.api.render import Json, account, rfc3339
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, ContractError, address
from usufruct.contracts import offering as of

__all__ = ["offerings"]

R = TypeVar("R")

_MOST: Final = 100
_PAGE: Final = 20


async def offerings(moment: Moment) -> list[Json] | None:
    """All offerings, newest first, at most 100 of them; None without a node or a contract to ask.

    Raises:
        ChainError: The node does not answer.
    """
    service = moment.service
    where = service.contracts.get("Offering")
    chain = service.chain
    if where is None or chain is None:
        return None
    block = moment.block

    def ask() -> list[tuple[int, of.Terms, of.StateOfResult]]:
        return _ask(chain, address(where), block)

    found = await service.offered.at(block, moment.state[1], ask)
    return [_shown(moment, *each) for each in reversed(found)]


def _ask(
    chain: ChainClient, where: Address, block: int
) -> list[tuple[int, of.Terms, of.StateOfResult]]:
    """Number, terms and state of the offerings, which are numbered from 1 without gaps."""
    found: list[tuple[int, of.Terms, of.StateOfResult]] = []
    for first in range(1, _MOST, _PAGE):
        numbers = range(first, first + _PAGE)
        states = chain.call_many([(where, of.state_of(each)) for each in numbers], block)
        known = [
            (number, _held(state))
            for number, state in zip(numbers, states, strict=True)
            if not isinstance(state, of.StateOfResult) or state.status is not of.Status.NONE
        ]
        terms = chain.call_many([(where, of.terms_of(number)) for number, _ in known], block)
        for (number, state), each in zip(known, terms, strict=True):
            found.append((number, _held(each), state))
        if len(known) < _PAGE:
            break
    return found


def _held(answer: R | ContractError) -> R:
    """An answer that is no revert."""
    if isinstance(answer, ContractError):
        raise answer
    return answer


def _shown(moment: Moment, number: int, terms: of.Terms, state: of.StateOfResult) -> Json:
    money = moment.render.money
    return {
        "number": number,
        "series": account(bytes.fromhex(terms.series[2:])),
        "status": state.status.name.lower(),
        "from": rfc3339(terms.from_),
        "to": rfc3339(terms.to),
        "deliver_until": rfc3339(terms.deliver_until),
        "withdrawable": terms.withdrawable,
        "price": money(terms.price),
        "least": terms.min_units,
        "most": terms.max_units,
        "subscribed": state.totals.subscribed,
        "placed": state.totals.placed,
        "waiting": state.totals.waiting,
        "raised": money(state.totals.placed * terms.price),
    }
