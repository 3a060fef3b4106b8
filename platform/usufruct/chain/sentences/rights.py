"""Sentences for the errors of participants and of units."""

from __future__ import annotations

from typing import Final

__all__ = ["PEOPLE", "RIGHTS"]

PEOPLE: Final = {
    "NotRegistrar(address)": (
        "{caller} is not an appointed registrar",
        "add it to roles.registrar and run usufruct apply, or sign as a registrar",
    ),
    "InvalidRegistration(address,bytes32,uint256)": (
        "wallet {wallet} cannot be registered: {field!f} = {value} is not allowed",
        "correct this field of the participant",
    ),
    "UnknownWallet(address)": (
        "wallet {wallet} was never registered",
        "add it to a [[participant]] and run usufruct apply",
    ),
    "ParticipantMismatch(address,uint64,uint64)": (
        "wallet {wallet} belongs to participant {current} and cannot move to {given}",
        "give participant {given} another wallet",
    ),
}

RIGHTS: Final = {
    "TransferRefused(address,address,uint256,uint8,uint40)": (
        "a transfer of {units} from {from_} to {to} is refused: {reason!r}; this lifts: {until!t}",
        "wait until then, or have the registrar correct the wallet",
    ),
    "PaymentWithheld(address,uint8)": (
        "{holder} cannot be paid now: {reason!r}",
        "the amount stays claimable; have the registrar correct the wallet",
    ),
    "PaymentRejected(address,uint64)": (
        "the currency refused the payment of {amount!m} to {holder}",
        "the amount stays claimable; ask the currency's issuer why the account is refused",
    ),
    "NotDistributor(address)": (
        "{caller} is not the waterfall of this series",
        "settle through the Waterfall",
    ),
    "AlreadySealed()": (
        "the series is sealed, its supply is fixed",
        "create another series for more units",
    ),
    "NotSealed()": (
        "the series is not sealed yet",
        "run usufruct apply to its end; it issues and seals",
    ),
    "SeriesIsClosed()": (
        "the series is closed: no more money can come",
        "claim or redeem what is left",
    ),
    "RecordInThePast(uint40)": (
        "the record date {record_at!t} does not lie ahead",
        "announce record dates before they pass; they are never set back",
    ),
    "TooManyOpenRecords()": (
        "five record dates wait for their money",
        "settle the oldest period first, or let this one be closed by its settlement",
    ),
    "NotOutstanding(uint32)": (
        "period {period} is not closed yet, or its money has come",
        "ask between its record date and its distribution",
    ),
    "SnapshotStillOpen(uint32,uint40)": (
        "snapshot {id} is open until {until!t}",
        "wait for its end; a series keeps one snapshot at a time",
    ),
    "SnapshotEnded(uint40)": (
        "the snapshot ends {until!t}, which has passed",
        "read balances while it is open, and let it end in the future",
    ),
    "TermNotOver(uint32,uint32)": (
        "the series may still be paid up to period {end}; {reached} is reached",
        "close it once the last period is settled",
    ),
    "NotClosed()": (
        "the series is not closed, its units are not redeemed yet",
        "close it once the last period is settled",
    ),
    "NothingToRedeem(address)": (
        "{holder} has no units, or had them redeemed",
        "claim what may be left",
    ),
    "PeriodOutOfTerm(uint32,uint32,uint32)": (
        "the series is paid for periods {earliest} to {latest}, not for period {period}",
        "settle the periods in order",
    ),
    "LimitExceeded(uint256,uint256)": (
        "{value} is above the limit of {limit}",
        "use fewer units or smaller amounts",
    ),
    "LengthMismatch(uint256,uint256)": (
        "{holders} holders and {units} amounts were given",
        "give one amount for each holder",
    ),
    "InvalidTerms(bytes32,uint256)": (
        "the series cannot be created: {field!f} = {value} is not allowed",
        "correct this term of the series",
    ),
    "GasTooLow(uint256,uint256)": (
        "{left} gas are left, the next payment needs {needed}",
        "send the transaction with more gas, or push fewer holders at once",
    ),
}
