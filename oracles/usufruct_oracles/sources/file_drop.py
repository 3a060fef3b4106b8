"""A drop folder of files that an importer cuts into records: mapped tables, Green Button files.

A file is kept verbatim under its hash before anything is made of it, and a report beside it tells what became
of it: how many records, and every row that went into none of them with its reason. A file whose records the journal
has taken is not read again unless it, or what reads it, changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from usufruct.clock import Clock, SystemClock
from usufruct.core.encoding import canonical_json
from usufruct.errors import InputError
from usufruct_oracles import logs
from usufruct_oracles.sources.csv_folder import SETTLE
from usufruct_oracles.sources.imports import Imported, Importer, Refusal
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.sealing import Sealer
from usufruct_oracles.sources.writing import replace

MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is read."""
MAX_REFUSALS = 10_000
"""Most refusals that a report lists; it tells how many there are."""

_NANOSECONDS = 1_000_000_000

_State = tuple[int, int]


class FileDrop:
    """A `MessageSource` that reads a folder of files.

    Args:
        inbox: The folder.
        suffixes: Ends of the names of files that are read, such as ".xml".
        kept: Folder for verbatim copies and reports.
        importer: Cuts a file into records.
        reads: Says how the importer reads, for people and for telling when that has changed.
        sealer: Signs the records.
        wall: The computer's clock, which stamps files.
    """

    def __init__(
        self,
        inbox: Path,
        suffixes: Collection[str],
        kept: Path,
        importer: Importer,
        reads: str,
        sealer: Sealer,
        wall: Clock | None = None,
    ) -> None:
        self._inbox = inbox
        self._suffixes = frozenset(suffixes)
        self._kept = kept
        self._importer = importer
        self._reads = sha256(reads.encode()).hexdigest()
        self._sealer = sealer
        self._wall = wall or SystemClock()
        self._seen: dict[Path, _State] = {}
        self._waiting: dict[str, set[bytes]] = {}
        self._log = logs.get("source")

    def poll(self) -> Iterator[Message]:
        """The records of new and changed files, by name of the file."""
        for path in self._files():
            state = self._state(path)
            if state is None or self._seen.get(path) == state:
                continue
            yield from self._deliver(path)
            self._seen[path] = state

    def taken(self, messages: Sequence[Message]) -> None:
        """A file is done with when all of its records are stored."""
        stored = {each.digest for each in messages}
        for name, waiting in list(self._waiting.items()):
            waiting.difference_update(stored)
            if not waiting:
                del self._waiting[name]
                replace(self._kept / f"{name}.taken", self._reads.encode())

    def _files(self) -> list[Path]:
        if not self._inbox.is_dir():
            return []
        return sorted(
            each
            for each in self._inbox.iterdir()
            if each.suffix in self._suffixes and each.name[0] not in ".~" and each.is_file()
        )

    def _state(self, path: Path) -> _State | None:
        """Time and size of a file; None while somebody may still be writing it."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return None  # moved at this moment
        age = self._wall.now() - found.st_mtime_ns // _NANOSECONDS
        return None if 0 <= age < SETTLE else (found.st_mtime_ns, found.st_size)

    def _deliver(self, path: Path) -> Iterator[Message]:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        name = sha256(data).hexdigest()
        marker = self._kept / f"{name}.taken"
        if marker.is_file() and marker.read_text(encoding="ascii") == self._reads:
            return
        messages = self._messages(path, name, data)
        self._waiting[name] = {each.digest for each in messages}
        yield from messages
        if not messages:
            self.taken(())

    def _messages(self, path: Path, name: str, data: bytes) -> list[Message]:
        """The signed records of a file; its copy and report are on disk before."""
        try:
            _require_size(data)
            replace(self._kept / f"{name}{path.suffix}", data)
            found = self._importer(data)
        except InputError as error:
            found = Imported("", (), (Refusal(0, error.one_line()),))
        source = str(path)
        messages = [
            self._sealer.message(source, cut.meter, found.form, cut.raw) for cut in found.cuts
        ]
        replace(self._kept / f"{name}.report.json", _report(path.name, found, messages))
        log = self._log.warning if found.refused else self._log.info
        log("file-imported", file=source, records=len(messages), refused=len(found.refused))
        return messages


def _require_size(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise InputError(
            "the file is too large",
            field="bytes",
            value=len(data),
            rule=f"at most {MAX_BYTES}",
            remedy="drop the data in several files",
        )


def _report(name: str, found: Imported, messages: Sequence[Message]) -> bytes:
    listed = [[each.place, each.reason] for each in found.refused[:MAX_REFUSALS]]
    return canonical_json(
        {
            "v": 1,
            "file": name,
            "form": found.form,
            "records": [each.digest.hex() for each in messages],
            "refused": listed,
            "refused_count": len(found.refused),
            "passed_over": found.passed_over,
            "notes": list(found.notes),
        }
    )
