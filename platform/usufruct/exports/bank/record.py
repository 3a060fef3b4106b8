"""What is recorded of a bank transfer, and how a payout becomes one: exact, with what is below a cent carried on."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from usufruct.money import BASIS, mul_div_down

__all__ = ["CENT_DECIMALS", "Split", "Transfer", "end_to_end_id", "split"]

CENT_DECIMALS: Final = 2
"""Decimals of the currencies that banks are asked to transfer."""
_ID_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Split:
    """One payout in cents.

    gross + carry_in = (net + withheld) · one cent in minor units + carry_out, exactly.

    Attributes:
        net: To be transferred, cents.
        withheld: Tax, cents.
        carry_out: What is less than a cent and waits for the next payout, minor units.
    """

    net: int
    withheld: int
    carry_out: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """A bank transfer of one payout.

    Attributes:
        end_to_end: Its id from us to the payee and back.
        message: The payment file that it is in; empty while it is only carried on.
        payout: Public id of the payout.
        attempt: 1, or more where the bank returned an earlier one.
        wallet: Address of the payout's wallet.
        period: Name of the period.
        gross: The payout, minor units of the settlement currency.
        carry_in: What earlier payouts left below a cent, minor units.
        carry_out: What this one leaves.
        tax_bp: Rate of the tax withheld, basis points.
        withheld: Tax, cents.
        net: Transferred, cents.
        currency: Code of the currency transferred.
        payee: Name of the account's holder.
        account: IBAN or account number.
        agent: BIC of the payee's bank, empty if it is not known.
        made_at: When it was made, unix time.
        state: carried, made, confirmed or returned.
    """

    end_to_end: str
    message: str
    payout: str
    attempt: int
    wallet: str
    period: str
    gross: int
    carry_in: int
    carry_out: int
    tax_bp: int
    withheld: int
    net: int
    currency: str
    payee: str
    account: str
    agent: str
    made_at: int
    state: str


def split(gross: int, carry_in: int, tax_bp: int, decimals: int) -> Split:
    """A payout of `gross` minor units in cents, with the tax on whole cents rounded down.

    Args:
        gross: Minor units of a currency with `decimals` places.
        carry_in: Minor units that were carried on, less than a cent.
        tax_bp: Rate of the tax, basis points.
        decimals: Places of the settlement currency.
    """
    if decimals < CENT_DECIMALS:
        cents, carry = gross * 10 ** (CENT_DECIMALS - decimals), 0
    else:
        cents, carry = divmod(gross + carry_in, 10 ** (decimals - CENT_DECIMALS))
    withheld = mul_div_down(cents, tax_bp, BASIS)
    return Split(cents - withheld, withheld, carry)


def end_to_end_id(payout: str, attempt: int) -> str:
    """The end-to-end id of a payout's transfer: at most 35 characters, capitals and digits (ISO 20022 Max35Text)."""
    digest = sha256(f"{payout}/{attempt}".encode()).digest()
    return "UF" + b32encode(digest).decode()[:_ID_DIGITS]
