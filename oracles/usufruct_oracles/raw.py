"""Readings out of the raw records themselves: nothing that was derived from them at ingestion is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256

from sqlalchemy import Connection, select

from usufruct.config import Meter
from usufruct.errors import EvidenceError
from usufruct_oracles.catalog import Catalog
from usufruct_oracles.journal.correction_tables import correction_records
from usufruct_oracles.journal.schema import files, messages, records
from usufruct_oracles.sources.corrections import (
    CORRECTIONS_HEADING,
    parse_correction,
    parse_payload,
)
from usufruct_oracles.sources.corrections import FORM as CORRECTIONS
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.records import Signed
from usufruct_oracles.validation.messages import contents_of
from usufruct_oracles.validation.rows import Row, parse_line
from usufruct_oracles.validation.signatures import check_signature
from usufruct_oracles.validation.verdicts import Verdict

_HEADING_LINES = 4


class RawRecords:
    """The readings of a journal's records, by the record's hash; each record is checked and parsed once.

    Args:
        connection: One moment of the journal.
        catalog: The community.
    """

    def __init__(self, connection: Connection, catalog: Catalog) -> None:
        self._connection = connection
        self._catalog = catalog
        self._known: dict[bytes, Mapping[tuple[int, int], int]] = {}

    def quantity(self, record: bytes, meter: Meter, end: int, duration: int) -> int:
        """What a record says of a reading of a meter, base units.

        Raises:
            EvidenceError: The record is not here, is not what its hash stands for, is not signed with the meter's key,
                or says nothing of that reading.
        """
        if record not in self._known:
            self._known[record] = self._read(record, meter)
        found = self._known[record].get((end, duration))
        if found is None:
            raise _broken(record, f"a reading of {meter.code} that ends at {end}")
        return found

    def _read(self, record: bytes, meter: Meter) -> Mapping[tuple[int, int], int]:
        for table in (correction_records, records):
            query = select(table).where(table.c.sha256 == record).limit(1)
            row = self._connection.execute(query).mappings().one_or_none()
            if row is None:
                continue
            payload, signature = bytes(row["payload"]), bytes(row["signature"])
            if not payload:
                raise _broken(record, "here with its bytes, which are archived or erased")
            if row["meter"] != meter.id or sha256(payload + signature).digest() != record:
                raise _broken(record, f"the record of {meter.code} with that hash")
            verdict = check_signature(meter, payload, Signed(meter.code, row["scheme"], signature))
            if verdict is not None:
                raise _broken(record, f"signed by {meter.code}: {verdict.detail}")
            rows = self._rows(payload, meter, int(row["file_id"]), row["scheme"], signature)
            return {
                (each.end, each.duration): each.value.quantity(meter.multiplier)
                for each in rows
                if each.fault is None and each.end and each.duration and each.value
            }
        raise _broken(record, "a record of this journal")

    def _rows(
        self, payload: bytes, meter: Meter, file_id: int, scheme: str, signature: bytes
    ) -> Iterator[Row]:
        query = (
            select(messages.c.form, files.c.stream)
            .join(files, files.c.id == messages.c.file_id)
            .where(messages.c.file_id == file_id)
        )
        sent = self._connection.execute(query).one_or_none()
        if sent is not None:
            message = Message("", meter.stream, meter.code, sent.form, payload, scheme, signature)
            contents = contents_of(message)
            if isinstance(contents, Verdict):
                raise _broken(sha256(payload + signature).digest(), contents.detail)
            if sent.form == CORRECTIONS:
                yield from (each.row for each in parse_payload(contents, meter)[1])
            yield from DECODERS[sent.form](contents, meter)
            return
        lines = payload.decode("ascii").split("\n")[_HEADING_LINES:-1]
        corrected = payload.startswith(f"{CORRECTIONS_HEADING}\n".encode())
        for number, line in enumerate(lines, 1):
            yield parse_correction(number, line).row if corrected else parse_line(number, line)


def _broken(record: bytes, rule: str) -> EvidenceError:
    return EvidenceError(
        "the journal's records do not lead to the anchored reading",
        field="record",
        value=record,
        rule=f"must be {rule}",
        remedy="compare this copy of the journal with another worker's",
    )
