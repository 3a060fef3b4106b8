"""What the community's page adds up: all that there ever was, and not the part of it that a list shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from usufruct.api.moment import Moment
from usufruct.api.render import Json, rfc3339
from usufruct.ledger import ids
from usufruct.ledger.reads.sums import DISTRIBUTED, READINGS, RULES, SETTLED

__all__ = ["Sums", "sums_of"]

Entry = tuple[Json, str, Json]
"""Period, stream and amount."""
Use = tuple[bool, str, str]
"""Whether it went to holders, the label of the step, and its kind."""


@dataclass(frozen=True, slots=True)
class Sums:
    """All sums of the community.

    Attributes:
        received: What was settled, by period and stream.
        distributed: What series of streams were paid, by period and stream. What a fund passes on was paid to it by
            such a series before.
        series: What each series was paid, and how often, those that were paid last first; funds too.
        uses: Where the receipts went, the largest use first.
        readings: How many readings are anchored.
    """

    received: list[Entry]
    distributed: list[Entry]
    series: list[Json]
    uses: list[Json]
    readings: int


async def sums_of(moment: Moment) -> Sums:
    """The sums at a moment, made once for each state of the ledger."""
    return await moment.kept("community", lambda: _made(moment))


async def _made(moment: Moment) -> Sums:
    render = moment.render
    settled = await moment.many_rows(SETTLED)
    rules = {(row.stream, row.version): row.content for row in await moment.many_rows(RULES)}
    paid = await moment.many_rows(DISTRIBUTED)
    anchored = await moment.row(READINGS)
    return Sums(
        received=[
            (render.period(row.period), ids.stream_id(row.stream), render.money(row.receipts))
            for row in settled
        ],
        distributed=[
            (render.period(row.period), ids.stream_id(row.stream), render.money(int(row.amount)))
            for row in paid
            if row.stream is not None
        ],
        series=_by_series(moment, paid),
        uses=_by_use(moment, settled, rules),
        readings=int(anchored.readings or 0) if anchored else 0,
    )


def _by_series(moment: Moment, rows: Any) -> list[Json]:
    """What each series was paid, and how often."""
    found: dict[str, Json] = {}
    for row in rows:
        first = {"series": moment.render.series_ref(row), "last": rfc3339(row.time)}
        each = found.setdefault(row.slug, first | {"number": 0, "amount": 0})
        each["number"] += row.number
        each["amount"] += int(row.amount)
    return [each | {"amount": moment.render.money(each["amount"])} for each in found.values()]


def _by_use(moment: Moment, settled: Any, rules: Mapping[tuple[int, int], str]) -> list[Json]:
    """Where the receipts went; what a reserve gave back is taken off it."""
    sums: dict[Use, int] = {}
    for row in settled:
        content = rules.get((row.stream, row.rules_version))
        steps = json.loads(content)["steps"] if content else []
        for use, amount in _lines(moment, row, steps):
            sums[use] = sums.get(use, 0) + amount
    return [
        {"holders": holders, "label": label, "kind": kind, "amount": moment.render.money(amount)}
        for (holders, label, kind), amount in sorted(sums.items(), key=lambda each: -each[1])
        if amount
    ]


def _lines(moment: Moment, row: Any, steps: list[Json]) -> Iterator[tuple[Use, int]]:
    lines = json.loads(row.lines)
    for place, line in enumerate(lines):
        step = steps[place] if place < len(steps) else {"to_series": False, "kind": ""}
        amount = int(line["paid"]) - int(line["released"])
        if step["to_series"]:
            yield (True, "", ""), amount
        else:
            label = moment.render.labels.step(row.stream, place, len(lines)) or ""
            yield (False, label, "" if label else str(step["kind"])), amount
