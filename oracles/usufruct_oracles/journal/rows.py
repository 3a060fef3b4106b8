"""What was judged as rows of the journal's tables, inserted all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, insert

from usufruct.config import Stream
from usufruct.ledger.bulk import Row, insert_rows
from usufruct_oracles.journal.schema import (
    contenders,
    flags,
    readings,
    records,
    rejections,
    supports,
)
from usufruct_oracles.validation.days import RecordOutcome, Rejection
from usufruct_oracles.validation.doubts import Doubt
from usufruct_oracles.validation.rules import Reading

_MOST_LINE = 200
_MOST_SCHEME = 64


class NewRows:
    """Rows of readings, supports, contenders, flags and rejections, until they are inserted."""

    def __init__(self) -> None:
        self._readings: list[Row] = []
        self._supports: list[Row] = []
        self._contenders: list[Row] = []
        self._flags: list[dict[str, Any]] = []
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
        meter, number = record.meter.id, stream.id
        said = [
            (meter, each.end, each.duration, 0, record_id, number, each.quantity, each.row.quality)
            for each in (*record.accepted, *record.contended)
        ]
        accepted = len(record.accepted)
        self._readings += [(*each, None) for each in said[:accepted]]
        self._contenders += said[accepted:]
        self._supports += [(meter, each.end, each.duration, 0, record_id) for each in record.known]
        self._flags += [_flag(record_id, stream, record, *each) for each in record.doubts]
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
        ):
            insert_rows(connection, table, rows)
        for table, found in ((flags, self._flags), (rejections, self._rejections)):
            if found:
                connection.execute(insert(table), found)


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


def _flag(
    record_id: int, stream: Stream, record: RecordOutcome, reading: Reading, doubt: Doubt
) -> dict[str, Any]:
    verdict, stake = doubt
    return {
        "meter": record.meter.id,
        "end": reading.end,
        "duration": reading.duration,
        "rev": 0,
        "record_id": record_id,
        "stream": stream.id,
        "rule": verdict.rule,
        "detail": verdict.detail,
        "remedy": verdict.remedy,
        "stake": stake.amount,
        "basis": stake.basis,
    }
