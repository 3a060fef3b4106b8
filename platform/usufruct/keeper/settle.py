"""Settles the periods of a stream that are final and funded, in their order."""

from __future__ import annotations

from usufruct.chain import crash
from usufruct.chain.explain import explain
from usufruct.contracts import ContractError, statement_book, waterfall
from usufruct.contracts.statement_book import Status
from usufruct.keeper.site import KeeperSite, NotSent, Outcome, Stream, when

__all__ = ["settle_stream"]


def settle_stream(site: KeeperSite, stream: Stream) -> list[Outcome]:
    """Settles all it can; the last outcome tells why it stopped, if there is something to tell.

    Raises:
        ChainError: The node failed; nothing is lost, the next round goes on.
    """
    outcomes = []
    while True:
        outcome = _settle_next(site, stream)
        if outcome is not None:
            outcomes.append(outcome)
        if outcome is None or outcome.kind != "settled":
            return outcomes


def _settle_next(site: KeeperSite, stream: Stream) -> Outcome | None:
    progress = site.ask("StatementBook", statement_book.progress_of(stream.number))
    period = progress.settled + 1
    if period > progress.attested:
        return None
    call = waterfall.settle(stream.number, period)
    where = site.address("Waterfall")
    try:
        # Asked first, so that waiting for money or time is a sentence and not a failed transaction.
        site.client.call(where, call, sender=site.sender.address)
        crash.point("keeper.settle.ready")
        receipt = site.sender.submit(
            f"settle:{where}:{stream.number}:{period}",
            where,
            call.data,
            done=lambda: _settled(site, stream) >= period,
        )
    except NotSent as plan:
        facts = {"stream": stream.number, "period": period, **plan.facts}
        text = f"{stream.code} period {period} would be settled"
        if period < progress.attested:
            text += f", then up to period {progress.attested} what is final and funded"
        return Outcome("would", text, facts)
    except ContractError as error:
        if _settled(site, stream) >= period:
            return Outcome("settled", *_settled_text(site, stream, period, None))
        return _waiting(site, stream, period, error)
    crash.point("keeper.settle.sent")
    tx = receipt.tx_hash if receipt else None
    return Outcome("settled", *_settled_text(site, stream, period, tx))


def _settled(site: KeeperSite, stream: Stream) -> int:
    return site.ask("StatementBook", statement_book.progress_of(stream.number)).settled


def _settled_text(
    site: KeeperSite, stream: Stream, period: int, tx: bytes | None
) -> tuple[str, dict[str, object]]:
    account = site.ask("Waterfall", waterfall.account_of(stream.number))
    text = f"{stream.code} period {period} is settled"
    if tx is None:
        text += " (by somebody else)"
    if account.shortfall:
        text += f"; {site.money(account.shortfall)} stay short and are brought forward"
    tx_hash = "0x" + tx.hex() if tx else None
    return text, {"stream": stream.number, "period": period, "tx": tx_hash}


def _waiting(site: KeeperSite, stream: Stream, period: int, error: ContractError) -> Outcome:
    """Why the period cannot be settled now, and what would help."""
    facts = {"stream": stream.number, "period": period, "reason": error.NAME}
    what = f"{stream.code} period {period}"
    if isinstance(error, waterfall.Underfunded):
        return Outcome(
            "waiting",
            f"{what} is final but waits for money: {site.money(error.required)} are required, "
            f"{site.money(error.funded)} are there; after {when(error.grace_until)} it is settled with what there is; "
            f"bring money in with: usufruct fund {stream.code} --required",
            facts,
        )
    if isinstance(error, statement_book.NotFinal):
        text = f"{what} may be challenged until {when(error.final_at)}"
        return Outcome("waiting", text, facts)
    if isinstance(error, statement_book.WrongStatus):
        status = Status(error.status).name.lower()
        text = f"{what} is {status}; the guardian or a new version decides how it goes on"
        return Outcome("waiting", text, facts)
    return Outcome("refused", f"{what} cannot be settled: {explain(error)}", facts)
