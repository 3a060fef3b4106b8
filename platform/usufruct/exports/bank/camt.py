"""Bank confirmations: ISO 20022 debit and credit notifications (camt.054), any version, as far as they are needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from usufruct.errors import InputError
from usufruct.exports.bank.record import CENT_DECIMALS
from usufruct.money import Currency, parse_amount
from usufruct.xml_tree import Element, parse_xml

__all__ = ["Booking", "read_notification"]

_NAMESPACE: Final = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.\d{2}", re.ASCII)
_CENTS: Final = Currency("", CENT_DECIMALS)
_MOST_TEXT: Final = 140


@dataclass(frozen=True, slots=True)
class Booking:
    """One transaction that the bank tells of.

    Attributes:
        reference: Names the booking, the same when it is told again.
        end_to_end: The end-to-end id, empty if there is none.
        amount: Cents.
        currency: Its code.
        outgoing: Whether it left the account; a return comes back.
        reversal: Whether it takes an earlier booking back: an outgoing one then takes back money that had come.
        booked: Whether it is booked; else it is only announced.
        day: Day of booking as the bank writes it.
    """

    reference: str
    end_to_end: str
    amount: int
    currency: str
    outgoing: bool
    reversal: bool
    booked: bool
    day: str


def read_notification(content: bytes) -> list[Booking]:
    """The bookings of a notification, in order.

    Raises:
        InputError: It is no camt.054, or a booking is not whole.
    """
    root = parse_xml(content)
    if root.name != "Document" or not _NAMESPACE.fullmatch(root.space):
        raise _refused(
            "xmlns",
            root.space,
            "a camt.054 message (urn:iso:std:iso:20022:tech:xsd:camt.054.001.NN)",
        )
    body = root.child("BkToCstmrDbtCdtNtfctn")
    if body is None:
        raise _refused("Document", "", "BkToCstmrDbtCdtNtfctn")
    return [
        booking
        for notification in body.all("Ntfctn")
        for place, entry in enumerate(notification.all("Ntry"))
        for booking in _bookings(notification.content("Id") or "", place, entry)
    ]


def _bookings(notification: str, place: int, entry: Element) -> Iterator[Booking]:
    details = [tx for each in entry.all("NtryDtls") for tx in each.all("TxDtls")]
    status = entry.content("Sts", "Cd") or entry.content("Sts") or ""
    day = entry.content("BookgDt", "Dt") or entry.content("BookgDt", "DtTm") or ""
    common = entry.content("AcctSvcrRef")
    for number, part in enumerate(details or [entry]):
        amount, currency = _amount(part, entry, alone=len(details) <= 1)
        own = part.content("Refs", "AcctSvcrRef")
        end_to_end = _short(part.content("Refs", "EndToEndId") or "")
        reference = own or (f"{common}/{number}" if common else f"{notification}/{place}/{number}")
        yield Booking(
            _short(reference),
            end_to_end,
            amount,
            currency,
            _outgoing(part, entry),
            _reversal(entry),
            status == "BOOK",
            _short(day),
        )


def _outgoing(part: Element, entry: Element) -> bool:
    sign = part.content("CdtDbtInd") or entry.content("CdtDbtInd")
    if sign not in ("DBIT", "CRDT"):
        raise _refused("CdtDbtInd", sign or "", "DBIT or CRDT")
    return sign == "DBIT"


def _reversal(entry: Element) -> bool:
    said = entry.content("RvslInd") or "false"
    if said not in ("true", "false", "1", "0"):
        raise _refused("RvslInd", said, "true or false")
    return said in ("true", "1")


def _amount(part: Element, entry: Element, *, alone: bool) -> tuple[int, str]:
    found = part.child("Amt") or (entry.child("Amt") if alone else None)
    if found is None:
        found = _nested(part)
    if found is None:
        raise _refused("Amt", "", "an amount for every transaction")
    try:
        return parse_amount(found.text.strip(), _CENTS), found.attributes.get("Ccy", "")
    except InputError:
        raise _refused("Amt", found.text, "an amount with at most two decimals") from None


def _nested(part: Element) -> Element | None:
    """The amount where older versions keep it: AmtDtls/TxAmt/Amt."""
    details = part.child("AmtDtls")
    tx = details.child("TxAmt") if details is not None else None
    return tx.child("Amt") if tx is not None else None


def _short(text: str) -> str:
    if len(text) > _MOST_TEXT:
        raise _refused("text", text, f"at most {_MOST_TEXT} characters")
    return text


def _refused(field: str, value: str, rule: str) -> InputError:
    return InputError(
        f"the notification cannot be read: {field}",
        field=field,
        value=value,
        rule=rule,
        remedy="ask the bank for camt.054; nothing of this file was taken in",
    )
