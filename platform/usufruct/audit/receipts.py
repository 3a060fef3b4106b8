"""Checks a household's receipt against the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from usufruct.audit.leaf_proofs import require_anchored, require_leaves
from usufruct.audit.links import attested, wired
from usufruct.chain.client import ChainClient
from usufruct.core.receipts import Receipt, rows_of
from usufruct.proof.context import broken, same
from usufruct.proof.verify import Check, check_links

__all__ = ["LINKS", "check_receipt"]


def check_receipt(
    receipt: Receipt,
    client: ChainClient,
    *,
    pins: Mapping[str, str] | None = None,
    from_block: int = 0,
) -> list[Check]:
    """Checks every link; after the first broken one the rest is "not reached".

    Args:
        receipt: The parsed file.
        client: The chain.
        pins: Addresses that the reader trusts, by `anchor` and `book`.
        from_block: First block in which the contracts may have events.

    Raises:
        ChainError: The node cannot be reached.
    """
    return check_links(LINKS, _Context(receipt, client, pins or {}, from_block))


@dataclass(frozen=True, slots=True)
class _Context:
    receipt: Receipt
    client: ChainClient
    pins: Mapping[str, str]
    from_block: int


def _chain(ctx: _Context) -> str:
    given = ctx.receipt.anchored
    wired(ctx.client, given.chain_id, given.anchor, ctx.receipt.book, ctx.pins)
    pinned = "pinned by the reader" if ctx.pins else "wired to one another"
    return f"chain {given.chain_id}; contracts {pinned}"


def _statement(ctx: _Context) -> str:
    given = ctx.receipt
    same("statement.tariffHash", given.tariff.hash(), given.statement.tariff_hash)
    chain_id = given.anchored.chain_id
    return attested(ctx.client, chain_id, given.book, given.statement, ctx.from_block)


def _batches(ctx: _Context) -> str:
    given = ctx.receipt
    for seq, batch in given.anchored.batches.items():
        same(f"batches[{seq}].stream", given.statement.stream, batch.stream)
        if not given.statement.from_ <= batch.from_ < batch.to <= given.statement.to:
            raise broken(f"batches[{seq}]", "a batch of the statement's period", batch.from_)
    require_anchored(given.anchored, ctx.client, ctx.from_block)
    return f"{len(given.anchored.batches)} anchored batches"


def _readings(ctx: _Context) -> str:
    given = ctx.receipt
    require_leaves(given.anchored)
    same("openings", len(given.anchored.leaves), len(given.openings))
    for each, opening in zip(given.anchored.leaves, given.openings, strict=True):
        reading = each.reading
        same(f"leaves[{reading.seq}].meter", given.meter, reading.meter)
        same(f"leaves[{reading.seq}].quantity", reading.quantity, opening.field())
    return f"{len(given.openings)} readings of meter {given.meter} open their leaves"


def _money(ctx: _Context) -> str:
    given = ctx.receipt
    rows = rows_of(given.tariff, given.anchored, given.openings)
    same("rows", rows, list(given.rows))
    total = sum(each.amount for each in rows)
    return f"{total} minor units of {given.tariff.currency} in {len(rows)} price rows"


LINKS = (
    ("chain", _chain),
    ("statement", _statement),
    ("batches", _batches),
    ("readings", _readings),
    ("money", _money),
)
"""The links in the order of checking."""
