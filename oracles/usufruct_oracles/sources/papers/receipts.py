"""Receipts of rent: form `receipt/1`. What settles invoices is income; what is paid beyond them is credit.

amount = Σ paid + credit. A receipt that uses earlier credit has a negative `credit`. The reading is Σ paid in minor
units, at the moment of receipt; rent is priced 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from usufruct.config import Meter
from usufruct.core.documents import integer, natural, text, wrong
from usufruct_oracles.sources.papers.common import (
    decoded,
    document,
    entries,
    moment,
    reading,
    require_meter,
)
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import shown

FORM = "receipt/1"
"""Name of the form."""
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
"""A month, "YYYY-MM"."""

_KEYS = {"meter", "receipt", "lease", "received", "amount", "credit", "settles"}


def decode_receipts(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The reading of a receipt. A `Decoder`."""
    return decoded(payload, meter, _read)


def _read(payload: bytes, meter: Meter) -> Sequence[Row]:
    found = document(payload, FORM, _KEYS)
    require_meter(found, meter)
    name, lease = text(found["receipt"], "receipt"), text(found["lease"], "lease")
    received = moment(found["received"], "received")
    settles = entries(found["settles"], "settles", 5)
    paid = sum(map(_paid, settles))
    invoices = [text(each[0], "invoice") for each in settles]
    if len(set(invoices)) != len(invoices):
        raise wrong("settles", ", ".join(invoices), "each invoice once")
    amount, credit = natural(found["amount"], "amount"), integer(found["credit"], "credit")
    if amount != paid + credit:
        raise wrong("amount", amount, f"{paid} paid on invoices and {credit} credit")
    if not settles:
        return ()  # all of it is credit, no income yet
    line = f"receipt {shown(name)} of {shown(lease)} for {', '.join(invoices)}"
    return [reading(1, meter, received - 1, received, paid, meter.unit, line)]


def _paid(parts: list[object]) -> int:
    """What a receipt pays on an invoice: name, month, amount due, paid before, paid now."""
    _, month, due, before, now = parts
    if MONTH.fullmatch(text(month, "period")) is None:
        raise wrong("period", month, 'a month "YYYY-MM"')
    total, already, paid = natural(due, "due"), natural(before, "before"), natural(now, "paid")
    if not paid or already + paid > total:
        raise wrong("paid", paid, f"above 0 and at most {total - already}, what is open")
    return paid
