"""Links from the statement to the readings: signatures, lines, batches, leaves."""

from __future__ import annotations

from collections import defaultdict

from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.commitments import add_commitments, commit
from usufruct.core.encoding import ReadingLeaf, hex0x, unhex
from usufruct.core.manifests import Manifest, ManifestLine
from usufruct.core.merkle import tree_root, verify_path
from usufruct.core.signing import recover, unpack_signatures
from usufruct.core.statements import (
    StatementLine,
    coverage_bp,
    estimated_bp,
    lines_from_manifests,
    lines_root,
)
from usufruct.proof.context import Context, broken, same
from usufruct.proof.model import Readings
from usufruct.proof.money_links import signer_table
from usufruct.proof.scope import batches_in, sampled

_OPEN = 0


def statement(ctx: Context) -> str:
    """The statement that was settled is this one, and a quorum of the oracle signed it."""
    given, where = ctx.proof.statement, ctx.proof.contracts
    fields = _statement_fields(ctx)
    domain = typed_data.Domain(ctx.proof.chain_id, where.statement_book)
    digest = typed_data.statement_digest(domain, fields)
    same("statement.digest", digest, unhex(given.digest, 32))
    log, event = ctx.event(
        given.tx, where.statement_book, sb.StatementAttested, lambda _, each: each.digest == digest
    )
    same("statement.signers", event.signers, int(given.signers))
    _, settled = ctx.event(
        ctx.proof.distribution.tx,
        where.statement_book,
        sb.StatementSettled,
        lambda _, each: (each.stream, each.period) == (fields.stream, fields.period),
    )
    same("statement.version (settled)", settled.version, given.version)
    same("statement.distributable", settled.distributable, fields.gross + fields.adjustments)
    table, threshold = signer_table(ctx, log.block_number, log.log_index)
    signatures = unpack_signatures(table, int(given.signers), unhex(given.signatures))
    for signer, signature in signatures.items():
        same("statement.signatures", signer, recover(digest, signature))
    if not threshold or len(signatures) < threshold:
        raise broken("statement.signers", f"at least {threshold} signers", len(signatures))
    return f"version {given.version} of period {fields.period}, signed by {len(signatures)} of {len(table)}"


def _statement_fields(ctx: Context) -> typed_data.Statement:
    given = ctx.proof.statement
    return typed_data.Statement(
        stream=ctx.proof.settlement.stream,
        period=ctx.proof.distribution.period,
        version=given.version,
        from_=given.from_,
        to=given.to,
        first_head=unhex(given.first_head, 32),
        last_head=unhex(given.last_head, 32),
        lines_root=unhex(given.lines_root, 32),
        gross=int(given.gross),
        adjustments=int(given.adjustments),
        tariff_hash=unhex(given.tariff_hash, 32),
        coverage_bp=given.coverage_bp,
        estimated_bp=given.estimated_bp,
        kpis=unhex(given.kpis, 32),
        documents=unhex(given.documents, 32),
    )


def lines(ctx: Context) -> str:
    """Every line is quantity × price of the registered tariff, and they add up to the gross amount."""
    given, stated = ctx.proof.lines, ctx.proof.statement
    same("tariff", ctx.tariff.hash(), unhex(stated.tariff_hash, 32))
    found = [
        StatementLine(
            row_index=index,
            row=line.row,
            price=int(line.price),
            per=int(line.per),
            quantity=int(line.quantity),
            amount=int(line.amount),
            blinding=None if line.blinding is None else int(line.blinding, 16),
            count=line.count,
        )
        for index, line in enumerate(given)
    ]
    committed = _committed(ctx)
    same("lines", lines_from_manifests(ctx.tariff, ctx.manifests, committed=committed), found)
    same("statement.lines_root", lines_root(found), unhex(stated.lines_root, 32))
    same("statement.gross", sum(line.amount for line in found), int(stated.gross))
    same("statement.coverage_bp", coverage_bp(ctx.manifests), stated.coverage_bp)
    same("statement.estimated_bp", estimated_bp(ctx.manifests), stated.estimated_bp)
    return f"{len(found)} price rows add up to {stated.gross} minor units of {ctx.tariff.currency}"


def _committed(ctx: Context) -> bool:
    stream = ctx.proof.settlement.stream
    return ctx.client.call(ctx.proof.contracts.stream_registry, sr.terms_of(stream)).committed


def batches(ctx: Context) -> str:
    """The period's batches form one unbroken chain of anchored heads."""
    stated, where, stream = ctx.proof.statement, ctx.proof.contracts, ctx.proof.settlement.stream
    start = ctx.proof.cursor
    cursor = typed_data.Cursor(unhex(start.digest, 32), start.seq, start.to, int(start.next))
    same("statement.first_head", typed_data.head_of(cursor), unhex(stated.first_head, 32))
    same("statement.from", cursor.to, stated.from_)
    domain = typed_data.Domain(ctx.proof.chain_id, where.telemetry_anchor)
    for given, manifest in zip(ctx.proof.batches, ctx.manifests, strict=True):
        place = f"batches[{manifest.seq}]"
        batch = typed_data.next_batch(
            cursor,
            stream=stream,
            to=manifest.to,
            count=manifest.count,
            closes=given.closes,
            root=unhex(hex0x(manifest.root), 32),
            content=manifest.content(),
        )
        described = (batch.stream, batch.seq, batch.from_, batch.first)
        same(
            f"{place}.manifest",
            described,
            (manifest.stream, manifest.seq, manifest.from_, manifest.first),
        )
        cursor = typed_data.next_cursor(cursor, batch, typed_data.batch_digest(domain, batch))
        _anchored(ctx, given.tx, batch, cursor, place)
    same("statement.last_head", typed_data.head_of(cursor), unhex(stated.last_head, 32))
    same("statement.to", cursor.to, stated.to)
    return (
        f"{len(ctx.manifests)} anchored batches, {cursor.next - int(start.next)} readings, no gap"
    )


def _anchored(
    ctx: Context, tx: str, batch: typed_data.Batch, after: typed_data.Cursor, place: str
) -> None:
    anchor = ctx.proof.contracts.telemetry_anchor
    head = typed_data.head_of(after)
    events = [
        ta.BatchAnchored.decode(log.topics, log.data)
        for log in ctx.receipt(tx).logs
        if log.address == anchor and log.topics[:1] == [ta.BatchAnchored.TOPIC]
    ]
    if not any(
        (event.stream, event.seq, event.head) == (batch.stream, batch.seq, head) for event in events
    ):
        raise broken(f"{place}.tx", f"the transaction that anchored head {hex0x(head)}", tx)


def readings(ctx: Context) -> str:
    """The readings in the file are the anchored ones, and add up to their batch's manifest."""
    manifests = {manifest.seq: manifest for manifest in ctx.manifests}
    scope = ctx.proof.scope
    expected = batches_in(scope, {seq: manifest.count for seq, manifest in manifests.items()})
    same(f"readings ({scope})", expected, [entry.seq for entry in ctx.proof.readings])
    full = paths = 0
    for entry in ctx.proof.readings:
        if scope == "sample":
            paths += _some_leaves(ctx, manifests[entry.seq], entry)
        else:
            full += _all_leaves(ctx, manifests[entry.seq], entry)
    if scope == "sample":
        return f"{paths} leaves proved by path"
    return f"{full} leaves recomputed and added up"


def _all_leaves(ctx: Context, manifest: Manifest, entry: Readings) -> int:
    place = f"readings[{manifest.seq}]"
    same(f"{place}.some", None, entry.some)
    preimages = [unhex(leaf, 102) for leaf in entry.all or []]
    same(f"{place}.count", manifest.count, len(preimages))
    same(f"{place}.root", manifest.root, tree_root(preimages))
    rows: dict[int, list[ReadingLeaf]] = defaultdict(list)
    for offset, preimage in enumerate(preimages):
        leaf = _leaf(ctx, manifest, preimage, manifest.first + offset)
        rows[ctx.tariff.row_index_at(leaf.end - leaf.duration)].append(leaf)
    by_row = {line.row: line for line in manifest.lines}
    same(f"{place}.rows", {ctx.tariff.rows[index].id for index in rows}, set(by_row))
    committed = _committed(ctx)
    for index, leaves in rows.items():
        _add_up(place, by_row[ctx.tariff.rows[index].id], leaves, committed=committed)
    return len(preimages)


def _leaf(ctx: Context, manifest: Manifest, preimage: bytes, seq: int) -> ReadingLeaf:
    leaf = ReadingLeaf.decode(preimage)
    place = f"readings[{manifest.seq}].leaf[{seq}]"
    same(f"{place}.stream", ctx.proof.settlement.stream, leaf.stream)
    same(f"{place}.seq", seq, leaf.seq)
    if not manifest.from_ < leaf.end <= manifest.to:
        raise broken(
            f"{place}.end", f"after {manifest.from_} and not after {manifest.to}", leaf.end
        )
    return leaf


def _add_up(place: str, line: ManifestLine, leaves: list[ReadingLeaf], *, committed: bool) -> None:
    same(f"{place}.{line.row}.count", line.count, len(leaves))
    fields = [leaf.quantity for leaf in leaves]
    if not committed:
        if any(field[0] != _OPEN for field in fields):
            raise broken(f"{place}.{line.row}", "open quantities", "a commitment")
        same(
            f"{place}.{line.row}.quantity",
            line.quantity,
            sum(int.from_bytes(field[1:]) for field in fields),
        )
        return
    opened = commit(line.quantity, line.blinding or 0)
    same(f"{place}.{line.row}.commitment", opened, add_commitments(fields))


def _some_leaves(ctx: Context, manifest: Manifest, entry: Readings) -> int:
    place = f"readings[{manifest.seq}]"
    same(f"{place}.all", None, entry.all)
    some, places = entry.some or [], sampled(manifest.count)
    same(f"{place}.some", len(places), len(some))
    for index, item in zip(places, some, strict=True):
        preimage = unhex(item.leaf, 102)
        _leaf(ctx, manifest, preimage, manifest.first + index)
        path = [unhex(node, 32) for node in item.path]
        if not verify_path(preimage, index, manifest.count, path, manifest.root):
            raise broken(f"{place}.leaf[{index}]", "a leaf of the anchored tree", item.leaf)
    return len(some)
