"""Doubts about single readings that count: told by the record itself, and kept with the reading."""

from __future__ import annotations

from collections.abc import Iterator

from usufruct_oracles.catalog import amount_of
from usufruct_oracles.validation.rules import Place, Reading
from usufruct_oracles.validation.stakes import Basis, Stake
from usufruct_oracles.validation.verdicts import Rule, Verdict

AHEAD = 300
"""Seconds by which a clock may be ahead of the chain's time before it is doubted."""

Doubt = tuple[Verdict, Stake]
"""A rule that only raises doubt, and the money in doubt."""


def doubts_about(reading: Reading, place: Place, received: int | None) -> Iterator[Doubt]:
    """What is doubtful about a reading that counts.

    Args:
        reading: The reading.
        place: What it was judged against.
        received: The chain's time when its message came, None for day files.
    """
    asked = reading.row.requested
    if asked is not None:
        most = asked.quantity(place.meter.multiplier)
        if reading.quantity > most:
            yield _over_request(reading, place, most)
    if received is not None and reading.end > received + AHEAD:
        amount = amount_of(place.stream, reading.start, reading.quantity)
        yield (
            Verdict(
                Rule.CLOCK_AHEAD,
                f"ends {place.local(reading.end)}, it came {place.local(received)}",
                "set the device's clock; what it measured may belong to another hour",
            ),
            Stake(amount, Basis.CLAIMED),
        )


def _over_request(reading: Reading, place: Place, most: int) -> Doubt:
    more = amount_of(place.stream, reading.start, reading.quantity) - amount_of(
        place.stream, reading.start, most
    )
    unit = place.stream.base_unit
    return (
        Verdict(
            Rule.OVER_REQUEST,
            f"{reading.quantity} {unit} delivered, {most} {unit} requested",
            "check the request and the meter's register; what was measured counts",
        ),
        Stake(more, Basis.DIFFERENCE),
    )
