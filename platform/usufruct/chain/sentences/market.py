"""Sentences for the errors of offerings, trades and funds."""

from __future__ import annotations

from typing import Final

__all__ = ["FUNDS", "MARKET"]

_OFFERINGS: Final = {
    "InvalidOffering(bytes32,uint256)": (
        "terms of an offering: {field!f} = {value} is not allowed",
        "correct this field; terms cannot be changed after the offering is open",
    ),
    "UnknownOffering(uint32)": (
        "there is no offering {offering}",
        "look up the number in the OfferingOpened events",
    ),
    "NotOpen(uint32,uint40,uint40)": (
        "offering {offering} takes subscriptions from {from_!t} until {to!t}, and is not open now",
        "wait for the window; an offering that is over or was cancelled stays closed",
    ),
    "WindowStillOpen(uint32,uint40)": (
        "offering {offering} is open until {to!t}",
        "deliver or refund after that",
    ),
    "Binding(uint32)": (
        "subscriptions to offering {offering} are binding",
        "wait for its end; what is not allotted comes back",
    ),
    "OutOfBounds(address,uint256,uint48,uint48)": (
        "{subscriber} would have subscribed {units} units; {least} to {most} are allowed",
        "subscribe at least one unit, and stay within the bounds in sum",
    ),
    "SubscriptionRefused(address,uint48,uint8)": (
        "the series would refuse {subscriber} {units} units: {reason!r}",
        "have the registrar correct the wallet before subscribing",
    ),
    "TooManyLots(address,uint256)": (
        "{subscriber} raised the subscription {limit} times already",
        "withdraw and subscribe anew, or use another wallet",
    ),
    "AmountTooLarge(uint256)": (
        "all subscriptions together would cost {amount}, more than can be counted",
        "subscribe fewer units",
    ),
    "NothingSubscribed(uint32,address)": (
        "{subscriber} has nothing waiting in offering {offering}",
        "it was delivered, refunded or never subscribed; see the events",
    ),
    "OfferingFailed(uint32)": (
        "offering {offering} has failed",
        "call refund: everybody gets the money back",
    ),
    "OfferingSucceeded(uint32)": (
        "offering {offering} has not failed",
        "call deliver: units are placed against their price",
    ),
    "TooEarlyToLapse(uint32,uint40)": (
        "subscriptions to offering {offering} are delivered until {deliver_until!t}",
        "have the wallet put in order and deliver; after that time the money is refunded",
    ),
    "Deliverable(uint32,address)": (
        "{subscriber}'s units of offering {offering} can be delivered",
        "call deliver; only the subscriber may ask for the money instead",
    ),
}

_TRADES: Final = {
    "MarketPaused()": ("the market is paused", "wait until it is resumed"),
    "UnknownSeries(address)": (
        "{series} is not a series of a known factory in this currency",
        "check the address of the series",
    ),
    "InexactPayment(uint256,uint256)": (
        "the currency moved {moved} where {told} were agreed",
        "use a currency that takes no fee of transfers",
    ),
    "InvalidOrder(bytes32,uint256)": (
        "the order can never be filled: {field!f} = {value}",
        "sign an order for at least one unit whose least fill is not above all",
    ),
    "InvalidSignature(address,bytes32)": (
        "the signature of order {order!h} is not {maker}'s",
        "let the maker sign this order for this desk and chain",
    ),
    "OrderExpired(bytes32,uint40)": (
        "order {order!h} could be filled until {expiry!t}",
        "ask the maker for another",
    ),
    "OrderIsCancelled(bytes32)": (
        "the maker cancelled order {order!h}",
        "ask the maker for another",
    ),
    "NotTaker(address,address)": (
        "{caller} may not fill this order; it names {taker}",
        "let the named taker fill it; nobody fills an order of their own",
    ),
    "InvalidFill(uint64,uint64,uint64)": (
        "{units} units cannot be filled: at least {least}, and {left} are left",
        "fill between these two",
    ),
    "LimitNotMet(uint64,uint64)": (
        "the fill comes to {cost!m}, your limit is {limit!m}",
        "change the limit, or leave the order",
    ),
    "NotMaker(address,address)": (
        "{caller} cannot cancel an order of {maker}",
        "sign with the maker's account",
    ),
    "NonceTooLow(address,uint64,uint64)": (
        "{maker} has cancelled everything below {current} already; {nonce} is not above it",
        "give a higher number",
    ),
}

MARKET: Final = _OFFERINGS | _TRADES
"""Sentence and remedy by signature: Offering and DvpDesk."""

FUNDS: Final = {
    "InvalidFund(bytes32,uint256)": (
        "terms of a fund: {field!f} = {value} is not allowed",
        "correct this field; a fund's units are created first, and sealed after it was opened",
    ),
    "UnitsAlreadySet(address)": (
        "fund units come from {unit_factory} for good",
        "create units with that factory",
    ),
    "NotFund(address)": ("{account} is not a fund", "look up the fund in the FundOpened events"),
    "NotFactory(address)": (
        "{caller} cannot command a fund",
        "call the FundFactory with an account of the fund manager's office",
    ),
    "LevelTooHigh(address,uint8,uint8)": (
        "{series} is of level {level}; this fund of level {own} holds only lower ones",
        "open a fund of a higher level for it",
    ),
    "AlreadyAdmitted(address)": ("the fund holds {series} already", "nothing is left to do"),
    "TooManyHoldings(uint256)": (
        "a fund holds at most {limit} series",
        "dismiss one that is gone, or put some into a fund of a lower level",
    ),
    "NotAdmitted(address)": ("the fund does not hold {series}", "admit it first"),
    "StillHeld(address,uint256,uint64)": (
        "the fund still has {units} units and {claimable!m} of {series}",
        "collect and redeem first",
    ),
    "InvalidPayout(uint16,uint16)": (
        "a payout of {payout_bp!p} is not between the floor of {floor_bp!p} and everything",
        "give a share between the two",
    ),
    "ExceedsRetained(uint64,uint64)": (
        "{amount!m} is more than the {retained!m} that are retained",
        "use less; income above the fund's floor is the holders'",
    ),
    "YearOver(uint16)": (
        "fiscal year {year} is over and not closed",
        "call closeYear from the payment day on; then the next year begins",
    ),
    "YearNotOver(uint16)": (
        "fiscal year {year} cannot be closed yet",
        "wait for the payment day of the first month after it",
    ),
    "NotDue(uint32,uint32)": (
        "month {period} of the fund is not due; month {last_period} was passed on last",
        "wait for the payment day of the next month",
    ),
}
"""Sentence and remedy by signature: PoolFund and FundFactory."""
