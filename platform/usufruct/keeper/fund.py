"""Brings an operator's money into a stream's escrow."""

from __future__ import annotations

from usufruct.chain import crash
from usufruct.contracts import settlement_currency, statement_book, waterfall
from usufruct.contracts.shared import ERC20InsufficientBalance
from usufruct.contracts.statement_book import Status
from usufruct.errors import ChainError, InputError
from usufruct.keeper.site import KeeperSite, Outcome, Stream

__all__ = ["fund", "required"]


def required(site: KeeperSite, stream: Stream) -> int:
    """What is missing in the escrow to settle every attested period of the stream, minor units.

    Counts periods from the next to be settled up to the first that is disputed or voided.
    """
    progress = site.ask("StatementBook", statement_book.progress_of(stream.number))
    account = site.ask("Waterfall", waterfall.account_of(stream.number))
    total = account.shortfall
    for period in range(progress.settled + 1, progress.attested + 1):
        record = site.ask("StatementBook", statement_book.record_of(stream.number, period))
        if record.status != Status.ATTESTED:
            break
        total += record.distributable
    return max(0, total - account.escrow)


def fund(site: KeeperSite, stream: Stream, amount: int | None, reference: str) -> Outcome:
    """Moves `amount` minor units into the stream's escrow, or what is required if it is None.

    The same `reference` never brings money in twice, even after a crash.

    Raises:
        InputError: The amount is zero.
        ChainError: The account has too little of the currency, or the node failed.
    """
    wanted = required(site, stream) if amount is None else amount
    if wanted == 0:
        if amount is None:
            text = f"{stream.code}: nothing is required, the escrow covers every attested period"
            return Outcome("funded", text, _facts(stream, 0, None))
        raise InputError(
            "nothing to bring in",
            field="amount",
            value="0",
            rule="more than zero",
            remedy="name the amount, or use --required",
        )
    _approve(site, wanted, reference, again=amount is None)
    crash.point("keeper.fund.approved")
    where = site.address("Waterfall")
    try:
        receipt = site.sender.submit(
            f"fund:{where}:{stream.number}:{reference}",
            where,
            waterfall.fund(stream.number, wanted).data,
            done=None if amount is not None else lambda: required(site, stream) == 0,
        )
    except ERC20InsufficientBalance as error:
        raise _too_little(site, error) from None
    crash.point("keeper.fund.sent")
    tx = receipt.tx_hash if receipt else None
    text = f"{stream.code}: {site.money(wanted)} brought into escrow"
    return Outcome("funded", text, _facts(stream, wanted, tx))


def _approve(site: KeeperSite, wanted: int, reference: str, *, again: bool) -> None:
    """Lets the waterfall take what is needed, if it may not already; `again` if a reference may come back."""
    spender = site.address("Waterfall")

    def allowed() -> bool:
        call = settlement_currency.allowance(site.sender.address, spender)
        return site.ask("SettlementCurrency", call) >= wanted

    if not allowed():
        site.sender.submit(
            f"approve:{spender}:{reference}",
            site.address("SettlementCurrency"),
            settlement_currency.approve(spender, wanted).data,
            done=allowed if again else None,
        )


def _too_little(site: KeeperSite, error: ERC20InsufficientBalance) -> ChainError:
    return ChainError(
        f"{error.sender} has too little {site.currency.code}",
        field="balance",
        value=site.money(error.balance),
        rule=f"{site.money(error.needed)} are to be brought in",
        remedy=f"send it {site.money(error.needed - error.balance)} first",
    )


def _facts(stream: Stream, amount: int, tx: bytes | None) -> dict[str, object]:
    return {
        "stream": stream.number,
        "amount": str(amount),
        "tx": "0x" + tx.hex() if tx else None,
    }
