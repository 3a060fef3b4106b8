"""Takes in the bank's confirmations and compares transfers with confirmations and payouts: nothing counts twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa

from usufruct.exports.bank.camt import Booking, read_notification
from usufruct.exports.bank.journal import (
    CONFIRMATION,
    STATES,
    TRANSFER,
    Confirmation,
    Journal,
    transfers,
)
from usufruct.exports.bank.record import CENT_DECIMALS, Transfer
from usufruct.money import Currency, format_amount

__all__ = ["Cash", "confirm", "reconcile_cash"]


def confirm(content: bytes, journal: Journal, now: int) -> list[Confirmation]:
    """Takes in one notification, all of it or nothing, as known from `now` (unix seconds) on.

    Raises:
        InputError: It cannot be read.
    """
    bookings = read_notification(content)
    digest = sha256(content).hexdigest()
    found = []
    with journal.exclusive() as connection:
        known = {each.end_to_end: each for each in transfers(connection)}
        for booking in bookings:
            verdict = _judge(connection, booking, known.get(booking.end_to_end))
            _note(connection, digest, verdict, now)
            if verdict.verdict in STATES:
                state = STATES[verdict.verdict]
                connection.execute(
                    TRANSFER.update()
                    .where(TRANSFER.c.end_to_end == booking.end_to_end)
                    .values(state=state)
                )
                known = {each.end_to_end: each for each in transfers(connection)}
            found.append(verdict)
    return found


def _judge(connection: sa.Connection, booking: Booking, transfer: Transfer | None) -> Confirmation:
    if not booking.booked:
        verdict, detail = "pending", "the bank has not booked it yet"
    elif _seen(connection, booking):
        verdict, detail = "duplicate", f"{booking.reference} was taken in before"
    elif transfer is None or not transfer.net:
        name = booking.end_to_end or "no end-to-end id"
        verdict, detail = "unmatched", f"no transfer of ours: {name}"
    else:
        verdict, detail = _compare(booking, transfer)
    return Confirmation(booking, verdict, detail)


def _compare(booking: Booking, transfer: Transfer) -> tuple[str, str]:
    """The verdict on a booking that names a transfer, and why."""
    name = transfer.end_to_end
    if booking.reversal and booking.outgoing:
        # The bank takes a return back: whether the payee has the money only the bank can say.
        return (
            "unmatched",
            f"{name} is {transfer.state}, and the bank takes back what had come: ask it",
        )
    if (booking.amount, booking.currency) != (transfer.net, transfer.currency):
        found = f"{_shown(booking.amount)} {booking.currency}"
        return "mismatch", f"{name}: {found} instead of {_shown(transfer.net)} {transfer.currency}"
    if transfer.state == "returned" or (booking.outgoing and transfer.state == "confirmed"):
        return "duplicate", f"{name} is {transfer.state} already"
    if not booking.outgoing:
        return "returned", f"{transfer.payout} came back"
    return "matched", transfer.payout


def _seen(connection: sa.Connection, booking: Booking) -> bool:
    """Whether the same booking, in the same direction, has been taken in and counted or listed."""
    columns = CONFIRMATION.c
    query = sa.select(columns.id).where(
        columns.reference == booking.reference,
        columns.end_to_end == booking.end_to_end,
        columns.outgoing == booking.outgoing,
        columns.verdict.in_(("matched", "returned", "unmatched", "mismatch")),
    )
    return connection.execute(query.limit(1)).first() is not None


def _note(connection: sa.Connection, digest: str, found: Confirmation, now: int) -> None:
    booking = found.booking
    row = {
        "file": digest,
        "reference": booking.reference,
        "end_to_end": booking.end_to_end,
        "amount": str(booking.amount),
        "currency": booking.currency[:16],
        "outgoing": booking.outgoing,
        "day": booking.day,
        "verdict": found.verdict,
        "detail": found.detail,
        "known_at": now,
    }
    connection.execute(CONFIRMATION.insert(), row)


@dataclass(frozen=True, slots=True)
class Cash:
    """How cash and payouts stand to each other; cents, `gross` and carries in minor units.

    For a period: gross + what was carried in = (net + withheld) in minor units + what is carried on.
    """

    transfers: tuple[Transfer, ...]
    gross: int
    carry_in: int
    carry_out: int
    net: int
    withheld: int
    confirmed: int
    returned: int
    open: int
    differences: tuple[str, ...]


def reconcile_cash(
    made: Sequence[Transfer], payouts: Mapping[str, int], currency: Currency
) -> Cash:
    """Adds up transfers and compares each with its payout in the ledger, of which `payouts` has the amounts by id."""
    first = [each for each in made if each.attempt == 1]
    cent = 10 ** max(0, currency.decimals - CENT_DECIMALS)
    scale = 10 ** max(0, CENT_DECIMALS - currency.decimals)
    differences = []
    for each in first:
        if payouts.get(each.payout) != each.gross:
            found = payouts.get(each.payout)
            text = (
                "is not in the ledger" if found is None else f"is {found} minor units in the ledger"
            )
            differences.append(f"{each.payout} was paid as {each.gross} minor units and {text}")
        left = each.gross * scale + each.carry_in
        if left != (each.net + each.withheld) * cent + each.carry_out:
            differences.append(f"{each.end_to_end} does not add up")
    last = {each.payout: each for each in made}
    return Cash(
        transfers=tuple(made),
        gross=sum(each.gross for each in first),
        carry_in=sum(each.carry_in for each in first),
        carry_out=sum(each.carry_out for each in first),
        net=sum(each.net for each in first),
        withheld=sum(each.withheld for each in first),
        confirmed=_sum(last, "confirmed"),
        returned=_sum(last, "returned"),
        open=_sum(last, "made"),
        differences=tuple(differences),
    )


def _sum(last: Mapping[str, Transfer], state: str) -> int:
    return sum(each.net for each in last.values() if each.state == state)


def _shown(cents: int) -> str:
    return format_amount(cents, Currency("", CENT_DECIMALS))
