"""Evidence against facts: committed streams, quorums below the threshold, values that do not add up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from usufruct.core.commitments import commit
from usufruct.core.encoding import ZERO_HASH, ReadingLeaf, hex0x
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root
from usufruct.core.signing import address_of, pack_signatures, sign_digest
from usufruct.core.statements import lines_from_manifests, lines_root
from usufruct.core.tariffs import CalendarRule, PriceRow, Tariff
from usufruct.errors import EvidenceError, UsufructError
from usufruct.index.evidence_check import (
    BatchFacts,
    StatementFacts,
    check_batch,
    check_statement,
)

TARIFF = Tariff("t", "VPP", "USDX", "Wh", "UTC", (PriceRow("all", 3, 2),), (CalendarRule("all"),))
KEYS = sorted((bytes([n]) * 32 for n in (1, 2, 3)), key=lambda key: int(address_of(key), 16))
TABLE = [address_of(key) for key in KEYS]
DIGEST = b"\7" * 32


def leaves() -> list[bytes]:
    return [
        ReadingLeaf(
            commit(5 + n, 100 + n), b"\1" * 32, 1, 40 + n, 1_000 + n, 60, 7, 0, 0, 0, 1
        ).encode()
        for n in range(2)
    ]


MANIFEST = Manifest(
    1, 3, 900, 1_100, 40, 2, tree_root(leaves()), 2, 2, 11, 0, (ManifestLine("all", 2, 11, 201),)
)
BATCH = BatchFacts(1, 3, 900, 1_100, 40, 2, MANIFEST.root, MANIFEST.content(), b"\5" * 32)
LINES = lines_from_manifests(TARIFF, [MANIFEST], committed=True)


def batch_document(**changes: Any) -> dict[str, Any]:
    names = ("v", "chainId", "contract", "batch", "digest", "cursor", "head", "tx", "block")
    document: dict[str, Any] = dict.fromkeys(names, 0)
    document["manifest"] = json.loads(MANIFEST.canonical())
    document["leaves"] = [hex0x(leaf) for leaf in leaves()]
    return document | changes


def statement_facts(bitmap: int, threshold: int = 2) -> StatementFacts:
    return StatementFacts(
        DIGEST, bitmap, lines_root(LINES), TARIFF.hash(), ZERO_HASH, TABLE, threshold
    )


def statement_document(keys: list[bytes], **changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = dict.fromkeys(("v", "chainId", "contract", "statement", "tx"), 0)
    bitmap, blob = pack_signatures(
        TABLE, {address_of(key): sign_digest(key, DIGEST) for key in keys}
    )
    blinding = LINES[0].blinding
    assert blinding is not None
    document["lines"] = [
        {
            "index": 0, "row": "all", "price": "3", "per": "2", "quantity": "11", "amount": "16",
            "blinding": hex0x(blinding.to_bytes(32)), "count": 2,
        }
    ]  # fmt: skip
    document |= {"digest": hex0x(DIGEST), "tariff": json.loads(TARIFF.canonical())}
    document["corrections"] = None
    return document | {"signers": str(bitmap), "signatures": hex0x(blob)} | changes


def test_evidence_of_a_committed_batch_holds() -> None:
    proof = check_batch(batch_document(), BATCH)
    assert proof.leaves == b"".join(leaves())
    assert proof.manifest.encode() == MANIFEST.canonical()


@pytest.mark.parametrize(
    "name", ["stream", "seq", "from_", "to", "first", "count", "root", "content"]
)
def test_every_fact_of_a_batch_is_compared(name: str) -> None:
    value = getattr(BATCH, name)
    changed = replace(BATCH, **{name: value + 1 if isinstance(value, int) else rb"\9" * 32})
    with pytest.raises(EvidenceError):
        check_batch(batch_document(), changed)


@pytest.mark.parametrize("change", [{"seq": 41}, {"stream": 2}])
def test_evidence_of_a_fault_is_evidence(change: dict[str, int]) -> None:
    # The root fits: the quorum has signed a reading at the wrong place, which a dispute will show.
    wrong = [replace(ReadingLeaf.decode(leaves()[0]), **change).encode(), leaves()[1]]
    manifest = replace(MANIFEST, root=tree_root(wrong))
    facts = replace(BATCH, root=manifest.root, content=manifest.content())
    document = batch_document(
        manifest=json.loads(manifest.canonical()), leaves=[hex0x(leaf) for leaf in wrong]
    )
    assert check_batch(document, facts).leaves == b"".join(wrong)


def test_a_signed_statement_holds() -> None:
    proof = check_statement(statement_document(KEYS[1:]), statement_facts(0b110))
    assert json.loads(proof.lines)[0]["blinding"] == hex0x((201).to_bytes(32))
    assert len(proof.signatures) == 128


@pytest.mark.parametrize(
    ("document", "facts"),
    [
        (statement_document(KEYS[:1]), statement_facts(0b001)),
        (statement_document(KEYS[:2]), statement_facts(0b110)),
        (statement_document(KEYS[:2]), statement_facts(0b011, threshold=3)),
        (statement_document(KEYS[:2]), replace(statement_facts(0b011), table=TABLE[::-1])),
        (statement_document(KEYS[:2]), replace(statement_facts(0b011), digest=b"\6" * 32)),
        (statement_document(KEYS[:2]), replace(statement_facts(0b011), lines_root=b"\6" * 32)),
        (statement_document(KEYS[:2]), replace(statement_facts(0b011), tariff_hash=b"\6" * 32)),
        (statement_document(KEYS[:2], signatures="0x"), statement_facts(0b011)),
        (statement_document(KEYS[:2], lines=[]), statement_facts(0b011)),
        (statement_document(KEYS[:2], lines=[{}]), statement_facts(0b011)),
        ([], statement_facts(0b011)),
        (None, statement_facts(0b011)),
    ],
)
def test_what_does_not_hold_is_refused(document: Any, facts: StatementFacts) -> None:
    with pytest.raises(UsufructError):
        check_statement(document, facts)
