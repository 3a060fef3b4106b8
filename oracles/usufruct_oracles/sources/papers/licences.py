"""Data licences: form `licence/1`. Licensed queries earn their price; what the licence does not cover earns nothing.

The reading of an answered query is worth count · price in minor units, for money streams, whose price is 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.config import Meter
from usufruct.core.documents import items, natural, text
from usufruct_oracles.sources.decoding import malformed
from usufruct_oracles.sources.papers.common import (
    decoded,
    document,
    entries,
    moment,
    reading,
    require_meter,
    span,
    twice,
)
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.verdicts import Verdict, shown

FORM = "licence/1"
"""Name of the form."""
QUERIES = "query"
"""Unit of meters that count queries; others measure money, in the meter's unit."""

_KEYS = {"meter", "licence", "purposes", "valid_from", "valid_to", "price", "queries"}


def decode_licences(payload: bytes, meter: Meter) -> Sequence[Row]:
    """The readings of a document, one for each query. A `Decoder`."""
    return decoded(payload, meter, _read)


def _read(payload: bytes, meter: Meter) -> Sequence[Row]:
    found = document(payload, FORM, _KEYS)
    require_meter(found, meter)
    licence = text(found["licence"], "licence")
    valid = span(found["valid_from"], found["valid_to"], "valid_to")
    purposes = {text(each, "purposes") for each in items(found["purposes"], "purposes")}
    price = 1 if meter.unit == QUERIES else natural(found["price"], "price")
    seen: set[str] = set()
    rows = []
    for number, parts in enumerate(entries(found["queries"], "queries", 4), 1):
        name, purpose = text(parts[0], "query"), text(parts[2], "purpose")
        at, count = moment(parts[1], "time"), natural(parts[3], "count")
        fault = _fault(licence, at, purpose, valid, purposes)
        if name in seen:
            fault = twice(f"query {shown(name)} stands there twice")
        seen.add(name)
        line = f"query {name} under {licence} for {purpose}"
        rows.append(reading(number, meter, at - 1, at, count * price, meter.unit, line, fault))
    return rows


def _fault(
    licence: str, at: int, purpose: str, valid: tuple[int, int], purposes: set[str]
) -> Verdict | None:
    if not valid[0] <= at < valid[1]:
        detail = f"licence {shown(licence)} is valid from {valid[0]} to {valid[1]}, not at {at}"
        return malformed(detail, "renew the licence, or refuse the query")
    if purpose not in purposes:
        detail = f"purpose {shown(purpose)} is not licensed"
        return malformed(
            detail, "license " + ", ".join(sorted(purposes)) + " only, or amend the licence"
        )
    return None
