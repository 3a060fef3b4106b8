"""What a wallet may subscribe to, what it subscribed, and the calls that its buttons send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.offerings import offering, refund_owed, shown_subscriptions
from usufruct.api.render import Json
from usufruct.api.starts import NEWEST
from usufruct.contracts import Address, Call, address
from usufruct.contracts import offering as of
from usufruct.contracts import settlement_currency as sc
from usufruct.core.encoding import hex0x
from usufruct.ledger.reads.offerings import offerings_page, subscriptions_page
from usufruct.ledger.reads.standing import ADMISSION

__all__ = ["subscribing"]

_MOST: Final = 50
_WORD: Final = 32
_ACTS: Final[Mapping[str, Callable[[int, Address], Call[Any]]]] = {
    "withdraw": lambda number, _: of.withdraw(number),
    "deliver": of.deliver,
    "refund": of.refund,
    "lapse": of.lapse,
}


async def subscribing(moment: Moment, wallet: int | None, raw: bytes, *, able: bool) -> Json | None:
    """Offerings that a wallet may enter now, and its subscriptions, newest first, with calls for its buttons.

    Args:
        moment: The ledger.
        wallet: The wallet's number in it; None for one it has never seen.
        raw: Its 20 bytes.
        able: Whether nothing in the registry stands in the way.

    Returns:
        None where the deployment has no contract for offerings.
    """
    where, currency = (
        moment.service.contracts.get(name) for name in ("Offering", "SettlementCurrency")
    )
    if where is None or currency is None:
        return None
    own = await _own(moment, wallet, address(raw))
    standing = {each["offering"]: each for each in own if each["status"] == "subscribed"}
    owed = await refund_owed(moment, wallet)
    return {
        "at": where,
        "open": await _open(moment, wallet, standing) if able else [],
        "own": own,
        "owed": moment.render.money(owed) if owed else None,
        "owed_call": hex0x(of.withdraw_owed(address(raw)).data),
        "calls": {
            "currency": currency,
            "allowance": hex0x(sc.allowance(address(raw), address(where)).data),
            "balance": hex0x(sc.balance_of(address(raw)).data),
            "approve": _begun(sc.approve(address(where), 0)),
        },
    }


async def _open(moment: Moment, wallet: int | None, standing: Mapping[str, Json]) -> list[Json]:
    """Open and coming offerings of series that admit a wallet of this class and country."""
    known = await moment.row(ADMISSION, wallet=wallet or 0, end=moment.end)
    if known is None:
        return []
    found = []
    for status in ("open", "upcoming"):
        query = offerings_page(status=status, order="closes")
        values = {"before": NEWEST, "end": moment.end, "now": moment.time, "limit": _MOST}
        for row in await moment.rows(query, **values):
            if _admits(row, known) and row.sealed is None:
                shown = offering(moment.render, row, moment.time)
                own = standing.get(shown["id"])
                found.append(shown | _entry(row, int(own["units"]) if own else 0))
    return found


def _admits(offered: Row[Any], known: Row[Any]) -> bool:
    countries = json.loads(offered.countries)
    return bool(offered.classes >> known.class_ & 1) and (
        not countries or known.country in countries
    )


def _entry(row: Row[Any], held: int) -> Json:
    """How few and how many units more the wallet may subscribe, and the call without its units."""
    least = max(row.min_each - held, 1)
    most = max(row.max_each - held, 0) if row.max_each else None
    return {"least": least, "most": most, "held": held, "call": _begun(of.subscribe(row.id, 0))}


async def _own(moment: Moment, wallet: int | None, owner: Address) -> list[Json]:
    query = subscriptions_page(by_wallet=True, order="-time")
    values = {"wallet": wallet or 0, "after": 0, "end": moment.end, "limit": _MOST}
    rows = await moment.rows(query, **values)
    return [
        shown
        | {
            "acts": [
                {"act": act, "call": hex0x(_ACTS[act](row.offering, owner).data)}
                for act in shown["possible"]
            ]
        }
        for row, shown in zip(rows, await shown_subscriptions(moment, rows), strict=True)
    ]


def _begun(call: Call[Any]) -> str:
    """A call without its last word, which the page adds."""
    return hex0x(call.data[:-_WORD])
