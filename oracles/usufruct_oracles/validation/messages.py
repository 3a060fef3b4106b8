"""Judging one message: who signed it, what its form says, then every reading of it by itself.

Readings of messages are judged by the same rules as the rows of day files, each against the local day in
which it ends. No rule asks when the message came: workers that have the same messages find the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from usufruct.config import Meter, Stream
from usufruct.core.periods import day_bounds, day_of
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.sources.messages import ENVELOPE, Decoders, Message, envelope
from usufruct_oracles.sources.records import Signed
from usufruct_oracles.validation.days import RecordOutcome, Rejection, judge_rows, unsigned
from usufruct_oracles.validation.neighbours import Neighbours
from usufruct_oracles.validation.rows import Row
from usufruct_oracles.validation.rules import Place
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.validation.stakes import UNKNOWN
from usufruct_oracles.validation.verdicts import Rule, Verdict, shown

MAX_MESSAGE = 1 << 20
"""Largest payload with its signature, bytes."""

_GATEWAY = "gateway-"


def check_message(catalog: Catalog, decoders: Decoders, message: Message) -> Verdict | None:
    """What is wrong with a message as a whole, so that nothing in it can be judged."""
    if len(message.payload) + len(message.signature) > MAX_MESSAGE:
        return Verdict(
            Rule.MESSAGE_TOO_LARGE,
            f"{len(message.payload)} bytes, at most {MAX_MESSAGE} are read",
            "send the readings in several messages",
        )
    if message.stream not in catalog.streams:
        return Verdict(
            Rule.FILE_STREAM,
            f"no stream has the code {shown(message.stream)}",
            "correct the source's stream to one of " + ", ".join(catalog.streams),
        )
    meter = catalog.meters.get(message.meter)
    if meter is None:
        return Verdict(
            Rule.UNKNOWN_METER,
            f"no meter has the code {shown(message.meter)}",
            "correct the code, or register the meter first",
        )
    if meter.stream != message.stream:
        return Verdict(
            Rule.WRONG_STREAM,
            f"{meter.code} belongs to {meter.stream}, not to {shown(message.stream)}",
            f"correct the source's stream to {meter.stream}",
        )
    if message.form not in decoders:
        return Verdict(
            Rule.UNKNOWN_FORM,
            f"form {shown(message.form)}",
            "use one of " + ", ".join(sorted(decoders)),
        )
    return None


def contents_of(message: Message) -> bytes | Verdict:
    """The device's bytes in a payload, without the gateway's heading.

    What a gateway signs has a heading, or one could take a payload for another meter's.
    """
    if message.payload.startswith(f"{ENVELOPE}\n".encode()):
        heading = envelope(message.stream, message.meter, message.form, b"")
        if message.payload.startswith(heading):
            return message.payload[len(heading) :]
        detail = "the envelope names another stream, meter or form"
    elif message.scheme.startswith(_GATEWAY):
        detail = "signed by a gateway without an envelope"
    else:
        return message.payload
    return Verdict(
        Rule.WRONG_ENVELOPE,
        f"{detail} than {message.stream}, {message.meter}, {message.form}",
        "let the gateway sign the heading of protocol §4a and the device's bytes",
    )


def judge_message(
    catalog: Catalog, message: Message, contents: bytes | Verdict, rows: Sequence[Row]
) -> tuple[RecordOutcome, Sequence[Row]]:
    """The record of a message that `check_message` passed, and its rows that are still to be judged.

    Args:
        catalog: The community.
        message: The message.
        contents: What `contents_of` found.
        rows: The readings that the form's decoder found in it.
    """
    stream, meter = catalog.streams[message.stream], catalog.meters[message.meter]
    signed = Signed(meter.code, message.scheme, message.signature) if message.scheme else None
    verdict = check_signature(meter, message.payload, signed)
    if verdict is None and isinstance(contents, Verdict):
        verdict = contents
    record = RecordOutcome(
        stream=stream,
        meter=meter,
        payload=message.payload,
        scheme=message.scheme,
        signature=message.signature,
        verified=verdict is None,
    )
    if verdict is None:
        return record, rows
    record.rejections = [
        unsigned(row, place_of(catalog, stream, meter, row), verdict) for row in rows
    ] or [Rejection(0, "", meter.code, None, verdict, UNKNOWN)]
    return record, ()


def judge_readings(
    catalog: Catalog,
    record: RecordOutcome,
    rows: Sequence[Row],
    neighbours: Neighbours,
    received: int,
) -> None:
    """Judges the rows of a message that came at `received`; the record takes up what became of each."""
    judge_rows(
        record,
        lambda row: place_of(catalog, record.stream, record.meter, row),
        rows,
        neighbours,
        received,
    )


def place_of(catalog: Catalog, stream: Stream, meter: Meter, row: Row) -> Place:
    """What a row of a message is judged against: the day in which it ends.

    Its clock is that of the day's end: a reading of the future waits for its day like any other.
    """
    from_, to = _day_around(row.end or 1, catalog.timezone)
    return Place(stream, meter, from_, to, to, catalog.timezone)


@lru_cache(maxsize=1 << 12)
def _day_around(end: int, timezone: str) -> tuple[int, int]:
    return day_bounds(day_of(end - 1, timezone), timezone)
