"""What every source of readings delivers, whatever protocol it speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The readings of one stream and one local day, exactly as they were received.

    Attributes:
        source: Where it came from, for people: a path or the simulator's seed.
        stream: Code of the stream.
        day: Local day "YYYY-MM-DD" of the project's time zone in which the readings end.
        csv: The CSV file, verbatim.
        signatures: The `.sig.json` beside it, verbatim; None if there is none.
    """

    source: str
    stream: str
    day: str
    csv: bytes = field(repr=False)
    signatures: bytes | None = field(repr=False)

    @property
    def digest(self) -> bytes:
        """sha256 over both parts: the same content has the same digest, whatever its name."""
        hashed = sha256(len(self.csv).to_bytes(8, "big") + self.csv)
        hashed.update(b"unsigned" if self.signatures is None else b"signed\n" + self.signatures)
        return hashed.digest()


class Source(Protocol):
    """Delivers files in the order of their days."""

    def poll(self) -> Iterable[SourceFile]:
        """The files to ingest now, oldest day first, then by stream code.

        A file may be delivered more than once: the journal knows what it has.
        """
        ...
