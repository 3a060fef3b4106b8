"""Folders of documents: single documents as files of a drop folder, and monthly rent rolls as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from usufruct.config import Meter
from usufruct.core.documents import text, wrong
from usufruct.core.encoding import load_json
from usufruct.errors import InputError
from usufruct_oracles import logs
from usufruct_oracles.sources.imports import Cut, Imported
from usufruct_oracles.sources.messages import Decoders, Message
from usufruct_oracles.sources.papers import levels, licences, receipts, sessions
from usufruct_oracles.sources.papers.common import MAX_BYTES
from usufruct_oracles.sources.papers.rents import Book, parse_roll
from usufruct_oracles.sources.sealing import Sealer
from usufruct_oracles.sources.writing import replace

DECODERS: Final[Decoders] = {
    sessions.FORM: sessions.decode_sessions,
    levels.FORM: levels.decode_levels,
    licences.FORM: licences.decode_licences,
    receipts.FORM: receipts.decode_receipts,
}
"""Decoders of the documents by form."""


@dataclass(frozen=True, slots=True)
class DocumentImporter:
    """Imports single documents. An `Importer`.

    Attributes:
        meters: The meters, by code.
    """

    meters: Mapping[str, Meter]

    def __call__(self, data: bytes) -> Imported:
        """The record of a document; the document is the record.

        Raises:
            InputError: It names no known form or meter.
        """
        found = load_json(data[: MAX_BYTES + 1])
        if not isinstance(found, dict):
            raise wrong("document", data[:32], "an object")
        form, code = text(found.get("form"), "form"), text(found.get("meter"), "meter")
        if form not in DECODERS:
            raise wrong("form", form, "one of " + ", ".join(sorted(DECODERS)))
        if code not in self.meters:
            raise wrong("meter", code, "the code of a registered meter")
        return Imported(form, (Cut(code, data),), ())


class RentRolls:
    """A `MessageSource` of the receipts that follow from the rolls `<inbox>/<YYYY-MM>.json`.

    Args:
        inbox: The folder of rolls.
        report: File for receivables, credits and refusals, written anew when they change.
        sealer: Signs the receipts.
        timezone: IANA zone of the project.
    """

    def __init__(self, inbox: Path, report: Path, sealer: Sealer, timezone: str) -> None:
        self._inbox = inbox
        self._report = report
        self._sealer = sealer
        self._seen: list[tuple[str, int, int]] = []
        self._stored: set[bytes] = set()
        self._log = logs.get("source")
        self._timezone = timezone
        self.book = Book(timezone)

    def poll(self) -> Iterator[Message]:
        """The receipts that the journal does not have yet; the book is made anew when a roll changes."""
        files = sorted(self._inbox.glob("[0-9]*.json")) if self._inbox.is_dir() else []
        state = [(each.name, each.stat().st_mtime_ns, each.stat().st_size) for each in files]
        if state != self._seen:
            self._make(files)
            self._seen = state
        for code, raw in self.book.receipts:
            if code not in self._sealer.meters:
                continue  # told in the report
            message = self._sealer.message("rent rolls", code, receipts.FORM, raw)
            if message.digest not in self._stored:
                yield message

    def taken(self, messages: Sequence[Message]) -> None:
        """The journal has these receipts."""
        self._stored.update(each.digest for each in messages)

    def _make(self, files: Sequence[Path]) -> None:
        self.book = Book(self._timezone)
        for path in files:
            try:
                with path.open("rb") as file:
                    self.book.add(parse_roll(file.read(MAX_BYTES + 1), path.stem))
            except InputError as error:
                self.book.refused.append(f"{path.name}: {error.one_line()}")
        unknown = {code for code, _ in self.book.receipts} - set(self._sealer.meters)
        self.book.refused += [f"unknown meter {each}" for each in sorted(unknown)]
        replace(self._report, self.book.report())
        self._log.info(
            "rent-rolls",
            rolls=len(files),
            receipts=len(self.book.receipts),
            receivables=len(self.book.receivables),
            refused=len(self.book.refused),
        )
