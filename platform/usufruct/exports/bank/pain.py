"""Payment files: ISO 20022 customer credit transfer initiation, pain.001.001.09, checked before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final

from usufruct.errors import EvidenceError
from usufruct.exports.bank.payees import BankAccount, Debtor
from usufruct.exports.bank.record import CENT_DECIMALS, Transfer
from usufruct.exports.bank.xml_form import UNBOUNDED, Form, check_form
from usufruct.money import Currency, format_amount, parse_amount
from usufruct.xml_tree import Element, parse_xml

__all__ = ["FORM", "NAMESPACE", "Message", "check_message", "write_message"]

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_MAX35: Final = r"(?s).{1,35}"
_MAX140: Final = r"(?s).{1,140}"
_COUNT: Final = r"[0-9]{1,15}"
_DECIMAL: Final = r"[0-9]{1,15}(\.[0-9]{1,2})?"
_AMOUNT: Final = r"(?=[0-9.]{1,19}$)[0-9]{1,16}\.[0-9]{2}"
_CURRENCY: Final = (("Ccy", r"[A-Z]{3}"),)
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BIC: Final = r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?"
_PARTY: Final = (Form("Nm", _MAX140),)
_NUMBER: Final = (
    Form(
        "Id",
        (
            Form("IBAN", r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}"),
            Form("Othr", (Form("Id", r"(?s).{1,34}"),)),
        ),
        choice=True,
    ),
)
_AGENT: Final = (
    Form(
        "FinInstnId",
        (Form("BICFI", _BIC), Form("Othr", (Form("Id", _MAX35),))),
        choice=True,
    ),
)
_TRANSACTION: Final = (
    Form("PmtId", (Form("InstrId", _MAX35), Form("EndToEndId", _MAX35))),
    Form("Amt", (Form("InstdAmt", _AMOUNT, attributes=_CURRENCY),)),
    Form("CdtrAgt", _AGENT, least=0),
    Form("Cdtr", _PARTY),
    Form("CdtrAcct", _NUMBER),
    Form("RmtInf", (Form("Ustrd", _MAX140),)),
)
FORM: Final = Form(
    "Document",
    (
        Form(
            "CstmrCdtTrfInitn",
            (
                Form(
                    "GrpHdr",
                    (
                        Form("MsgId", _MAX35),
                        Form("CreDtTm", _DATE + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
                        Form("NbOfTxs", _COUNT),
                        Form("CtrlSum", _DECIMAL),
                        Form("InitgPty", _PARTY),
                    ),
                ),
                Form(
                    "PmtInf",
                    (
                        Form("PmtInfId", _MAX35),
                        Form("PmtMtd", "TRF"),
                        Form("BtchBookg", "true|false"),
                        Form("NbOfTxs", _COUNT),
                        Form("CtrlSum", _DECIMAL),
                        Form("ReqdExctnDt", (Form("Dt", _DATE),)),
                        Form("Dbtr", _PARTY),
                        Form("DbtrAcct", _NUMBER),
                        Form("DbtrAgt", _AGENT),
                        Form("ChrgBr", "DEBT|CRED|SHAR|SLEV"),
                        Form("CdtTrfTxInf", _TRANSACTION, most=UNBOUNDED),
                    ),
                ),
            ),
        ),
    ),
)
"""The part of pain.001.001.09 that we write, element by element in the standard's order."""
_CENTS: Final = Currency("", CENT_DECIMALS)


@dataclass(frozen=True, slots=True)
class Message:
    """A payment file.

    Attributes:
        id: Its id, at most 35 characters.
        made_at: Unix time.
        execution: Day on which the bank shall pay, "YYYY-MM-DD".
        debtor: From whose account.
        transfers: What is paid, none of it zero.
    """

    id: str
    made_at: int
    execution: str
    debtor: Debtor
    transfers: Sequence[Transfer]


def write_message(message: Message) -> bytes:
    """The file; EvidenceError if it would not be valid."""
    total = format_amount(sum(each.net for each in message.transfers), _CENTS)
    count = str(len(message.transfers))
    created = datetime.fromtimestamp(message.made_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    debtor = message.debtor
    header = _tag(
        "GrpHdr",
        _text("MsgId", message.id),
        _text("CreDtTm", created),
        _text("NbOfTxs", count),
        _text("CtrlSum", total),
        _tag("InitgPty", _text("Nm", debtor.name)),
    )
    payment = _tag(
        "PmtInf",
        _text("PmtInfId", message.id),
        _text("PmtMtd", "TRF"),
        _text("BtchBookg", "false"),
        _text("NbOfTxs", count),
        _text("CtrlSum", total),
        _tag("ReqdExctnDt", _text("Dt", message.execution)),
        _tag("Dbtr", _text("Nm", debtor.name)),
        _tag("DbtrAcct", _number(debtor)),
        _tag("DbtrAgt", _agent(debtor.bic)),
        _text("ChrgBr", "SHAR"),
        *(_transaction(each) for each in message.transfers),
    )
    body = _tag("CstmrCdtTrfInitn", header, payment)
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">{body}</Document>\n'
    ).encode()
    check_message(content)
    return content


def check_message(content: bytes) -> None:
    """Checks structure, count, sum and that no end-to-end id occurs twice; EvidenceError if one fails."""
    root = parse_xml(content)
    check_form(root, FORM, NAMESPACE)
    body = root.children[0]
    header, payment = body.children
    found = payment.all("CdtTrfTxInf")
    total = sum(parse_amount(each.content("Amt", "InstdAmt") or "", _CENTS) for each in found)
    for part in (header, payment):
        _same("NbOfTxs", part.content("NbOfTxs"), str(len(found)))
        _same("CtrlSum", part.content("CtrlSum"), format_amount(total, _CENTS))
    names = {each.content("PmtId", "EndToEndId") for each in found}
    _same("EndToEndId", str(len(names)), str(len(found)))
    if any(_cents(each) <= 0 for each in found):
        raise EvidenceError(
            "the message holds a transfer of nothing",
            field="InstdAmt",
            value="0.00",
            rule="an amount is above zero",
            remedy="report it: nothing was written",
        )


def _cents(transaction: Element) -> int:
    return parse_amount(transaction.content("Amt", "InstdAmt") or "", _CENTS)


def _transaction(each: Transfer) -> str:
    amount = format_amount(each.net, _CENTS)
    number = _id(None, each.account) if not _is_iban(each.account) else _id(each.account, None)
    return _tag(
        "CdtTrfTxInf",
        _tag("PmtId", _text("InstrId", each.end_to_end), _text("EndToEndId", each.end_to_end)),
        _tag("Amt", f'<InstdAmt Ccy="{escape(each.currency)}">{amount}</InstdAmt>'),
        _tag("CdtrAgt", _agent(each.agent)) if each.agent else "",
        _tag("Cdtr", _text("Nm", each.payee)),
        _tag("CdtrAcct", number),
        _tag("RmtInf", _text("Ustrd", f"{each.payout} {each.period}")),
    )


def _is_iban(number: str) -> bool:
    try:
        return BankAccount(name="x", iban=number).iban == number
    except ValueError:
        return False


def _number(account: BankAccount) -> str:
    return _id(account.iban, account.account)


def _id(iban: str | None, other: str | None) -> str:
    return _tag("Id", _text("IBAN", iban) if iban else _tag("Othr", _text("Id", other or "")))


def _agent(bic: str | None) -> str:
    known = _text("BICFI", bic) if bic else _tag("Othr", _text("Id", "NOTPROVIDED"))
    return _tag("FinInstnId", known)


def _tag(name: str, *parts: str) -> str:
    return f"<{name}>{''.join(parts)}</{name}>"


def _text(name: str, text: str) -> str:
    return f"<{name}>{escape(text, quote=False)}</{name}>"


def _same(name: str, found: str | None, expected: str) -> None:
    if found != expected:
        raise EvidenceError(
            f"the message does not add up: {name}",
            field=name,
            value=found,
            rule=f"must be {expected}",
            remedy="report it: nothing was written",
        )
