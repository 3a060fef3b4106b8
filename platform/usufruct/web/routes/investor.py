"""The pages of whoever holds rights: a wallet, and the path of one payout from the wallet to the meters."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from usufruct.api.auth.gate import own_payout, own_wallet
from usufruct.api.documents import batch
from usufruct.api.lookup import find_wallet, payout_position
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Json, account
from usufruct.api.standing import positions, withheld
from usufruct.api.story import explained, find_payout
from usufruct.contracts import revenue_right
from usufruct.core.encoding import hex0x
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.reads.statements import BATCH_BY_HEAD, BATCHES_BETWEEN
from usufruct.web import facts
from usufruct.web.chart import by_period, colours
from usufruct.web.page import PageRoute, page
from usufruct.web.verification import verification

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Address = Annotated[str, Path(max_length=64)]
PayoutId = Annotated[str, Path(max_length=128)]
_ON_THEIR_WAY: Final = ("attested", "final", "disputed")
_ALL: Final = 10_000
_LISTED: Final = 12
_CHARTED: Final = 200
_BATCHES: Final = 40


@router.get("/wallets/{address}", dependencies=[Depends(own_wallet)])
async def wallet(
    request: Request,
    address: Address,
    moment: AnyMoment,
    after: Annotated[str | None, Query(max_length=128)] = None,
) -> Response:
    """Holdings, payouts and what comes next for one wallet."""
    shown = account(wallet_bytes(address))
    number = await find_wallet(moment, address)
    holdings = [moment.render.holding(row) for row in await positions(moment, number, 0, _ALL)]
    payouts = await _payouts(moment, number, None, _CHARTED)
    listed = await _payouts(moment, number, after, _LISTED + 1)
    streams = await facts.streams(moment)
    return page(
        request,
        moment,
        "wallet.html",
        address=shown,
        known=number is not None,
        holdings=holdings,
        streams=streams,
        chart=_chart(payouts, streams),
        cut=len(payouts) == _CHARTED,
        payouts=listed[:_LISTED],
        after=listed[_LISTED - 1]["id"] if len(listed) > _LISTED else None,
        first=after is None,
        withheld=await withheld(moment, number),
        upcoming=await _upcoming(moment, holdings),
        claim=hex0x(revenue_right.claim().data),
        chain_id=moment.service.chain_id,
    )


async def _payouts(moment: Moment, number: int | None, after: str | None, limit: int) -> list[Json]:
    before = await payout_position(moment, after)
    rows = await moment.rows(payouts_of_wallet(), wallet=number or 0, before=before, limit=limit)
    return [moment.render.payout(row) for row in rows]


def _chart(payouts: list[Json], streams: dict[str, Json]) -> Json:
    """Payouts by period and stream, newest first; units of funds stand under their symbol."""
    entries = [
        (each["period"], str(each["series"]["stream"] or each["series"]["symbol"]), each["amount"])
        for each in payouts
    ]
    seen = {name for _, name, _ in entries}
    colour = colours([*(key for key in streams if key in seen), *sorted(seen - set(streams))])
    return {"colour": colour, "rows": by_period(entries, colour)}


async def _upcoming(moment: Moment, holdings: list[Json]) -> list[Json]:
    """Statements not settled yet of streams whose series the wallet holds, the first to become final first."""
    held = {each["series"]["stream"] for each in holdings if int(each["units"])}
    found: list[Json] = []
    for stream in sorted(each for each in held if each is not None):
        number = int(stream.removeprefix("str_"))
        stated = await facts.statements(moment, stream_number=number, limit=3)
        found += [each for each in stated if each["status"] in _ON_THEIR_WAY]
    return sorted(found, key=lambda each: str(each["final_at"]))


# --- One payout ------------------------------------------------------------------------------------


@router.get("/payouts/{payout_id}", dependencies=[Depends(own_payout)])
async def payout(request: Request, payout_id: PayoutId, moment: AnyMoment) -> Response:
    """The path of one payout: wallet, series, distribution, waterfall, statement, lines, batches, readings."""
    row = await find_payout(moment, payout_id)
    story = await explained(moment, row)
    streams = await facts.streams(moment)
    batches = await _batches(moment, story)
    return page(
        request,
        moment,
        "payout.html",
        story=story,
        stream=streams.get(story["series"]["stream"] or ""),
        batches=batches[:_BATCHES],
        more_batches=max(0, len(batches) - _BATCHES),
        decimals=row.series_decimals,
        verification=None if row.stream is None else await verification(moment, story),
        reader_rpc=moment.service.reader_rpc,
    )


async def _batches(moment: Moment, story: Json) -> list[Json]:
    """The anchored batches behind the settled statement, in order."""
    stated = story["statement"]
    if stated is None:
        return []
    heads = [bytes.fromhex(stated[name][2:]) for name in ("first_head", "last_head")]
    first, last = [await moment.row(BATCH_BY_HEAD, head=head) for head in heads]
    if last is None:
        return []
    after = first.seq if first else 0
    values = {"stream": last.stream, "after": after, "last": last.seq}
    rows = await moment.many_rows(BATCHES_BETWEEN, **values)
    return [batch(moment.render, row) for row in rows]
