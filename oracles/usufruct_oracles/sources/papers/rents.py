"""The rent book: leases, invoices and payments of monthly rolls, and the receipts, receivables and credits they give.

The book is a pure function of its rolls, taken month by month: a payment settles the invoices that it names, then the
oldest of its lease; what is left over is kept as credit and settles the next invoice when its month begins; what is
unpaid stays receivable. A roll of the wrong month is refused as a whole: its period must be the one it is filed under,
and its invoices' too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from usufruct.core.documents import items, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.core.periods import period_bounds, zone
from usufruct_oracles.sources.papers.common import MAX_BYTES, MAX_ENTRIES, moment
from usufruct_oracles.sources.papers.receipts import FORM as RECEIPT
from usufruct_oracles.sources.papers.receipts import MONTH

FORM = "roll/1"
"""Name of the form of a month's roll."""

_ROLL = {"form", "period", "leases", "invoices", "payments"}
_LEASE = {"lease", "meter", "from", "to", "rent"}
_INVOICE = {"invoice", "lease", "period", "amount"}
_PAYMENT = {"receipt", "lease", "received", "amount", "invoices"}


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease: its sub-unit's meter, first and last month, and rent of a month in minor units."""

    name: str
    meter: str
    first: str
    last: str
    rent: int


@dataclass(slots=True)
class Invoice:
    """An invoice, and how much of it is paid."""

    name: str
    lease: str
    period: str
    amount: int
    paid: int = 0

    @property
    def open(self) -> int:
        """What is still receivable, minor units."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received: when (RFC 3339), how much, and for which invoices; none means the oldest."""

    name: str
    lease: str
    received: str
    amount: int
    invoices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roll:
    """What a month brings."""

    period: str
    leases: tuple[Lease, ...]
    invoices: tuple[Invoice, ...]
    payments: tuple[Payment, ...]


def parse_roll(data: bytes, period: str) -> Roll:
    """The roll filed under a month.

    Raises:
        InputError: Not a roll, or one of another month.
    """
    if len(data) > MAX_BYTES:
        raise wrong("roll", f"{len(data)} bytes", f"at most {MAX_BYTES}")
    found = keyed(load_json(data), _ROLL, "roll")
    if found["form"] != FORM:
        raise wrong("form", found["form"], FORM)
    if found["period"] != period or MONTH.fullmatch(period) is None:
        raise wrong("period", found["period"], f"{period}, the month that the roll is filed under")
    lists = {name: items(found[name], name) for name in ("leases", "invoices", "payments")}
    for name, each in lists.items():
        if len(each) > MAX_ENTRIES:
            raise wrong(name, len(each), f"at most {MAX_ENTRIES}")
    invoices = tuple(map(_invoice, lists["invoices"]))
    for invoice in invoices:
        if invoice.period != period:
            raise wrong(
                "invoice.period", f"{invoice.name} {invoice.period}", f"{period}, as the roll"
            )
    return Roll(
        period,
        tuple(map(_lease, lists["leases"])),
        invoices,
        tuple(map(_payment, lists["payments"])),
    )


def _lease(value: object) -> Lease:
    found = keyed(value, _LEASE, "lease")
    first, last = text(found["from"], "from"), text(found["to"], "to")
    if not MONTH.fullmatch(first) or not MONTH.fullmatch(last) or last < first:
        raise wrong("lease.to", last, f'months "YYYY-MM", not before {first}')
    return Lease(
        text(found["lease"], "lease"),
        text(found["meter"], "meter"),
        first,
        last,
        natural(found["rent"], "rent"),
    )


def _invoice(value: object) -> Invoice:
    found = keyed(value, _INVOICE, "invoice")
    return Invoice(
        text(found["invoice"], "invoice"),
        text(found["lease"], "lease"),
        text(found["period"], "period"),
        natural(found["amount"], "amount"),
    )


def _payment(value: object) -> Payment:
    found = keyed(value, _PAYMENT, "payment")
    moment(found["received"], "received")
    return Payment(
        text(found["receipt"], "receipt"),
        text(found["lease"], "lease"),
        text(found["received"], "received"),
        natural(found["amount"], "amount"),
        tuple(text(each, "invoices") for each in items(found["invoices"], "invoices")),
    )


@dataclass(slots=True)
class Book:
    """The rent book.

    Attributes:
        timezone: IANA zone of the project: months begin by it.
        leases: By name.
        invoices: By name, in the order in which they came.
        credits: Credit by lease, minor units.
        receipts: Meter and document of each receipt.
        refused: What was refused, with its reason.
    """

    timezone: str
    leases: dict[str, Lease] = field(default_factory=dict)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    credits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _payments: dict[str, Payment] = field(default_factory=dict)

    @property
    def receivables(self) -> list[Invoice]:
        """Invoices that are not paid in full."""
        return [each for each in self.invoices.values() if each.open]

    def add(self, roll: Roll) -> None:
        """Takes a month's roll in; rolls come in the order of their months."""
        for lease in roll.leases:
            known = self.leases.setdefault(lease.name, lease)
            if known != lease:
                self.refused.append(
                    f"lease {lease.name} stands in {roll.period} with other terms; the first ones hold"
                )
        for invoice in roll.invoices:
            self._bill(invoice)
        for payment in sorted(
            roll.payments, key=lambda each: (moment(each.received, "received"), each.name)
        ):
            self._pay(payment)

    def _bill(self, invoice: Invoice) -> None:
        lease = self.leases.get(invoice.lease)
        if lease is None or not lease.first <= invoice.period <= lease.last:
            self.refused.append(
                f"invoice {invoice.name}: no lease {invoice.lease} in {invoice.period}"
            )
        elif invoice.amount != lease.rent:
            self.refused.append(
                f"invoice {invoice.name}: {invoice.amount} instead of the rent of {lease.rent}"
            )
        elif invoice.name in self.invoices:
            self.refused.append(f"invoice {invoice.name} is a duplicate")
        elif any(
            (each.lease, each.period) == (invoice.lease, invoice.period)
            for each in self.invoices.values()
        ):
            self.refused.append(
                f"invoice {invoice.name}: {invoice.lease} has one for {invoice.period} already"
            )
        else:
            self.invoices[invoice.name] = invoice
            if self.credits[invoice.lease]:
                self._use_credit(lease, invoice)

    def _use_credit(self, lease: Lease, invoice: Invoice) -> None:
        """Credit settles an invoice in the first second of its month, by a receipt of no money."""
        start = period_bounds(invoice.period, 1, self.timezone)[0] + 1
        received = datetime.fromtimestamp(start, zone(self.timezone)).isoformat()
        payment = Payment(f"credit-{invoice.name}", lease.name, received, 0, (invoice.name,))
        self.receipts.append((lease.meter, self._receipt(lease, payment)))

    def _pay(self, payment: Payment) -> None:
        lease = self.leases.get(payment.lease)
        known = self._payments.get(payment.name)
        if known is not None:
            what = (
                "is a duplicate"
                if known == payment
                else "is used by two payments that differ; the first counts"
            )
            self.refused.append(f"receipt {payment.name} {what}")
            return
        if lease is None:
            self.refused.append(f"receipt {payment.name}: no lease {payment.lease}")
            return
        named = [self.invoices.get(each) for each in payment.invoices]
        if any(each is None or each.lease != payment.lease for each in named):
            self.refused.append(
                f"receipt {payment.name}: names invoices that {payment.lease} does not have"
            )
            return
        self._payments[payment.name] = payment
        self.receipts.append((lease.meter, self._receipt(lease, payment)))

    def _receipt(self, lease: Lease, payment: Payment) -> bytes:
        """Settles what the payment and earlier credit cover, and writes it down."""
        left = payment.amount + self.credits[lease.name]
        settles: list[object] = []
        for invoice in self._open(lease, payment.invoices):
            paid = min(left, invoice.open)
            if paid:
                settles.append([invoice.name, invoice.period, invoice.amount, invoice.paid, paid])
                invoice.paid += paid
                left -= paid
        credit = left - self.credits[lease.name]
        self.credits[lease.name] = left
        return canonical_json(
            {
                "form": RECEIPT,
                "meter": lease.meter,
                "receipt": payment.name,
                "lease": lease.name,
                "received": payment.received,
                "amount": payment.amount,
                "credit": credit,
                "settles": settles,
            }
        )

    def _open(self, lease: Lease, names: Sequence[str]) -> list[Invoice]:
        """The invoices to settle: those named, then the oldest."""
        mine = [each for each in self.invoices.values() if each.lease == lease.name and each.open]
        named = [self.invoices[name] for name in dict.fromkeys(names)]
        others = sorted(
            (each for each in mine if each not in named), key=lambda each: (each.period, each.name)
        )
        return [*named, *others]

    def report(self) -> bytes:
        """Receivables, credits and refusals as canonical JSON."""
        return canonical_json(
            {
                "v": 1,
                "receivables": [
                    [each.name, each.lease, each.period, each.open] for each in self.receivables
                ],
                "credits": [
                    [name, amount] for name, amount in sorted(self.credits.items()) if amount
                ],
                "refused": self.refused,
            }
        )
