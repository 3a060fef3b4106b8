"""Holds a worker's evidence against the chain's facts: every byte that is stored is bound by an on-chain hash.

The workers are not trusted. A document that fails is refused with what is wrong, and the next worker is asked.
Whether what a quorum has signed is right (numbers of readings, sums of lines) is not asked here: evidence of a
fault is evidence too, and what `usufruct dispute` looks through.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from usufruct.core.corrections import Corrections
from usufruct.core.documents import digits, items, keyed
from usufruct.core.encoding import LEAF_LENGTH, ZERO_HASH, ReadingLeaf, canonical_json, hex0x, unhex
from usufruct.core.manifests import Manifest
from usufruct.core.merkle import tree_root
from usufruct.core.signing import recover, unpack_signatures
from usufruct.core.statements import line_document, line_of, lines_root
from usufruct.core.tariffs import Tariff
from usufruct.errors import EvidenceError

__all__ = [
    "BatchFacts",
    "BatchProof",
    "StatementFacts",
    "StatementProof",
    "check_batch",
    "check_statement",
]

_BATCH: Final = {
    *("v", "chainId", "contract", "batch", "digest", "cursor", "head", "manifest", "leaves", "tx"),
    "block",
}
_STATEMENT: Final = {
    *("v", "chainId", "contract", "statement", "digest", "lines", "tariff", "signers"),
    *("signatures", "tx", "corrections"),
}
_MOST_SIGNERS: Final = 256


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What the chain says of a batch."""

    stream: int
    seq: int
    from_: int
    to: int
    first: int
    count: int
    root: bytes
    content: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class BatchProof:
    """Checked evidence of a batch: the manifest's canonical JSON and the leaves one after another."""

    manifest: str
    leaves: bytes


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What the chain says of a statement, and the signer table that was in force."""

    digest: bytes
    signers: int
    lines_root: bytes
    tariff_hash: bytes
    documents: bytes
    table: Sequence[str]
    threshold: int


@dataclass(frozen=True, slots=True)
class StatementProof:
    """Checked evidence of a statement: lines, tariff and corrections as JSON, signatures in the order of the bitmap."""

    lines: str
    tariff: str
    signatures: bytes
    corrections: str | None


def check_batch(document: object, facts: BatchFacts) -> BatchProof:
    """The evidence in a worker's document.

    Raises:
        EvidenceError: It does not belong to the batch on the chain.
        InputError: It is not such a document.
    """
    given = keyed(document, _BATCH, "batch evidence")
    manifest = Manifest.from_json(canonical_json(given["manifest"]))
    _same("content", manifest.content(), facts.content)
    for name in ("stream", "seq", "from_", "to", "first", "count", "root"):
        _same(name.rstrip("_"), getattr(manifest, name), getattr(facts, name))
    leaves = [unhex(leaf, LEAF_LENGTH) for leaf in items(given["leaves"], "leaves")]
    _same("count", len(leaves), facts.count)
    _same("root", tree_root(leaves), facts.root)
    for leaf in leaves:
        ReadingLeaf.decode(leaf)
    return BatchProof(manifest.canonical().decode(), b"".join(leaves))


def check_statement(document: object, facts: StatementFacts) -> StatementProof:
    """The evidence in a worker's document.

    Raises:
        EvidenceError: It does not belong to the statement on the chain, or the quorum did not sign it.
        InputError: It is not such a document.
    """
    given = keyed(document, _STATEMENT, "statement evidence")
    _same("digest", unhex(given["digest"], 32), facts.digest)
    _same("signers", digits(given["signers"], "signers"), facts.signers)
    tariff = Tariff.from_json(canonical_json(given["tariff"]))
    _same("tariff", tariff.hash(), facts.tariff_hash)
    lines = [line_of(each) for each in items(given["lines"], "lines")]
    _same("lines", lines_root(lines), facts.lines_root)
    _same(
        "rows",
        [(r.id, r.price, r.per) for r in tariff.rows],
        [(x.row, x.price, x.per) for x in lines],
    )
    corrections = _corrections(given["corrections"], facts)
    signatures = unhex(given["signatures"])
    _require_quorum(facts, signatures)
    return StatementProof(
        json.dumps([line_document(line) for line in lines], separators=(",", ":")),
        tariff.canonical().decode(),
        signatures,
        corrections,
    )


def _corrections(value: object, facts: StatementFacts) -> str | None:
    """The document that the statement names."""
    if facts.documents == ZERO_HASH:
        _same("corrections", value, None)
        return None
    document = Corrections.from_json(canonical_json(value))
    _same("corrections", document.hash(), facts.documents)
    return document.canonical().decode()


def _require_quorum(facts: StatementFacts, blob: bytes) -> None:
    found = unpack_signatures(facts.table, facts.signers, blob)
    for signer, signature in found.items():
        _same("signature", recover(facts.digest, signature).lower(), signer.lower())
    if len(found) < facts.threshold:
        raise EvidenceError(
            "too few signatures",
            field="signatures",
            value=len(found),
            rule=f"at least {facts.threshold} of {len(facts.table)} signers",
            remedy="ask another worker",
        )


def _same(name: str, found: object, expected: object) -> None:
    if found != expected:
        raise EvidenceError(
            "the evidence does not fit the chain",
            field=name,
            value=found,
            rule=f"the chain says {hex0x(expected) if isinstance(expected, bytes) else expected}",
            remedy="ask another worker",
        )
