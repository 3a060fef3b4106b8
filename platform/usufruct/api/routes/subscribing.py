"""Transactions that subscribe to offerings, take a subscription back, and end it by delivery or refund.

Nothing here holds a key or sends anything. What the ledger can tell is refused with field, value, rule and remedy; what
only the chain can tell (admission, money, allowance) is asked of the node.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row

from usufruct.api import schemas
from usufruct.api.auth.gate import own_wallet
from usufruct.api.bodies import Body, described, json_body, received
from usufruct.api.lookup import find_wallet
from usufruct.api.moment import AnyMoment, Moment, moment_of
from usufruct.api.node import asked, contract_of, transaction
from usufruct.api.offerings import find_offering, refund_owed, shown_subscriptions
from usufruct.api.params import wallet_bytes
from usufruct.api.problems import Problem
from usufruct.api.render import Json, account, rfc3339
from usufruct.api.routes.wallets import Address
from usufruct.api.standing import withheld
from usufruct.chain.client import ChainClient
from usufruct.chain.explain import explain
from usufruct.contracts import Address as Account
from usufruct.contracts import Call
from usufruct.contracts import address as checked
from usufruct.contracts import offering as of
from usufruct.contracts import settlement_currency as sc
from usufruct.core.encoding import whole
from usufruct.errors import InputError
from usufruct.ledger import ids
from usufruct.ledger.offerings import status_of
from usufruct.ledger.reads.offerings import SUBSCRIPTION, subscriptions_page

router = APIRouter(prefix="/v1/wallets/{address}", tags=["wallets"])

_MOST: Final = 10_000
Name = Annotated[str, msgspec.Meta(max_length=64)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=100)]
Units = Annotated[str, msgspec.Meta(pattern=whole(r"[1-9][0-9]{0,14}"))]
Act = Literal["deliver", "refund", "lapse"]


class SubscriptionOrderBody(Body, frozen=True):
    """How many units more of which offering."""

    offering: Name
    units: Units


class WithdrawalBody(Body, frozen=True):
    """Which subscription is taken back, as a whole."""

    offering: Name


class DeliveryBody(Body, frozen=True):
    """Which subscriptions; without offerings all of them. `sender` sends for the wallet.

    With `lapse` the money is asked for instead of units, where the time for delivery is over.
    """

    offerings: Names = ()
    sender: str | None = None
    lapse: bool = False


class _Found(NamedTuple):
    """What the chain says of a wallet that wants to subscribe."""

    allowance: int
    balance: int


@router.post(
    "/subscriptions",
    responses=schemas.done(schemas.SubscriptionOrder),
    openapi_extra=described(SubscriptionOrderBody, {"offering": "off_1", "units": "500"}),
    dependencies=[Depends(own_wallet), Depends(received)],
)
async def subscribe(address: Address, request: Request) -> Response:
    """Unsigned transactions that subscribe to an open offering and pay the full price of the units.

    What the contract would refuse is refused here, by the rule that stands in the way.
    """
    body = await json_body(request, SubscriptionOrderBody)
    wallet, units = checked(wallet_bytes(address)), int(body.units)
    async with moment_of(request) as moment:
        where, currency = (
            contract_of(moment.service, name) for name in ("Offering", "SettlementCurrency")
        )
        row = await find_offering(moment, body.offering, "offering")
        own = await moment.row(
            SUBSCRIPTION, offering=row.id, address=wallet_bytes(address), end=moment.end
        )
    held = own.standing if own is not None and own.kind == "subscribed" else 0
    _require_open(row, moment.time)
    _require_bounds(row, units, held + units)
    cost, call = units * row.price, of.subscribe(row.id, units)
    found = await asked(
        moment.service, lambda node: _found(node, where, currency, wallet, call, cost)
    )
    _require_money(moment, found.balance, cost)
    calls: list[tuple[Account, Call[Any]]] = [(where, call)]
    if found.allowance < cost:
        calls.insert(0, (currency, sc.approve(where, cost)))
    # The node was asked after the moment was left, and the answer is as of one after that.
    async with moment_of(request) as after:
        return after.answer(
            {
                "object": "subscription-order",
                "wallet": wallet,
                "offering": ids.offering_id(row.id),
                "units": str(units),
                "units_in_all": str(held + units),
                "cost": moment.render.money(cost),
                "allowance": moment.render.money(min(found.allowance, _MOST_SHOWN)),
                "transactions": [transaction(after.service, to, each) for to, each in calls],
            }
        )


@router.post(
    "/withdrawals",
    responses=schemas.done(schemas.WithdrawalOrder),
    openapi_extra=described(WithdrawalBody, {"offering": "off_1"}),
    dependencies=[Depends(own_wallet), Depends(received)],
)
async def withdraw(address: Address, request: Request, moment: AnyMoment) -> Response:
    """The unsigned transaction that takes the wallet's whole subscription back while the window is open."""
    body = await json_body(request, WithdrawalBody)
    raw = wallet_bytes(address)
    row = await find_offering(moment, body.offering, "offering")
    _require_open(row, moment.time)
    if not row.withdrawable:
        raise _refused(
            "binding",
            "Subscriptions to this offering are binding.",
            row,
            "only offerings with `withdrawable` give subscriptions back",
            "wait for its end; what is not allotted comes back",
        )
    own = await moment.row(SUBSCRIPTION, offering=row.id, address=raw, end=moment.end)
    if own is None or own.kind != "subscribed":
        raise _refused(
            "nothing-subscribed",
            "The wallet has nothing in this offering.",
            row,
            "a subscription that stands",
            "GET /v1/wallets/{address}/subscriptions lists them",
        )
    where = contract_of(moment.service, "Offering")
    return moment.answer(
        {
            "object": "withdrawal-order",
            "wallet": account(raw),
            "subscription": ids.subscription_id(row.id, raw),
            "units": str(own.standing),
            "returned": moment.render.money(own.standing * row.price),
            "transaction": transaction(moment.service, where, of.withdraw(row.id)),
        }
    )


@router.post(
    "/deliveries",
    responses=schemas.done(schemas.Deliveries),
    openapi_extra=described(DeliveryBody, {"offerings": ["off_1"]}),
    dependencies=[Depends(own_wallet), Depends(received)],
)
async def deliveries(address: Address, request: Request, moment: AnyMoment) -> Response:
    """Unsigned transactions that end the wallet's subscriptions: units against their price, or the money back.

    Whoever sends them, units and money go to the wallet; `lapse` is the wallet's own to send.
    """
    body = await json_body(request, DeliveryBody)
    owner = account(wallet_bytes(address))
    sender = owner if body.sender is None else account(wallet_bytes(body.sender, "sender"))
    where = contract_of(moment.service, "Offering")
    chosen = {
        ids.offering_id((await find_offering(moment, name, "offerings")).id)
        for name in body.offerings
    }
    wallet = await find_wallet(moment, address)
    built = subscriptions_page(by_wallet=True, status="subscribed")
    rows = await moment.rows(built, wallet=wallet or 0, after=0, end=moment.end, limit=_MOST + 1)
    more, rows, parts = len(rows) > _MOST, rows[:_MOST], []
    for row, shown in zip(rows, await shown_subscriptions(moment, rows), strict=True):
        act = _due(shown["possible"], lapse=body.lapse)
        if act is not None and (not chosen or shown["offering"] in chosen):
            parts.append(_delivery(moment, where, checked(owner), act, row, shown))
    owed = await refund_owed(moment, wallet)
    paying = transaction(moment.service, where, of.withdraw_owed(checked(owner)))
    return moment.answer(
        {
            "object": "deliveries",
            "wallet": owner,
            "sender": sender,
            "deliveries": parts,
            "has_more": more,
            "owed": {"amount": moment.render.money(owed), "transaction": paying} if owed else None,
            "withheld": await withheld(moment, wallet),
        }
    )


def _due(possible: list[str], *, lapse: bool) -> Act | None:
    """What is due of what is possible; the money instead of units only for whoever asks for it."""
    if lapse and "lapse" in possible:
        return "lapse"
    return next((act for act in _ENDS if act in possible[:1]), None)


def _delivery(
    moment: Moment, where: Account, wallet: Account, act: Act, row: Row[Any], shown: Json
) -> Json:
    paid, price = int(shown["paid"]["amount"]), int(shown["price"]["amount"])
    delivered = act == "deliver"
    return {
        **{name: shown[name] for name in ("offering", "series")},
        "subscription": shown["id"],
        "act": act,
        "units": shown["allotted_units"] if delivered else "0",
        "returned": moment.render.money(paid - price if delivered else paid),
        "transaction": transaction(moment.service, where, _ENDS[act](row.offering, wallet)),
    }


_ENDS: Final[Mapping[Act, Any]] = {"deliver": of.deliver, "refund": of.refund, "lapse": of.lapse}
_MOST_SHOWN: Final = (1 << 64) - 1
"""An unlimited allowance is shown as all that the currency can count."""
_MOST_UNITS: Final = (1 << 48) - 1
"""What a series can count, and so a subscriber's most where the offering says none."""

# --- What stands in the way ------------------------------------------------------------------------


def _found(
    node: ChainClient,
    where: Account,
    currency: Account,
    wallet: Account,
    call: Call[int],
    cost: int,
) -> _Found:
    """Money and allowance of a wallet, which the contract would let subscribe.

    Raises Problem for a wallet that the series would refuse, ContractError for whatever else the contract says.
    """
    allowance = node.call(currency, sc.allowance(wallet, where))
    balance = node.call(currency, sc.balance_of(wallet))
    try:
        # The currency is asked last: whoever has no allowance or money yet has passed all else.
        node.call(where, call, sender=wallet)
    except of.SubscriptionRefused as error:
        raise _not_admitted(error) from error
    except (sc.ERC20InsufficientAllowance, sc.ERC20InsufficientBalance):
        if allowance >= cost and balance >= cost:
            raise
    return _Found(allowance, balance)


def _require_open(row: Row[Any], now: int) -> None:
    status = status_of(row, now)
    if status == "open":
        return
    detail = {
        "upcoming": f"Offering {row.id} is not open yet: it opens at {rfc3339(row.opens)}.",
        "failed": f"Offering {row.id} has failed or was cancelled.",
    }.get(status, f"The window of offering {row.id} closed at {rfc3339(row.closes)}.")
    raise _refused(
        "offering-not-open",
        detail,
        row,
        f"from {rfc3339(row.opens)} until {rfc3339(row.closes)}, while it is not cancelled",
        "wait until it opens"
        if status == "upcoming"
        else "GET /v1/offerings?status=open lists what can be entered",
    )


def _require_bounds(row: Row[Any], units: int, total: int) -> None:
    least, most = row.min_each, row.max_each or _MOST_UNITS
    if least <= total <= most:
        return
    low, room = total < least, most - total + units
    raise InputError(
        f"this makes {total} units in all, {'below the least' if low else 'above the most'} of a subscriber",
        field="units",
        value=str(units),
        rule=f"at least {least} units in all" if low else f"at most {most} units in all",
        remedy=f"subscribe {least - total + units} units or more"
        if low
        else f"subscribe {room} units or fewer"
        if room > 0
        else "this wallet has as many as it may",
    )


def _require_money(moment: Moment, balance: int, cost: int) -> None:
    if balance >= cost:
        return
    render = moment.render
    raise Problem(
        HTTPStatus.CONFLICT,
        "insufficient-funds",
        f"The wallet has {render.money(balance)['formatted']}, the units cost {render.money(cost)['formatted']}.",
        field="units",
        rule=f"a balance of at least {render.money(cost)['formatted']}",
        remedy="bring the money to the wallet first, or subscribe fewer units",
    )


def _not_admitted(error: of.SubscriptionRefused) -> Problem:
    sentence, _, remedy = explain(error).partition("; ")
    return Problem(
        HTTPStatus.CONFLICT,
        "not-admitted",
        f"{sentence[:1].upper()}{sentence[1:]}.",
        field="address",
        value=error.subscriber,
        rule=error.reason.name.lower().replace("_", "-"),
        remedy=remedy,
    )


def _refused(kind: str, detail: str, row: Row[Any], rule: str, remedy: str) -> Problem:
    """The problem that an offering stands otherwise than an act needs it to."""
    return Problem(
        HTTPStatus.CONFLICT,
        kind,
        detail,
        field="offering",
        value=ids.offering_id(row.id),
        rule=rule,
        remedy=remedy,
    )
