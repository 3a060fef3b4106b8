"""Small signed files for the example community, and a journal to put them into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from usufruct.clock import FixedClock
from usufruct.config import Community, Meter, Stream, load_community
from usufruct.core.periods import zone
from usufruct.core.signing import sign_record
from usufruct.core.typed_data import Cursor, Domain, batch_digest, first_cursor, next_cursor
from usufruct.keys import dev_meter_key
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.intervals import interval_ends
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.ports import BuiltBatch
from usufruct_oracles.sources.alive import heartbeat_payload
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Message, envelope
from usufruct_oracles.sources.records import Signed, csv_bytes, signatures_bytes
from usufruct_oracles.sources.writing import sign_day
from usufruct_oracles.validation.rows import Row, parse_row
from usufruct_oracles.windows import Calendar

ROOT = Path(__file__).resolve().parents[3]
SECRET = b"a privacy secret for tests only."
DAY = "2026-09-10"
LATER = 1_800_000_000
DOMAIN = Domain(31337, "0x" + "11" * 20)
TX = b"\x07" * 32


@cache
def community() -> Community:
    return load_community(ROOT / "examples" / "community.toml")


def stream(code: str) -> Stream:
    return community().stream(code)


def meter(code: str) -> Meter:
    return catalog_of(community()).meters[code]


def bounds(day: str = DAY) -> tuple[int, int]:
    return catalog_of(community()).day(day)


def at(hour: int, minute: int = 0, day: str = DAY) -> str:
    """RFC 3339 of a local time of the project."""
    return f"{day}T{hour:02d}:{minute:02d}:00+08:00"


def row(code: str, start: str, value: str, **fields: object) -> str:
    """A line as the meter would write it, with some fields changed."""
    found = meter(code)
    duration = fields.get("duration", found.interval or 3600)
    unit, quality = fields.get("unit", found.unit), fields.get("quality", 0)
    return f"{code},{start},{duration},{value},{unit},{quality}"


def whole_day(code: str, value: str = "1", day: str = DAY) -> list[str]:
    """All intervals of a meter's day, with the same value."""
    found = meter(code)
    place = zone(community().project.timezone)
    limits = bounds(day)
    step = found.interval or 3600
    return [
        row(code, datetime.fromtimestamp(end - step, place).isoformat(), value)
        for end in interval_ends(found, limits, *limits)
    ]


def signed_file(
    code: str,
    lines: Mapping[str, Sequence[str]],
    *,
    day: str = DAY,
    unsigned: Iterable[str] = (),
    forged: Iterable[str] = (),
) -> SourceFile:
    """A file of a stream with the lines of each meter, signed with their keys."""
    signed = [
        sign_day(meter(each), day, own, forged=each in set(forged))
        for each, own in lines.items()
        if each not in set(unsigned)
    ]
    return with_signatures(code, [line for own in lines.values() for line in own], signed, day=day)


def with_signatures(
    code: str, lines: Iterable[str], signed: Sequence[Signed], *, day: str = DAY
) -> SourceFile:
    return SourceFile("test", code, day, csv_bytes(lines), signatures_bytes(code, day, signed))


def open_journal(folder: Path, name: str = "journal", now: int = LATER) -> Journal:
    return Journal(
        folder / f"{name}.sqlite", community(), clock=FixedClock(now), privacy_secret=SECRET
    )


ROWS = "rows/1"
"""A form of the tests: the lines of a day file, without its header."""


def decode_rows(payload: bytes, found: Meter) -> list[Row]:
    lines = payload.decode("ascii").splitlines()
    return [parse_row(number, line) for number, line in enumerate(lines, 1)]


def message(
    code: str, lines: Sequence[str] | bytes, *, form: str = ROWS, forged: bool = False
) -> Message:
    """A message of a meter with those lines (or bytes), signed by it or by its gateway over an envelope."""
    found = meter(code)
    raw = lines if isinstance(lines, bytes) else "".join(f"{each}\n" for each in lines).encode()
    payload = envelope(found.stream, code, form, raw) if "gateway" in found.scheme else raw
    key = dev_meter_key(f"{code} forged" if forged else code)
    signature = sign_record(found.scheme, key, payload)
    return Message("test", found.stream, code, form, payload, found.scheme, signature)


def heartbeat(code: str, count: int, day: str = DAY) -> Message:
    raw = heartbeat_payload(meter(code).stream, code, day, count)
    return message(code, raw, form="alive/1")


def open_messages(folder: Path, name: str = "journal", now: int = LATER) -> Journal:
    """A journal that understands the form of the tests."""
    return Journal(
        folder / f"{name}.sqlite",
        community(),
        clock=FixedClock(now),
        decoders={**DECODERS, ROWS: decode_rows},
        privacy_secret=SECRET,
    )


def calendar() -> Calendar:
    project = community().project
    return Calendar(project.timezone, project.first_period)


def start_of(code: str) -> Cursor:
    return first_cursor(stream(code).start)


def digest_of(built: BuiltBatch) -> bytes:
    return batch_digest(DOMAIN, built.batch)


def anchor_next(journal: Journal, code: str, cursor: Cursor) -> Cursor:
    """Builds and records the next day's batch, as if it had been anchored."""
    built = journal.build_batch(code, cursor, calendar().window_after(cursor.to))
    journal.record(built, digest_of(built), TX)
    return next_cursor(cursor, built.batch, digest_of(built))


def anchor_period(journal: Journal, code: str) -> tuple[Cursor, Cursor]:
    """Anchors all days of the first period; the cursors at its start and end."""
    first = cursor = start_of(code)
    end = catalog_of(community()).period_bounds(1)[1]
    while cursor.to < end:
        cursor = anchor_next(journal, code, cursor)
    return first, cursor
