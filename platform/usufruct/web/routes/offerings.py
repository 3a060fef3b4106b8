"""The page of an offering: terms, how it stands, and every lot; for an investor the own ones."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import ConfigDict

from usufruct.api.auth.gate import whose_subscriptions
from usufruct.api.known import moment_as_known
from usufruct.api.lookup import find_wallet
from usufruct.api.moment import AnyMoment
from usufruct.api.offerings import (
    find_offering,
    offering,
    shown_subscriptions,
)
from usufruct.api.params import AsOf
from usufruct.api.starts import subscription_place
from usufruct.ledger.reads.offerings import subscriptions_page
from usufruct.web.page import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LISTED: Final = 50


class OfferingPage(AsOf):
    """Which subscriptions, and as known when."""

    model_config = ConfigDict(extra="ignore")  # a page's address names its language, too

    after: Annotated[str | None, Query(max_length=128)] = None


@router.get("/offerings/{offering_id}")
async def one_offering(
    request: Request,
    offering_id: Annotated[str, Path(max_length=64)],
    whose: Annotated[bytes | None, Depends(whose_subscriptions)],
    query: Annotated[OfferingPage, Query()],
    moment: AnyMoment,
) -> Response:
    """An offering now, or at the end of a day."""
    # An empty field of the form means now.
    asked = AsOf(as_of_block=query.as_of_block, as_of_date=query.as_of_date or None)
    then = await moment_as_known(moment, asked)
    row = await find_offering(then, offering_id)
    own = None if whose is None else await find_wallet(then, "0x" + whose.hex()) or 0
    after = await subscription_place(then, query.after, offering=row.id, wallet=own)
    values = {"offering": row.id, "end": then.end, "limit": _LISTED + 1, "after": after}
    if own is not None:
        values["wallet"] = own
    built = subscriptions_page(by_offering=True, by_wallet=whose is not None)
    rows = await then.rows(built, **values)
    found = await shown_subscriptions(then, rows[:_LISTED])
    return page(
        request,
        then,
        "offering.html",
        offered=offering(then.render, row, then.time),
        found=found,
        after=found[-1]["id"] if len(rows) > _LISTED else None,
        first=query.after is None,
        own=whose is not None,
        as_of_block=query.as_of_block,
        as_of_date=query.as_of_date or "",
    )
