"""The end of a series: closes it once no more money can come, then redeems holder by holder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from usufruct.chain import crash
from usufruct.chain.explain import explain
from usufruct.contracts import Address, Call, ContractError
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.keeper.push import Right
from usufruct.keeper.site import KeeperSite, NotSent, Outcome

__all__ = ["end_series"]


def end_series(site: KeeperSite, right: Right, holders: Sequence[Address]) -> Iterator[Outcome]:
    """Closes a series whose last payable period is over and redeems those of `holders` who still hold units.

    Anyone may do this, and it pays only the holders. While money may still come nothing is done.

    Raises:
        ChainError: The node failed; who was redeemed stays redeemed.
    """
    state = site.client.call(right.contract, rr.state())
    if not state.closed:
        closed = _close(site, right)
        if closed is None:
            return
        yield closed
        if closed.kind == "would":
            return
    calls: list[tuple[str, Call[int]]] = [
        (right.contract, rr.balance_of(holder)) for holder in holders
    ]
    units: list[int | ContractError] = site.client.call_many(calls)
    for holder, held in zip(holders, units, strict=True):
        if held:
            yield _redeem(site, right, holder)


def _close(site: KeeperSite, right: Right) -> Outcome | None:
    """Closes the series; None if money may still come."""
    try:
        site.client.call(right.contract, se.close(), sender=site.sender.address)
        site.sender.submit(
            f"close:{right.contract}",
            right.contract,
            se.close().data,
            done=lambda: site.client.call(right.contract, rr.state()).closed,
        )
    except NotSent as plan:
        facts = {"series": right.contract, **plan.facts}
        return Outcome("would", f"{right.symbol} would be closed", facts)
    except ContractError:
        return None
    crash.point("keeper.close.sent")
    text = f"{right.symbol}: the last payable period is over, the series is closed"
    return Outcome("closed", text, {"series": right.contract})


def _redeem(site: KeeperSite, right: Right, holder: Address) -> Outcome:
    call = se.redeem(holder)
    facts: dict[str, object] = {"series": right.contract, "holder": holder, "tx": None}
    done = Outcome("redeemed", f"{right.symbol}: the units of {holder} are redeemed", facts)
    try:
        site.client.call(right.contract, call, sender=site.sender.address)
        receipt = site.sender.submit(
            f"redeem:{right.contract}:{holder}",
            right.contract,
            call.data,
            done=lambda: _gone(site, right, holder),
        )
    except NotSent as plan:
        text = f"{right.symbol}: the units of {holder} would be redeemed"
        return Outcome("would", text, facts | plan.facts)
    except ContractError as error:
        if _gone(site, right, holder):
            return done  # by somebody else, who was first in the same moment
        text = f"{right.symbol}: {holder} cannot be redeemed now: {explain(error)}"
        return Outcome("withheld", text, facts | {"reason": str(error)})
    crash.point("keeper.redeem.sent")
    if receipt is not None:
        facts["tx"] = "0x" + receipt.tx_hash.hex()
    return done


def _gone(site: KeeperSite, right: Right, holder: Address) -> bool:
    return site.client.call(right.contract, rr.balance_of(holder)) == 0
