"""A sample of payouts, statements and readings, with what somebody needs to check each by hand."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from usufruct.api.documents import statement
from usufruct.api.moment import Moment
from usufruct.api.params import digits
from usufruct.api.render import Json, hexed, rfc3339
from usufruct.core.encoding import ReadingLeaf
from usufruct.core.merkle import MerkleTree
from usufruct.ledger import ids
from usufruct.ledger.reads.payouts import payouts_of_distribution
from usufruct.ledger.reads.samples import (
    ALL_BATCHES,
    ALL_DISTRIBUTIONS,
    ALL_STATEMENTS,
    LEAVES,
    PAYOUT_AT,
)
from usufruct.ledger.reads.statements import STATEMENT_VERSIONS
from usufruct.web.facts import statements, unit_of
from usufruct.web.samples import MOST, draw, place_in

__all__ = ["Seed", "sampled"]

_FEW: Final = 5
_LEAF: Final = 102


class Seed(BaseModel):
    """What a sample is drawn by: any text, and how many of each kind."""

    model_config = ConfigDict(extra="ignore")

    seed: Annotated[str, Field(max_length=64)] = ""
    count: Annotated[int, Field(ge=1, le=MOST), BeforeValidator(digits)] = _FEW


async def sampled(moment: Moment, asked: Seed) -> Json | None:
    """The sample by kind, each with how many there are; None without a seed."""
    if not asked.seed.strip():
        return None
    seed = asked.seed.strip()
    return {
        "payouts": await _payouts(moment, seed, asked.count),
        "statements": await _statements(moment, seed, asked.count),
        "readings": await _readings(moment, seed, asked.count),
    }


async def _payouts(moment: Moment, seed: str, count: int) -> Json:
    groups = await moment.many_rows(ALL_DISTRIBUTIONS)
    sizes = [row.payouts for row in groups]
    found = []
    for number in draw(seed, "payout", sum(sizes), count):
        group, place = place_in(sizes, number)
        pos = groups[group].pos
        wallet = await moment.row(PAYOUT_AT, pos=pos, place=place)
        assert wallet is not None
        row = await moment.row(
            payouts_of_distribution(status=None), pos=pos, after=wallet.wallet - 1, limit=1
        )
        assert row is not None
        found.append({"number": number, "payout": moment.render.payout(row)})
    return {"of": sum(sizes), "found": found}


async def _statements(moment: Moment, seed: str, count: int) -> Json:
    rows = await moment.many_rows(ALL_STATEMENTS)
    found = []
    for number in draw(seed, "statement", len(rows), count):
        key = rows[number]
        versions = await moment.rows(
            STATEMENT_VERSIONS, stream=key.stream, period=key.period, known=moment.known
        )
        row = next(each for each in versions if each.version == key.version)
        found.append({"number": number, "statement": statement(moment.render, row, moment.time)})
    return {"of": len(rows), "found": found}


async def _readings(moment: Moment, seed: str, count: int) -> Json:
    batches = await moment.many_rows(ALL_BATCHES)
    sizes = [row.readings for row in batches]
    units: dict[int, str] = {}
    found = []
    for number in draw(seed, "reading", sum(sizes), count):
        group, place = place_in(sizes, number)
        key = batches[group]
        row = await moment.row(LEAVES, stream=key.stream, seq=key.seq)
        assert row is not None
        if key.stream not in units:
            units[key.stream] = await _unit(moment, key.stream)
        told = {"unit": units[key.stream], **_reading(moment, row, place)}
        found.append({"number": number, "place": place, **told})
    return {"of": sum(sizes), "found": found}


async def _unit(moment: Moment, stream: int) -> str:
    """The base unit of a stream by its newest tariff that is known here; empty before the first."""
    known = await statements(moment, stream_number=stream, limit=1, detailed=True)
    return (unit_of(known[0]) if known else None) or ""


def _reading(moment: Moment, row: Any, place: int) -> Json:
    """A leaf of an anchored batch: what it says, its bytes, and the root that it must lead to."""
    shown: Json = {
        "stream": ids.stream_id(row.stream),
        "batch": row.seq,
        "seq": row.first + place,
        "root": hexed(row.root),
        "anchored": moment.render.place(row),
        "leaf": None,
    }
    if row.leaves is None:
        return shown
    raw = bytes(row.leaves)
    leaves = [raw[at : at + _LEAF] for at in range(0, len(raw), _LEAF)]
    leaf = ReadingLeaf.decode(leaves[place])
    return shown | {
        "leaf": hexed(leaves[place]),
        "path": [hexed(each) for each in MerkleTree(leaves).path(place)],
        "size": len(leaves),
        "meter": str(leaf.meter),
        "end": rfc3339(leaf.end),
        "quantity": None if leaf.quantity[0] else str(int.from_bytes(leaf.quantity[1:], "big")),
    }
