"""Announces the record date of the month that runs: its end, in the project's time zone (the issuer's duty)."""

from __future__ import annotations

from collections.abc import Iterator

from usufruct.chain import crash
from usufruct.chain.explain import explain
from usufruct.config import Community, Series
from usufruct.contracts import Address, ContractError, address
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.core.periods import period_bounds, period_name, period_of
from usufruct.keeper.site import KeeperSite, Outcome, when

__all__ = ["schedule_records"]


def schedule_records(site: KeeperSite, community: Community) -> Iterator[Outcome]:
    """Announces the coming month end for every series of the file; what is announced already stays as it is.

    A series takes one record date ahead at a time, so this belongs once into every month, any number of times.

    Raises:
        ChainError: The node failed; what was announced stays announced.
    """
    now = site.client.block("latest").timestamp
    project = community.project
    period = period_of(project.first_period, now, project.timezone)
    for series in community.series:
        if not series.term_from <= period <= series.term_to:
            continue
        _, end = period_bounds(project.first_period, period, project.timezone)
        month = period_name(project.first_period, period)
        yield _schedule(site, series, month, period, end)


def _schedule(site: KeeperSite, series: Series, month: str, period: int, at: int) -> Outcome:
    contract = address(site.deployment.series[series.code])
    facts: dict[str, object] = {
        "series": contract,
        "period": period,
        "record_at": at,
        "tx": None,
    }
    what = f"{series.symbol} {month}: record date {when(at)}"
    if _announced(site, contract, period, at):
        return Outcome("kept", f"{what} is announced", facts)
    call = se.schedule_record(period, at)
    try:
        site.client.call(contract, call, sender=site.sender.address)
        receipt = site.sender.submit(
            f"record:{contract}:{period}:{at}",
            contract,
            call.data,
            done=lambda: _announced(site, contract, period, at),
        )
    except ContractError as error:
        text = f"{what} cannot be announced: {explain(error)}"
        return Outcome("refused", text, facts | {"reason": error.NAME})
    crash.point("keeper.record.sent")
    if receipt is not None:
        facts["tx"] = "0x" + receipt.tx_hash.hex()
    return Outcome("announced", what, facts)


def _announced(site: KeeperSite, contract: Address, period: int, at: int) -> bool:
    state = site.client.call(contract, rr.state())
    return (state.record_period, state.record_at) == (period, at)
