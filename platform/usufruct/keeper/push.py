"""Pushes payouts: pages of holders, sized by gas, everyone who cannot be paid left out and named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from usufruct.chain import crash
from usufruct.chain.client import RpcError
from usufruct.chain.explain import explain
from usufruct.chain.records import quantity
from usufruct.chain.signer import MAX_GAS
from usufruct.contracts import Address, Call, ContractError, address, revenue_right
from usufruct.contracts.revenue_right import PaymentRejected, PaymentWithheld, Refusal
from usufruct.keeper.backoff import Backoff
from usufruct.keeper.site import KeeperSite, NotSent, Outcome, when

__all__ = ["PAGE", "Payable", "Right", "ask_payable", "push_series", "why_withheld"]

PAGE: Final = 500
"""Holders in a page; about 16 000 gas each."""
MOST_GAS: Final = MAX_GAS * 4 // 5
"""Most gas a page may be estimated at; the sender adds a quarter for safety."""


@dataclass(frozen=True, slots=True)
class Right:
    """A series whose holders may have something to claim."""

    symbol: str
    contract: Address


@dataclass(frozen=True, slots=True)
class Payable:
    """What the chain says of some holders."""

    amounts: dict[Address, int]
    """What each can be paid now."""
    refused: dict[Address, ContractError]
    """Who has something to claim that cannot be paid now, and why."""


def push_series(
    site: KeeperSite,
    right: Right,
    candidates: Sequence[Address],
    page: int = PAGE,
    backoff: Backoff | None = None,
) -> Iterator[Outcome]:
    """Pays all `candidates` who have something to claim and are due; tells each page once it is mined.

    Raises:
        ChainError: The node failed; pages that were mined stay paid, the next round goes on.
    """
    waits = backoff or Backoff()
    found = ask_payable(site, right, [each for each in candidates if waits.due(_key(right, each))])
    for holder, error in found.refused.items():
        yield _withheld(right, holder, error, waits)
    queue = list(found.amounts)
    while queue:
        size = _fitting(site, right, queue[:page])
        chosen = {each: found.amounts[each] for each in queue[:size]}
        yield from _push_split(site, right, chosen, waits)
        queue = queue[size:]


def _push_split(
    site: KeeperSite, right: Right, amounts: Mapping[Address, int], waits: Backoff
) -> Iterator[Outcome]:
    """Pays a page; one that the contract refuses as a whole is halved until whoever is to blame stands alone."""
    holders = list(amounts)
    try:
        outcome = _push_page(site, right, holders)
    except NotSent as plan:
        total = site.money(sum(amounts.values()))
        text = f"{right.symbol}: {len(holders)} holders would be paid {total}"
        facts = {"series": right.contract, "holders": len(holders), **plan.facts}
        yield Outcome("would", text, facts)
        return
    except ContractError as error:
        if len(holders) == 1:
            yield _withheld(right, holders[0], error, waits)
            return
        middle = len(holders) // 2
        for half in (holders[:middle], holders[middle:]):
            yield from _push_split(site, right, {one: amounts[one] for one in half}, waits)
        return
    for holder in holders:
        waits.succeeded(_key(right, holder))
    yield outcome


def _key(right: Right, holder: Address) -> str:
    return f"{right.contract}/{holder}"


def ask_payable(site: KeeperSite, right: Right, candidates: Sequence[Address]) -> Payable:
    """Asks the chain what a claim by each candidate would pay now."""
    calls: list[tuple[str, Call[int]]] = [
        (right.contract, revenue_right.claim_for(holder)) for holder in candidates
    ]
    amounts: dict[Address, int] = {}
    refused: dict[Address, ContractError] = {}
    answers: list[int | ContractError] = site.client.call_many(calls)
    for holder, answer in zip(candidates, answers, strict=True):
        if isinstance(answer, ContractError):
            refused[holder] = answer
        elif answer:
            amounts[holder] = answer
    return Payable(amounts, refused)


def _fitting(site: KeeperSite, right: Right, holders: Sequence[Address]) -> int:
    """How many of the first holders fit one transaction; at least one."""
    size = len(holders)
    while size > 1 and _gas(site, right, holders[:size]) > MOST_GAS:
        size //= 2
    return size


def _gas(site: KeeperSite, right: Right, holders: Sequence[Address]) -> int:
    call = {
        "from": site.sender.address,
        "to": right.contract,
        "data": "0x" + revenue_right.push(list(holders)).data.hex(),
    }
    try:
        return site.client.ask(quantity, "eth_estimateGas", call)
    except (RpcError, ContractError):
        # More than the node is willing to run; a smaller page tells whether that was the reason.
        return MOST_GAS + 1


def _push_page(site: KeeperSite, right: Right, holders: Sequence[Address]) -> Outcome:
    names = sha256("".join(holders).encode()).hexdigest()[:16]
    acc = site.client.call(right.contract, revenue_right.state()).acc
    receipt = site.sender.submit(
        f"push:{right.contract}:{acc}:{names}",
        right.contract,
        revenue_right.push(list(holders)).data,
        done=lambda: not ask_payable(site, right, holders).amounts,
    )
    crash.point("keeper.push.sent")
    if receipt is None:
        return Outcome(
            "paid",
            f"{right.symbol}: all {len(holders)} holders of the page were paid already",
            {"series": right.contract, "holders": 0, "amount": "0", "tx": None},
        )
    topic = revenue_right.FundsWithdrawn.TOPIC
    paid = [
        revenue_right.FundsWithdrawn.decode(log.topics, log.data).funds_withdrawn
        for log in receipt.logs
        if log.address == right.contract and log.topics[0] == topic
    ]
    return Outcome(
        "paid",
        f"{right.symbol}: {len(paid)} of {len(holders)} holders were paid {site.money(sum(paid))}",
        {
            "series": right.contract,
            "holders": len(paid),
            "amount": str(sum(paid)),
            "tx": "0x" + receipt.tx_hash.hex(),
        },
    )


def _withheld(right: Right, holder: Address, error: ContractError, waits: Backoff) -> Outcome:
    next_at = waits.failed(_key(right, holder), str(error))
    text = f"{right.symbol}: {holder} {why_withheld(error)}; the amount stays claimable"
    attempts = waits.attempts(_key(right, holder))
    if attempts > 1:
        text += f"; tried {attempts} times, again after {when(next_at)}"
    facts = {"series": right.contract, "holder": holder, "reason": str(error), "next_at": next_at}
    return Outcome("withheld", text, facts)


def why_withheld(error: ContractError) -> str:
    """Why a holder cannot be paid, as the end of a sentence about them."""
    reasons = {
        Refusal.RECIPIENT_FROZEN: "is frozen",
        Refusal.RECIPIENT_EXPIRED: "has an expired identity check",
    }
    if isinstance(error, PaymentWithheld):
        return reasons.get(Refusal(error.reason), "cannot be paid now")
    if isinstance(error, PaymentRejected):
        return "is refused by the currency"
    return f"cannot be paid now: {explain(error)}"


def as_addresses(raw: Sequence[bytes]) -> list[Address]:
    """Addresses from their bytes."""
    return [address(each) for each in raw]
