"""What the worker knows of one stream, and of the signer table, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field

from usufruct.core.encoding import ZERO_HASH
from usufruct.core.typed_data import Batch, Cursor, Statement, first_cursor, head_of


@dataclass(frozen=True, slots=True)
class Signers:
    """The signer table in force: addresses ascending, and how many must sign."""

    table: tuple[str, ...]
    threshold: int
    epoch: int

    def place(self, address: str) -> int | None:
        """The place of an address in the table, or None."""
        lowered = address.lower()
        return next((at for at, each in enumerate(self.table) if each.lower() == lowered), None)


@dataclass(frozen=True, slots=True)
class Anchored:
    """An anchored batch: what was signed, where it left the stream with which head, and the transaction."""

    batch: Batch
    digest: bytes
    cursor: Cursor
    head: bytes
    tx: bytes
    block: int


@dataclass(frozen=True, slots=True)
class Attested:
    """An attested version of a statement."""

    statement: Statement
    digest: bytes
    signers: int
    tx: bytes
    block: int
    log_index: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Where the event stands on the chain."""
        return self.block, self.log_index


@dataclass(slots=True)
class Account:
    """What one stream's events add up to.

    Attributes:
        start: Start of the chain, None while it is not open.
        batches: Anchored batches by number.
        versions: Attested versions of each period, in order.
        voided: Periods whose newest version is void.
        settled: Periods that were settled.
    """

    start: int | None = None
    batches: dict[int, Anchored] = field(default_factory=dict)
    versions: dict[int, tuple[Attested, ...]] = field(default_factory=dict)
    voided: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)

    def copy(self) -> Account:
        """An account that may be changed without changing this one."""
        return Account(
            self.start,
            dict(self.batches),
            dict(self.versions),
            set(self.voided),
            set(self.settled),
        )

    @property
    def cursor(self) -> Cursor | None:
        """Where the stream stands, None while its chain is not open."""
        if self.start is None:
            return None
        last = self.batches.get(len(self.batches))
        return first_cursor(self.start) if last is None else last.cursor

    def before(self, seq: int) -> Cursor | None:
        """Where the stream stood before batch `seq`, None if that is not known."""
        if self.start is None or not 1 <= seq <= len(self.batches) + 1:
            return None
        return first_cursor(self.start) if seq == 1 else self.batches[seq - 1].cursor

    def documents(self, period: int, before: Attested | None = None) -> dict[int, bytes]:
        """Hashes of the documents that the newest statements of the other periods name, by period.

        Args:
            period: The period that is left out.
            before: Leave out what was attested after this version, too.
        """
        found = {}
        for other, versions in self.versions.items():
            known = [each for each in versions if before is None or each.place < before.place]
            if other != period and known and known[-1].statement.documents != ZERO_HASH:
                found[other] = known[-1].statement.documents
        return found

    def head_at(self, boundary: int) -> bytes | None:
        """The head at the stream's start or at the end of a closing batch, None if there is none."""
        if boundary == self.start:
            return head_of(first_cursor(boundary))
        found = (each for each in self.batches.values() if each.batch.to == boundary)
        last = next(found, None)
        return last.head if last is not None and last.batch.closes else None
