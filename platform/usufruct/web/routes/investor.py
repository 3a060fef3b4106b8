"""The pages of whoever holds rights: a wallet, and the path of one payout from the wallet to the meters."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from usufruct.api.auth.gate import own_payout, own_wallet
from usufruct.api.documents import batch
from usufruct.api.lookup import find_wallet
from usufruct.api.moment import AnyMoment, Moment
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Json, account
from usufruct.api.standing import positions, withheld
from usufruct.api.starts import payout_position
from usufruct.api.story import explained, find_payout
from usufruct.contracts import revenue_right
from usufruct.core.encoding import hex0x
from usufruct.ledger.reads.payouts import payouts_of_wallet
from usufruct.ledger.reads.statements import (
    BATCH_BY_HEAD,
    BATCHES_BETWEEN,
    STATEMENT_EVENTS,
    STATEMENT_VERSIONS,
)
from usufruct.web import facts
from usufruct.web.ahead import ahead
from usufruct.web.chart import COLOURS, by_period, colours
from usufruct.web.files import files
from usufruct.web.funds import behind, in_its_month
from usufruct.web.page import PageRoute, page
from usufruct.web.subscribing import subscribing
from usufruct.web.verification import verification

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Address = Annotated[str, Path(max_length=64)]
PayoutId = Annotated[str, Path(max_length=128)]
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
    """Holdings, subscriptions, payouts and what comes next for one wallet."""
    shown = account(wallet_bytes(address))
    number = await find_wallet(moment, address)
    holdings = [moment.render.holding(row) for row in await positions(moment, number, 0, _ALL)]
    payouts = await _payouts(moment, number, None, _CHARTED)
    listed = await _payouts(moment, number, after, _LISTED + 1)
    streams = await facts.streams(moment)
    held = sorted({each["series"]["stream"] for each in holdings} - {None})
    hindered = await withheld(moment, number)
    faults = await facts.faults(moment)
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
        files=files(moment, payouts),
        withheld=hindered,
        subscribing=await subscribing(moment, number, wallet_bytes(address), able=hindered is None),
        ahead=await ahead(moment, number, holdings, streams),
        disputes=[each for each in await facts.disputes(moment, faults) if each["stream"] in held],
        corrected=await _corrected(moment, held),
        claim=hex0x(revenue_right.claim().data),
        chain_id=moment.service.chain_id,
    )


async def _payouts(moment: Moment, number: int | None, after: str | None, limit: int) -> list[Json]:
    before = await payout_position(moment, after, number)
    rows = await moment.rows(payouts_of_wallet(), wallet=number or 0, before=before, limit=limit)
    return [in_its_month(moment, moment.render.payout(row)) for row in rows]


def _chart(payouts: list[Json], streams: dict[str, Json]) -> Json:
    """Payouts by period and stream, newest first; units of funds stand under their symbol."""
    entries = [
        (each["period"], str(each["series"]["stream"] or each["series"]["symbol"]), each["amount"])
        for each in payouts
    ]
    seen = {name for _, name, _ in entries}
    names = [*streams, *sorted(seen - set(streams))]
    # A stream has the colour of the community's page, as long as there are enough of them.
    colour = colours(names if len(names) <= COLOURS else [each for each in names if each in seen])
    shown = {name: number for name, number in colour.items() if name in seen}
    return {"colour": shown, "rows": by_period(entries, shown)}


async def _corrected(moment: Moment, held: list[str]) -> list[Json]:
    """Settled statements of these streams that correct something, or took the place of another, newest first."""
    found: list[Json] = []
    for stream in held:
        number = int(stream.removeprefix("str_"))
        stated = await facts.statements(
            moment, stream_number=number, status="settled", limit=_LISTED
        )
        found += [
            each for each in stated if each["version"] > 1 or each["adjustments"]["amount"] != "0"
        ]
    return sorted(found, key=lambda each: str(each["attested"]["time"]), reverse=True)


# --- One payout ------------------------------------------------------------------------------------


@router.get("/payouts/{payout_id}", dependencies=[Depends(own_payout)])
async def payout(request: Request, payout_id: PayoutId, moment: AnyMoment) -> Response:
    """The path of one payout: wallet, series, distribution, waterfall, statement, lines, batches, readings."""
    row = await find_payout(moment, payout_id)
    story = in_its_month(moment, await explained(moment, row))
    streams = await facts.streams(moment)
    batches = await _batches(moment, story)
    return page(
        request,
        moment,
        "payout.html",
        story=story,
        stream=streams.get(story["series"]["stream"] or ""),
        events=await _events(moment, row),
        batches=batches[:_BATCHES],
        passed_on=await behind(moment, row, story["fund_income"]),
        more_batches=max(0, len(batches) - _BATCHES),
        decimals=row.series_decimals,
        verification=None if row.stream is None else await verification(moment, story),
        reader_rpc=moment.service.reader_rpc,
    )


async def _events(moment: Moment, row: Any) -> list[Json]:
    """What happened to the statements of the payout's period, in order: attested, disputed, voided, settled."""
    if row.stream is None:
        return []
    given = {"stream": row.stream, "period": row.period}
    attested = [
        {"kind": "attested", "version": each.version, "place": moment.render.place(each)}
        for each in await moment.rows(STATEMENT_VERSIONS, **given, known=moment.known)
    ]
    later = [
        {"kind": each.kind, "version": each.version, "place": moment.render.place(each)}
        for each in await moment.rows(STATEMENT_EVENTS, **given)
    ]
    return sorted([*attested, *later], key=_order)


def _order(event: Json) -> tuple[int, int]:
    return event["place"]["block"], event["place"]["log_index"]


async def _batches(moment: Moment, story: Json) -> list[Json]:
    """The anchored batches behind the settled statement, in order."""
    stated = story["statement"]
    if stated is None:
        return []
    heads = [bytes.fromhex(stated[name][2:]) for name in ("first_head", "last_head")]
    known = moment.known
    first, last = [await moment.row(BATCH_BY_HEAD, head=head, known=known) for head in heads]
    if last is None:
        return []
    after = first.seq if first else 0
    values = {"stream": last.stream, "after": after, "last": last.seq, "known": known}
    rows = await moment.many_rows(BATCHES_BETWEEN, **values)
    return [batch(moment.render, row) for row in rows]
