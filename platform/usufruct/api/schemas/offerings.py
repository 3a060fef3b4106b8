"""Primary offerings, subscriptions, and the transactions that make and end them."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from usufruct.api.schemas.access import Transaction
from usufruct.api.schemas.common import UNITS, Model, Money, Page, Place, SeriesRef, Stamped
from usufruct.api.schemas.income import Withheld

_ADDRESS: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_SUBSCRIPTION: Final = "sub_1_70997970c51812dc3a010c7d01b50e0d17dc79c8"


class OfferingBody(Model):
    """Units of a series against money, by subscription."""

    id: str = Field(examples=["off_1"])
    object: Literal["offering"]
    series: SeriesRef
    status: Literal["upcoming", "open", "failed", "delivering", "complete"]
    opens: str = Field(description="RFC 3339; from then on subscriptions are taken")
    closes: str = Field(description="from then on no longer")
    deliver_until: str = Field(description="from then on what cannot be delivered lapses")
    withdrawable: bool = Field(
        description="whether a subscription may be taken back before `closes`"
    )
    beneficiary: str = Field(description="is paid for the units", examples=[_ADDRESS])
    price: Money = Field(description="of one unit as units are told here, before `decimals`")
    decimals: int = Field(description="decimals of the units")
    minimum_units: str = Field(description=f"below it the offering fails; {UNITS}")
    maximum_units: str = Field(description="above it units are allotted pro rata")
    minimum_each: str | None = Field(description="of one subscriber; null for none")
    maximum_each: str | None = Field(description="of one subscriber; null for none")
    minimum: Money = Field(description="price of the minimum")
    target: Money = Field(description="price of the maximum")
    subscribers: int = Field(description="wallets that subscribed at any time")
    subscribed_units: str = Field(description="without withdrawn ones")
    subscribed: Money = Field(description="their price")
    subscribed_bp: int = Field(description="in basis points of the maximum", examples=[12_500])
    allotted_units: str = Field(description="of what is subscribed, what the maximum leaves")
    placed_units: str = Field(description="delivered")
    raised: Money = Field(description="paid to the beneficiary")
    waiting: int = Field(description="subscribers neither delivered, refunded nor lapsed")
    held: Money = Field(description="their money, which lies with the contract")
    opened: Place
    cancelled: Place | None


class Offering(OfferingBody, Stamped):
    """One offering."""


class Offerings(Page):
    """Offerings."""

    data: list[OfferingBody]


class LotBody(Model):
    """A stretch of the line of units, in the order of arrival."""

    number: int = Field(description="place in the order, from 1")
    units: str
    allotted_units: str
    subscribed: Place


class SubscriptionBody(Model):
    """What a wallet subscribed in an offering, and what becomes or became of it."""

    id: str = Field(examples=[_SUBSCRIPTION])
    object: Literal["subscription"]
    offering: str = Field(examples=["off_1"])
    series: SeriesRef
    wallet: str = Field(examples=[_ADDRESS])
    status: Literal["subscribed", "withdrawn", "delivered", "refunded", "lapsed"]
    units: str = Field(description="subscribed; of an ended subscription, when it ended")
    decimals: int = Field(description="decimals of the units")
    paid: Money = Field(description="the full price of all units, on subscribing")
    allotted_units: str = Field(description="delivered, or what would be if nothing changed")
    price: Money = Field(description="of the allotted units")
    returned: Money = Field(description="what came back when it ended")
    refund_failed: bool = Field(description="whether that could not be paid, and became owed")
    possible: list[Literal["withdraw", "deliver", "refund", "lapse"]] = Field(
        description="what can be done with it now, what is due first"
    )
    lots: list[LotBody] = Field(description="in order; none of a withdrawn subscription")
    subscribed: Place = Field(description="the first time")
    ended: Place | None


class Subscriptions(Page):
    """Subscriptions."""

    data: list[SubscriptionBody]


class SubscriptionOrder(Stamped):
    """Transactions that subscribe, for the wallet to sign one after the other."""

    object: Literal["subscription-order"]
    wallet: str
    offering: str = Field(examples=["off_1"])
    units: str
    units_in_all: str = Field(description="with what the wallet has subscribed already")
    cost: Money
    allowance: Money = Field(description="what the contract may take of the wallet now")
    transactions: list[Transaction] = Field(
        description="first an approval of the cost, where the allowance is less"
    )


class WithdrawalOrder(Stamped):
    """The transaction that takes a whole subscription back."""

    object: Literal["withdrawal-order"]
    wallet: str
    subscription: str = Field(examples=[_SUBSCRIPTION])
    units: str
    returned: Money
    transaction: Transaction


class PreparedDelivery(Model):
    """The end of one subscription."""

    offering: str = Field(examples=["off_1"])
    subscription: str = Field(examples=[_SUBSCRIPTION])
    series: SeriesRef
    act: Literal["deliver", "refund", "lapse"]
    units: str = Field(description="that are delivered")
    returned: Money = Field(description="what comes back")
    transaction: Transaction


class OwedRefund(Model):
    """Refunds that could not be paid before."""

    amount: Money
    transaction: Transaction


class Deliveries(Stamped):
    """Transactions that end a wallet's subscriptions whose windows are over."""

    object: Literal["deliveries"]
    wallet: str
    sender: str = Field(description="who sends; units and money go to the wallet, whoever sends")
    deliveries: list[PreparedDelivery]
    has_more: bool = Field(
        description="whether the wallet has more subscriptions than were looked at; ask again once these have ended"
    )
    owed: OwedRefund | None
    withheld: Withheld | None = Field(
        description="why units would not be placed with the wallet now"
    )
