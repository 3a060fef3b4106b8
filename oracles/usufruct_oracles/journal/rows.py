"""What was judged as rows of the journal's tables, inserted all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from usufruct.config import Stream
from usufruct_oracles.journal.schema import (
    contenders,
    readings,
    records,
    rejections,
    supports,
)
from usufruct_oracles.validation.days import RecordOutcome, Rejection
from usufruct_oracles.validation.rules import Reading

_MOST_LINE = 200
_MOST_SCHEME = 64


class NewRows:
    """Rows of readings, supports, contenders and rejections, until they are inserted."""

    def __init__(self) -> None:
        self._readings: list[dict[str, Any]] = []
        self._supports: list[dict[str, Any]] = []
        self._contenders: list[dict[str, Any]] = []
        self._rejections: list[dict[str, Any]] = []

    def add(
        self,
        file_id: int,
        record_id: int,
        record: RecordOutcome,
        day_of_end: Callable[[int | None], str],
    ) -> None:
        """Takes up what became of a record.

        Args:
            file_id: Its delivery.
            record_id: Its row.
            record: The record.
            day_of_end: Local day under which a rejected row with that end is listed.
        """
        stream = record.stream
        self._readings += [_reading(record_id, stream, record, each) for each in record.accepted]
        self._supports += [_key(record_id, record, each) for each in record.known]
        self._contenders += [_reading(record_id, stream, record, each) for each in record.contended]
        for each in record.rejections:
            self.add_rejection(file_id, record_id, stream, day_of_end(each.end), each)

    def add_rejection(
        self, file_id: int, record_id: int | None, stream: Stream, day: str, rejection: Rejection
    ) -> None:
        """Takes up something that does not count."""
        self._rejections.append(
            {
                "file_id": file_id,
                "record_id": record_id,
                "stream": stream.id,
                "day": day,
                "meter": rejection.meter,
                "line_number": rejection.number,
                "line": printable(rejection.line, _MOST_LINE),
                "end": rejection.end,
                "rule": rejection.verdict.rule,
                "detail": rejection.verdict.detail,
                "remedy": rejection.verdict.remedy,
                "stake": rejection.stake.amount,
                "basis": rejection.stake.basis,
            }
        )

    def insert(self, connection: Connection) -> None:
        """Inserts what was taken up."""
        for table, rows in (
            (readings, self._readings),
            (supports, self._supports),
            (contenders, self._contenders),
            (rejections, self._rejections),
        ):
            if rows:
                connection.execute(insert(table), rows)


def add_records(
    connection: Connection, day: str, outcomes: Sequence[tuple[int, RecordOutcome]]
) -> list[int]:
    """Inserts records, each with its delivery, and returns their ids in order."""
    rows = [
        {
            "file_id": file_id,
            "stream": record.stream.id,
            "meter": record.meter.id,
            "day": day,
            "sha256": record.sha256,
            "payload": record.payload,
            "scheme": printable(record.scheme, _MOST_SCHEME),
            "signature": record.signature,
            "verified": record.verified,
            "complete": record.complete,
        }
        for file_id, record in outcomes
    ]
    if not rows:
        return []
    statement = insert(records).returning(records.c.id, sort_by_parameter_order=True)
    return [int(found) for (found,) in connection.execute(statement, rows)]


def printable(text: str, most: int) -> str:
    """At most so many characters of a foreign text, without those that a database or a terminal refuses."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in cut)


def _key(record_id: int, record: RecordOutcome, reading: Reading) -> dict[str, Any]:
    return {
        "meter": record.meter.id,
        "end": reading.end,
        "duration": reading.duration,
        "rev": 0,
        "record_id": record_id,
    }


def _reading(
    record_id: int, stream: Stream, record: RecordOutcome, reading: Reading
) -> dict[str, Any]:
    return {
        **_key(record_id, record, reading),
        "stream": stream.id,
        "quantity": reading.quantity,
        "quality": reading.row.quality,
    }
