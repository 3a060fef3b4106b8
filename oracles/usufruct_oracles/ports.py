"""What the worker needs of the journal: a narrow interface, so that its logic can be tested without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from usufruct.core.corrections import Corrections
from usufruct.core.manifests import Manifest
from usufruct.core.statements import StatementLine
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Batch, Cursor, Statement
from usufruct_oracles.cuts import Cut
from usufruct_oracles.estimation import Estimate
from usufruct_oracles.windows import Window


@dataclass(frozen=True, slots=True)
class BuiltBatch:
    """A batch as this worker computes it from its own journal.

    Attributes:
        batch: What is signed.
        manifest: What the batch's content hash stands for.
        leaves: Preimages of the reading leaves (102 bytes each), in order.
        estimates: Those of its readings that nobody measured; empty when it is read back, since the leaves say all.
    """

    batch: Batch
    manifest: Manifest
    leaves: Sequence[bytes] = field(repr=False)
    estimates: Sequence[Estimate] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class BuiltStatement:
    """A statement as this worker computes it: what is signed, its lines, its tariff, and what it corrects.

    `corrections` is the document whose hash the statement names, None if it names none.
    """

    statement: Statement
    lines: Sequence[StatementLine]
    tariff: Tariff
    corrections: Corrections | None = None


@dataclass(frozen=True, slots=True)
class RecordedStatement:
    """An attested statement with its evidence.

    Attributes:
        built: What was signed, its lines and its tariff.
        signers: Bitmap over the signer table of the time.
        signatures: 64 bytes for each set bit; empty if the transaction does not show them.
        tx: The transaction that attested it.
    """

    built: BuiltStatement
    signers: int
    signatures: bytes
    tx: bytes


class Books(Protocol):
    """The journal and the source behind it. Everything built is a pure function of what was recorded."""

    def poll(self) -> dict[str, int]:
        """Take in what the source has; number of readings by verdict ("accepted", "rejected")."""
        ...

    def revision(self) -> int:
        """A number that is another one whenever something that could be built may have changed."""
        ...

    def has_file(self, stream: int, day: str) -> bool:
        """Whether the stream's file of that local day was taken in."""
        ...

    def expected(self, stream: int, from_: int, to: int) -> int:
        """Intervals, or meter-days, that should end in `(from, to]`."""
        ...

    def build_batch(self, stream: int, cursor: Cursor, window: Window) -> BuiltBatch:
        """The batch that continues from `cursor` and covers `window`."""
        ...

    def find_batch(
        self, stream: int, cursor: Cursor, window: Window, content: bytes
    ) -> BuiltBatch | None:
        """The batch with that content hash, as the journal stands or once stood; None if it never did."""
        ...

    def build_statement(
        self,
        stream: int,
        period: int,
        version: int,
        heads: tuple[bytes, bytes],
        cut: Cut | None = None,
    ) -> BuiltStatement:
        """The statement of a period whose batches are all recorded, whatever its quality.

        `cut` says which corrections it takes up; None for none at all.
        """
        ...

    def document(self, wanted: bytes) -> Corrections | None:
        """A kept corrections document by its hash, None if it is not here."""
        ...

    def documents(self, stream: int, period: int, version: int) -> list[Corrections]:
        """All kept corrections documents of a statement's place."""
        ...

    def keep(self, document: Corrections) -> None:
        """Keep a corrections document; the same again changes nothing."""
        ...

    def moments(self, stream: int, period: int) -> list[int]:
        """Numbers of the files with corrections of readings up to a period's end, the newest first."""
        ...

    def recorded(self, stream: int) -> list[bytes]:
        """Heads after each recorded batch, from number 1 on, without gaps."""
        ...

    def manifests(self, stream: int, from_: int, to: int) -> list[Manifest]:
        """Manifests of the recorded batches in `[from_, to)`, in order."""
        ...

    def batch(self, stream: int, seq: int) -> BuiltBatch | None:
        """A recorded batch, None if it is not recorded."""
        ...

    def record(self, built: BuiltBatch, digest: bytes, tx: bytes) -> None:
        """Record a batch as anchored in transaction `tx`; the same again changes nothing."""
        ...

    def forget_after(self, stream: int, seq: int) -> None:
        """Take back the records of batches after `seq`: a reorganisation took them out of the chain."""
        ...

    def has_statement(self, stream: int, period: int, version: int) -> bool:
        """Whether an attested statement is recorded with its evidence."""
        ...

    def record_statement(
        self, built: BuiltStatement, signers: int, signatures: bytes, tx: bytes
    ) -> None:
        """Record an attested statement: bitmap, signatures (empty if unknown) and transaction."""
        ...

    def statement(self, stream: int, period: int, version: int) -> RecordedStatement | None:
        """A recorded statement, None if it is not recorded."""
        ...

    def verdicts(self, stream: int | None, period: int | None) -> dict[str, object]:
        """Counts by rule with the money at stake, and the list of what was rejected."""
        ...
