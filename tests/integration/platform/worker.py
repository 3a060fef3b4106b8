"""A worker that hands over the kit's evidence, and one that lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
from tests.integration.platform.kit import STREAM, Evidence, Kit

from usufruct.core import typed_data as td
from usufruct.core.encoding import hex0x
from usufruct.index.workers import WorkerClient

Change = Callable[[dict[str, Any]], None]


def batch_document(kit: Kit, evidence: Evidence) -> dict[str, Any]:
    """The document of a batch, as workers publish it."""
    batch = evidence.batch
    digest = td.batch_digest(td.Domain(31337, kit.contracts["TelemetryAnchor"]), batch)
    return {
        "v": 1,
        "chainId": 31337,
        "contract": kit.contracts["TelemetryAnchor"],
        "batch": {},
        "digest": hex0x(digest),
        "cursor": {},
        "head": hex0x(evidence.head),
        "manifest": json.loads(evidence.manifest.canonical()),
        "leaves": [hex0x(leaf) for leaf in evidence.leaves],
        "tx": hex0x(bytes(32)),
        "block": 1,
    }


def statement_document(kit: Kit, evidence: Evidence) -> dict[str, Any]:
    """The document of a statement, as workers publish it."""
    domain = td.Domain(31337, kit.contracts["StatementBook"])
    return {
        "v": 1,
        "chainId": 31337,
        "contract": kit.contracts["StatementBook"],
        "statement": {},
        "corrections": None,
        "digest": hex0x(td.statement_digest(domain, evidence.statement)),
        "lines": [
            {
                "index": line.row_index,
                "row": line.row,
                "price": str(line.price),
                "per": str(line.per),
                "quantity": str(line.quantity),
                "amount": str(line.amount),
                "blinding": None,
                "count": line.count,
            }
            for line in evidence.lines
        ],
        "tariff": json.loads(kit.tariff.canonical()),
        "signers": str(evidence.signers),
        "signatures": hex0x(evidence.signatures),
        "tx": hex0x(bytes(32)),
    }


def worker(
    kit: Kit, name: str, change: Change | None = None, rejected: Callable[[], int] = lambda: 2
) -> WorkerClient:
    """A worker with all evidence of the kit; `change` falsifies every document, `rejected` is what it reports."""

    def answer(request: httpx.Request) -> httpx.Response:
        parts = request.url.path.strip("/").split("/")
        if parts[1] == "verdicts":
            return httpx.Response(200, json={"v": 1, "rejected": rejected(), "source": name})
        kind, numbers = parts[1], [int(part) for part in parts[2:]]
        if numbers[0] != STREAM or numbers[1] > len(kit.evidence):
            return httpx.Response(404, json={"error": "not_found"})
        evidence = kit.evidence[numbers[1] - 1]
        build = batch_document if kind == "batches" else statement_document
        document = build(kit, evidence)
        if change is not None:
            change(document)
        return httpx.Response(200, json=document)

    return WorkerClient(f"http://{name}", transport=httpx.MockTransport(answer))
