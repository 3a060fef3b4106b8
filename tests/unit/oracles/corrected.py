"""Corrections of readings of the example community, signed like their meters would."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from tests.unit.oracles.kit import meter, row

from usufruct.core.encoding import hex0x
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.schema import records
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.writing import corrections_file


def record_of(journal: Journal, code: str, day: str) -> bytes:
    """Hash of the newest record of a meter-day."""
    query = (
        select(records.c.sha256)
        .where(records.c.meter == meter(code).id, records.c.day == day)
        .order_by(records.c.id.desc())
        .limit(1)
    )
    with journal.database.read() as connection:
        return bytes(connection.execute(query).scalar_one())


def correction(
    code: str, start: str, value: str, superseded: bytes, rev: int = 1, **fields: object
) -> str:
    """A line of a corrections file."""
    return f"{row(code, start, value, **fields)},{rev},{hex0x(superseded)},meter-fault"


def corrected(
    code: str, day: str, lines: Sequence[str], *, label: str = "", forged: bool = False
) -> SourceFile:
    """The signed file of those lines."""
    return corrections_file(meter(code), day, lines, label=label, forged=forged)
