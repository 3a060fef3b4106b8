"""Withdraws what the waterfall owes to payees whose payment failed once; the money goes to the payee only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from usufruct.chain import crash
from usufruct.contracts import Address, Call, ContractError, waterfall
from usufruct.keeper.site import KeeperSite, NotSent, Outcome

__all__ = ["withdraw_owed"]


def withdraw_owed(site: KeeperSite, payees: Iterable[Address]) -> Iterator[Outcome]:
    """Pays every payee who is owed something and can be paid now.

    Raises:
        ChainError: The node failed; who was paid stays paid.
    """
    where = site.address("Waterfall")
    chosen = list(payees)
    calls: list[tuple[str, Call[int]]] = [(where, waterfall.owed_to(payee)) for payee in chosen]
    amounts: list[int | ContractError] = site.client.call_many(calls)
    for payee, amount in zip(chosen, amounts, strict=True):
        if amount and not isinstance(amount, ContractError):
            yield _withdraw(site, where, payee, amount)


def _withdraw(site: KeeperSite, where: Address, payee: Address, amount: int) -> Outcome:
    call = waterfall.withdraw_owed(payee)
    facts: dict[str, object] = {"payee": payee, "amount": str(amount), "tx": None}
    paid = Outcome("paid", f"{payee} was paid {site.money(amount)} that stayed owed", facts)
    try:
        # Asked first, so that a payee who still cannot be paid costs a question and not a failed transaction.
        site.client.call(where, call, sender=site.sender.address)
        receipt = site.sender.submit(
            f"owed:{where}:{payee}:{amount}",
            where,
            call.data,
            done=lambda: _nothing(site, payee),
        )
    except NotSent as plan:
        text = f"{payee} would be paid {site.money(amount)} that stayed owed"
        return Outcome("would", text, facts | plan.facts)
    except ContractError as error:
        if _nothing(site, payee):
            return paid  # by somebody else, who was first in the same moment
        text = (
            f"{payee} is owed {site.money(amount)} and still cannot be paid; the amount stays owed"
        )
        return Outcome("withheld", text, facts | {"reason": str(error)})
    crash.point("keeper.owed.sent")
    if receipt is not None:
        facts["tx"] = "0x" + receipt.tx_hash.hex()
    return paid


def _nothing(site: KeeperSite, payee: Address) -> bool:
    return site.ask("Waterfall", waterfall.owed_to(payee)) == 0
