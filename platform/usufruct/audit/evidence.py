"""What an auditor looks through: a statement, its lines, its batches with their leaves. Where it comes from does not
matter, since every byte is bound by the chain: the ledger, a worker's evidence endpoint, or a file of protocol §3b.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from usufruct.core.documents import integer, items, keyed, natural, text, wrong
from usufruct.core.encoding import LEAF_LENGTH, canonical_json, hex0x, load_json, unhex
from usufruct.core.manifests import Manifest
from usufruct.core.statements import line_document, line_of
from usufruct.core.tariffs import Tariff
from usufruct.core.typed_data import Batch, Statement
from usufruct.core.typed_documents import batch_from, batch_to, statement_from, statement_to
from usufruct.disputes.evidence import AnchoredBatch, PeriodEvidence
from usufruct.errors import EvidenceError

__all__ = ["Audited", "EvidenceSource", "fetch", "read", "write"]

VERSION: Final = 1
"""Version of the file."""

_KEYS: Final = {
    *("v", "chainId", "anchor", "book", "committed", "statement", "lines", "tariff", "batches"),
}
_BATCH_KEYS: Final = {"batch", "manifest", "leaves"}
_MOST_BATCHES: Final = 4096


class EvidenceSource(Protocol):
    """The part of a worker's client that is needed here."""

    def batch(self, stream: int, seq: int) -> object | None:
        """The worker's document of a batch, None if it has none."""
        ...

    def statement(self, stream: int, period: int, version: int) -> object | None:
        """Its document of a statement, None if it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Audited:
    """Evidence, and the contracts that it is said to stand in.

    Attributes:
        chain_id: The chain.
        anchor: TelemetryAnchor.
        book: StatementBook.
        evidence: What is audited.
    """

    chain_id: int
    anchor: str
    book: str
    evidence: PeriodEvidence

    @property
    def readings(self) -> int:
        """Number of leaves."""
        return sum(len(each.leaves) for each in self.evidence.batches)


def read(data: bytes) -> Audited:
    """The evidence in a file that `write` made.

    Raises:
        InputError: It is not such a file.
        EvidenceError: A manifest contradicts itself.
    """
    top = keyed(load_json(data), _KEYS, "audit file")
    if integer(top["v"], "v") != VERSION:
        raise wrong("v", top["v"], f"the version is {VERSION}")
    if not isinstance(top["committed"], bool):
        raise wrong("committed", top["committed"], "true or false")
    return Audited(
        chain_id=natural(top["chainId"], "chainId"),
        anchor=text(top["anchor"], "anchor"),
        book=text(top["book"], "book"),
        evidence=PeriodEvidence(
            statement=statement_from(top["statement"]),
            batches=tuple(_batch(each) for each in items(top["batches"], "batches")),
            lines=tuple(line_of(each) for each in items(top["lines"], "lines")),
            tariff=Tariff.from_json(canonical_json(top["tariff"])),
            committed=top["committed"],
        ),
    )


def write(audited: Audited) -> bytes:
    """The file for an auditor without access to ledger and workers. It shows what leaves and manifests show."""
    found = audited.evidence
    if found.tariff is None or found.lines is None:
        raise _missing("lines and tariff of the statement")
    return canonical_json(
        {
            "v": VERSION,
            "chainId": audited.chain_id,
            "anchor": audited.anchor,
            "book": audited.book,
            "committed": found.committed,
            "statement": statement_to(found.statement),
            "lines": [line_document(line) for line in found.lines],
            "tariff": load_json(found.tariff.canonical()),
            "batches": [_batch_document(each) for each in found.batches],
        }
    )


def fetch(
    source: EvidenceSource,
    statement: Statement,
    last: int,
    *,
    committed: bool,
) -> PeriodEvidence:
    """The evidence of a statement out of a worker's documents; nothing of it is believed yet.

    Args:
        source: A worker.
        statement: The statement, as the chain has it.
        last: Number of the period's last batch.
        committed: Whether the stream's quantities are commitments.

    Raises:
        EvidenceError: The worker has no such statement or batch.
        InputError: Its documents have another form.
        ChainError: It does not answer.
    """
    stream = statement.stream
    given = _object(source.statement(stream, statement.period, statement.version), "statement")
    batches: list[AnchoredBatch] = []
    for seq in range(last, max(0, last - _MOST_BATCHES), -1):
        document = _object(source.batch(stream, seq), f"batch {seq}")
        batches.append(_batch({name: document.get(name) for name in _BATCH_KEYS}))
        if batches[-1].batch.from_ <= statement.from_:
            break
    return PeriodEvidence(
        statement=statement_from(given.get("statement")),
        batches=tuple(reversed(batches)),
        lines=tuple(line_of(each) for each in items(given.get("lines"), "lines")),
        tariff=Tariff.from_json(canonical_json(given.get("tariff"))),
        committed=committed,
    )


def _object(document: object | None, what: str) -> dict[str, object]:
    if document is None:
        raise _missing(what)
    if not isinstance(document, dict):
        raise wrong(what, document, "an object")
    return document


def _batch(value: object) -> AnchoredBatch:
    given = keyed(value, _BATCH_KEYS, "batches")
    batch: Batch = batch_from(given["batch"])
    leaves = tuple(unhex(each, LEAF_LENGTH) for each in _texts(given["leaves"]))
    return AnchoredBatch(batch, leaves, Manifest.from_json(canonical_json(given["manifest"])))


def _texts(value: object) -> list[str]:
    return [text(each, "leaves") for each in items(value, "leaves")]


def _batch_document(each: AnchoredBatch) -> dict[str, object]:
    if each.manifest is None:
        raise _missing(f"the manifest of batch {each.batch.seq}")
    return {
        "batch": batch_to(each.batch),
        "manifest": load_json(each.manifest.canonical()),
        "leaves": [hex0x(leaf) for leaf in each.leaves],
    }


def _missing(what: str) -> EvidenceError:
    return EvidenceError(
        f"{what}: not here",
        field="evidence",
        value=what,
        rule="an audit needs the statement's lines and all of its batches",
        remedy="ask another worker, or wait until this one has caught up",
    )
