"""The links of an audit, from the chain down to the leaves and up again to the money. No link opens a reading.

A price is public, a quantity is not: for committed streams the sum of the commitments of a row opens to the row's
quantity and blinding, which the statement publishes, and the sum weighed by the prices opens to the money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from usufruct.audit.evidence import Audited
from usufruct.chain.client import ChainClient
from usufruct.contracts import address
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.commitments import N, add_commitments, commit, weigh_commitments
from usufruct.core.encoding import LEAF_LENGTH, open_quantity
from usufruct.core.keccak import Bytes2D
from usufruct.core.manifests import Manifest
from usufruct.core.merkle import tree_root
from usufruct.core.statements import (
    StatementLine,
    coverage_bp,
    estimated_bp,
    lines_from_manifests,
    lines_root,
)
from usufruct.core.tariffs import Tariff
from usufruct.disputes.evidence import AnchoredBatch
from usufruct.money import mul_div_down
from usufruct.proof.context import broken, same
from usufruct.proof.verify import Check, check_links

_QUANTITY, _STREAM = slice(1, 34), slice(66, 70)
_OPEN = 0

Column = npt.NDArray[np.int64]


@dataclass
class Context:
    """One audit.

    Attributes:
        audited: The evidence.
        client: The chain.
        pins: Addresses that the reader trusts, by `anchor` and `book`.
        from_block: First block in which the contracts may have events.
        sums: Σ of the quantity fields by row, over the batches added up so far.
    """

    audited: Audited
    client: ChainClient
    pins: Mapping[str, str] = field(default_factory=dict)
    from_block: int = 0
    sums: dict[int, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    @property
    def statement(self) -> typed_data.Statement:
        """The statement in the evidence."""
        return self.audited.evidence.statement

    @property
    def tariff(self) -> Tariff:
        """The tariff in the evidence."""
        if self.audited.evidence.tariff is None:
            raise broken("tariff", "the tariff of the statement", "nothing")
        return self.audited.evidence.tariff

    @property
    def lines(self) -> Sequence[StatementLine]:
        """The lines in the evidence."""
        if self.audited.evidence.lines is None:
            raise broken("lines", "the lines of the statement", "nothing")
        return self.audited.evidence.lines


def audit(
    audited: Audited,
    client: ChainClient,
    *,
    pins: Mapping[str, str] | None = None,
    from_block: int = 0,
) -> list[Check]:
    """Checks every link; after the first broken one the rest is "not reached".

    Raises:
        ChainError: The node cannot be reached; that says nothing about the statement.
    """
    return check_links(LINKS, Context(audited, client, pins or {}, from_block))


def chain(ctx: Context) -> str:
    """The evidence speaks of this chain, and its contracts belong together."""
    given = ctx.audited
    wired(ctx.client, given.chain_id, given.anchor, given.book, ctx.pins)
    registry = ctx.client.call(given.book, sb.streams())
    terms = ctx.client.call(registry, sr.terms_of(ctx.statement.stream))
    same("committed", terms.committed, given.evidence.committed)
    pinned = "pinned by the reader" if ctx.pins else "wired to one another"
    return f"chain {given.chain_id}; contracts {pinned}"


def wired(
    client: ChainClient, chain_id: int, anchor: str, book: str, pins: Mapping[str, str]
) -> None:
    """Refuses contracts that are not of this chain, of each other, or the reader's.

    Raises:
        EvidenceError: Some are not.
    """
    same("chainId", client.chain_id, chain_id)
    for name, found in (("anchor", anchor), ("book", book)):
        same(name, address(found), found)
        same(name, pins.get(name, found), found)
        if not client.code(found):
            raise broken(name, "a contract on this chain", f"{found} without code")
    same("anchor", client.call(book, sb.anchor()), anchor)


def statement(ctx: Context) -> str:
    """The book accepted this very statement, so a quorum of the oracle had signed it."""
    return attested(
        ctx.client, ctx.audited.chain_id, ctx.audited.book, ctx.statement, ctx.from_block
    )


def attested(
    client: ChainClient,
    chain_id: int,
    book: str,
    stated: typed_data.Statement,
    from_block: int,
) -> str:
    """That the book accepted a statement, for people.

    Raises:
        EvidenceError: It did not.
    """
    digest = typed_data.statement_digest(typed_data.Domain(chain_id, book), stated)
    newest = client.call(book, sb.digest_of(stated.stream, stated.period))
    if newest != digest:
        topics = [
            sb.StatementAttested.TOPIC,
            stated.stream.to_bytes(32, "big"),
            stated.period.to_bytes(32, "big"),
        ]
        logs = client.all_logs(from_block, book, topics)
        found = [sb.StatementAttested.decode(log.topics, log.data).digest for log in logs]
        if digest not in found:
            raise broken("statement", "a statement that the book accepted", digest)
    age = "the newest" if newest == digest else "superseded"
    return f"version {stated.version} of period {stated.period} of stream {stated.stream}, {age}"


def batches(ctx: Context) -> str:
    """The batches lead from the anchored head at the period's start to that at its end, without a gap."""
    given, stated = ctx.audited, ctx.statement
    for name, time, head in (
        ("firstHead", stated.from_, stated.first_head),
        ("lastHead", stated.to, stated.last_head),
    ):
        anchored = ctx.client.call(given.anchor, ta.head_at(stated.stream, time))
        same(f"statement.{name}", anchored, head)
    domain = typed_data.Domain(given.chain_id, given.anchor)
    head, time = stated.first_head, stated.from_
    for each in given.evidence.batches:
        batch, place = each.batch, f"batches[{each.batch.seq}]"
        same(f"{place}.stream", stated.stream, batch.stream)
        same(f"{place}.prev", head, batch.prev)
        same(f"{place}.from", time, batch.from_)
        same(f"{place}.content", batch.content, _manifest(each).content())
        digest = typed_data.batch_digest(domain, batch)
        after = typed_data.Cursor(digest, batch.seq, batch.to, batch.first + batch.count)
        head, time = typed_data.head_of(after), batch.to
    same("statement.lastHead", head, stated.last_head)
    same("statement.to", time, stated.to)
    return f"{len(given.evidence.batches)} anchored batches, no gap"


def leaves(ctx: Context) -> str:
    """The leaves are those of the anchored roots, numbered without a gap, each in its batch's window."""
    for each in ctx.audited.evidence.batches:
        batch, place = each.batch, f"batches[{each.batch.seq}]"
        same(f"{place}.count", batch.count, len(each.leaves))
        table = _table(each)
        same(f"{place}.root", batch.root, tree_root(table))
        numbers, ends, _ = _columns(table)
        expected = np.arange(batch.first, batch.first + batch.count, dtype=np.int64)
        if not np.array_equal(numbers, expected):
            raise broken(f"{place}.seq", "numbers without a gap", "others")
        if len(ends) and not (batch.from_ < int(ends.min()) and int(ends.max()) <= batch.to):
            raise broken(f"{place}.end", f"in ({batch.from_}, {batch.to}]", "others")
        if (table[:, _STREAM] != np.frombuffer(batch.stream.to_bytes(4, "big"), np.uint8)).any():
            raise broken(f"{place}.stream", batch.stream, "others")
    return f"{ctx.audited.readings} readings, as anchored"


def sums(ctx: Context) -> str:
    """In each batch the readings of a price row add up to what the manifest publishes of it."""
    for each in ctx.audited.evidence.batches:
        manifest, place = _manifest(each), f"batches[{each.batch.seq}]"
        rows = dict(_by_row(ctx.tariff, each))
        by_id = {line.row: line for line in manifest.lines}
        same(f"{place}.rows", {ctx.tariff.rows[index].id for index in rows}, set(by_id))
        for index, fields in rows.items():
            line = by_id[ctx.tariff.rows[index].id]
            same(f"{place}.{line.row}.count", line.count, len(fields))
            total = _sum(fields, committed=ctx.audited.evidence.committed)
            if ctx.audited.evidence.committed:
                same(f"{place}.{line.row}", commit(line.quantity, line.blinding or 0), total)
            else:
                same(f"{place}.{line.row}", open_quantity(line.quantity), total)
            ctx.sums[index].append(total)
    shown = "commitments" if ctx.audited.evidence.committed else "open quantities"
    return f"{ctx.audited.readings} {shown} add up, batch by batch"


def money(ctx: Context) -> str:
    """The statement's lines open the sums, and Σ price · sum opens to the money."""
    stated, lines = ctx.statement, list(ctx.lines)
    committed = ctx.audited.evidence.committed
    same("statement.tariffHash", ctx.tariff.hash(), stated.tariff_hash)
    manifests = [_manifest(each) for each in ctx.audited.evidence.batches]
    same("lines", lines_from_manifests(ctx.tariff, manifests, committed=committed), lines)
    same("statement.linesRoot", lines_root(lines), stated.lines_root)
    for index, line in enumerate(lines):
        total = _sum(ctx.sums.get(index, []), committed=committed)
        same(f"lines.{line.row}", total, line.quantity_field())
        same(
            f"lines.{line.row}.amount",
            mul_div_down(line.quantity, line.price, line.per),
            line.amount,
        )
    if committed:
        _weighed(ctx, lines)
    same("statement.gross", sum(line.amount for line in lines), stated.gross)
    same("statement.coverageBp", coverage_bp(manifests), stated.coverage_bp)
    same("statement.estimatedBp", estimated_bp(manifests), stated.estimated_bp)
    return f"{stated.gross} minor units of {ctx.tariff.currency} in {len(lines)} price rows"


def _weighed(ctx: Context, lines: Sequence[StatementLine]) -> None:
    """Σ price·C = (Σ price·quantity)·G + (Σ price·blinding)·H: one opening for the whole statement."""
    points = [_sum(ctx.sums.get(index, []), committed=True) for index in range(len(lines))]
    found = weigh_commitments(points, [line.price for line in lines])
    value = sum(line.price * line.quantity for line in lines) % N
    blinding = sum(line.price * (line.blinding or 0) for line in lines) % N
    same("Σ price·C", commit(value, blinding), found)


LINKS = (
    ("chain", chain),
    ("statement", statement),
    ("batches", batches),
    ("leaves", leaves),
    ("sums", sums),
    ("money", money),
)
"""The links in the order of checking."""


def _manifest(each: AnchoredBatch) -> Manifest:
    if each.manifest is None:
        raise broken(f"batches[{each.batch.seq}].manifest", "the batch's manifest", "nothing")
    return each.manifest


def _table(each: AnchoredBatch) -> Bytes2D:
    joined = b"".join(each.leaves)
    if len(joined) != LEAF_LENGTH * len(each.leaves):
        raise broken(f"batches[{each.batch.seq}].leaves", f"{LEAF_LENGTH} bytes each", "others")
    return np.frombuffer(joined, np.uint8).reshape(-1, LEAF_LENGTH)


def _columns(table: Bytes2D) -> tuple[Column, Column, Column]:
    """Number, end and duration of each leaf."""

    def column(start: int, end: int, kind: str) -> Column:
        return np.ascontiguousarray(table[:, start:end]).view(kind).ravel().astype(np.int64)

    return column(70, 78, ">u8"), column(78, 86, ">u8"), column(86, 90, ">u4")


def _by_row(tariff: Tariff, each: AnchoredBatch) -> Iterator[tuple[int, list[bytes]]]:
    """Quantity fields by the price row of the reading's start."""
    if not each.leaves:
        return
    _, ends, durations = _columns(_table(each))
    starts, places = np.unique(ends - durations, return_inverse=True)
    rows = np.array([tariff.row_index_at(int(start)) for start in starts])[places.ravel()]
    for index in np.unique(rows):
        yield int(index), [each.leaves[at][_QUANTITY] for at in np.flatnonzero(rows == index)]


def _sum(fields: Sequence[bytes], *, committed: bool) -> bytes:
    if committed:
        return add_commitments(fields)
    if any(each[0] != _OPEN for each in fields):
        raise broken("quantity", "an open quantity", "a commitment")
    return open_quantity(sum(int.from_bytes(each[1:], "big") for each in fields))
