"""The link from a statement's adjustments to the readings they correct, in this period and in earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core.correction_sums import Base, carried_from, check_corrections
from usufruct.core.corrections import Corrections
from usufruct.core.encoding import ZERO_HASH, ReadingLeaf, canonical_json, unhex
from usufruct.core.merkle import verify_path
from usufruct.core.statements import StatementLine, lines_root
from usufruct.core.tariffs import Tariff
from usufruct.proof import model as p
from usufruct.proof.context import Context, broken, same


def corrections(ctx: Context) -> str:
    """The adjustments follow from the document that the statement names, and that from anchored readings."""
    stated, given = ctx.proof.statement, ctx.proof.corrections
    if given is None:
        same("statement.documents", ZERO_HASH, unhex(stated.documents, 32))
        same("statement.adjustments", 0, int(stated.adjustments))
        return "nothing is corrected"
    document = _document(given.document)
    same("corrections.document", unhex(stated.documents, 32), document.hash())
    stream, period = ctx.proof.settlement.stream, ctx.proof.distribution.period
    place = (document.stream, document.period, document.version)
    same("corrections.document.period", (stream, period, stated.version), place)
    same("statement.adjustments", document.adjustment, int(stated.adjustments))
    earlier = _earlier(ctx, given, document)
    same("corrections.document.carried", carried_from(earlier), document.carried)
    committed = ctx.client.call(ctx.proof.contracts.stream_registry, sr.terms_of(stream)).committed
    bases = _bases(ctx, given, document, earlier)
    check_corrections(document, int(stated.gross), bases, committed=committed)
    count = _leaves(ctx, given, document, earlier)
    return (
        f"{len(list(document.revisions()))} corrections of {count} anchored readings adjust "
        f"{document.adjustment} minor units"
    )


def uncorrected(document: Corrections, earlier: Sequence[Corrections]) -> list[ReadingLeaf]:
    """The anchored leaves that a document corrects: what no correction made."""
    made = {each.new for known in (*earlier, document) for each in known.revisions()}
    return [ReadingLeaf.decode(each.old) for each in document.revisions() if each.old not in made]


def _document(value: object) -> Corrections:
    return Corrections.from_json(canonical_json(value))


def _attested(ctx: Context, tx: str, period: int, version: int, name: str) -> sb.Statement:
    """The statement that was attested in a transaction at this place."""
    wanted = (ctx.proof.settlement.stream, period, version)
    events = [
        sb.StatementAttested.decode(log.topics, log.data)
        for log in ctx.receipt(tx).logs
        if log.address == ctx.proof.contracts.statement_book
        and log.topics[:1] == [sb.StatementAttested.TOPIC]
    ]
    found = [each for each in events if (each.stream, each.period, each.version) == wanted]
    if len(found) != 1:
        raise broken(
            f"{name}.tx", f"the transaction that attested version {version} of period {period}", tx
        )
    return found[0].statement


def _earlier(ctx: Context, given: p.Corrections, document: Corrections) -> list[Corrections]:
    """Documents of other statements that corrected the same periods, or left something to adjust."""
    found = []
    for at, each in enumerate(given.earlier):
        name = f"corrections.earlier[{at}]"
        known = _document(each.document)
        same(f"{name}.stream", document.stream, known.stream)
        attested = _attested(ctx, each.tx, known.period, known.version, name)
        same(f"{name}.document", attested.documents, known.hash())
        found.append(known)
    periods = [each.period for each in found]
    if periods != sorted(set(periods) - {document.period}):
        raise broken("corrections.earlier", "other periods in ascending order", periods)
    named = {wanted for part in document.periods for wanted in part.earlier}
    for known in found:
        if known.hash() not in named and not known.owed:
            raise broken("corrections.earlier", "only documents that matter here", known.period)
    return found


def _bases(
    ctx: Context, given: p.Corrections, document: Corrections, earlier: Sequence[Corrections]
) -> dict[int, Base]:
    own = ctx.proof.distribution.period
    wanted = [each.period for each in document.periods if each.period != own]
    same("corrections.statements", wanted, [each.period for each in given.statements])
    bases = {own: _base(own, ctx.tariff, _own_lines(ctx), earlier)}
    for at, each in enumerate(given.statements):
        name = f"corrections.statements[{at}]"
        attested = _attested(ctx, each.tx, each.period, each.version, name)
        tariff = Tariff.from_json(canonical_json(each.tariff))
        same(f"{name}.tariff", attested.tariff_hash, tariff.hash())
        rows = [(row.id, row.price, row.per) for row in tariff.rows]
        same(f"{name}.lines", rows, [(x.row, int(x.price), int(x.per)) for x in each.lines])
        lines = [_line(index, line) for index, line in enumerate(each.lines)]
        same(f"{name}.lines", attested.lines_root, lines_root(lines))
        # Both commit to nothing: one form is the right one.
        same(f"{name}.lines.blinding", False, any(line.blinding == 0 for line in lines))
        book = ctx.proof.contracts.statement_book
        record = ctx.client.call(book, sb.record_of(ctx.proof.settlement.stream, each.period))
        same(f"{name}.version", record.version, each.version)
        bases[each.period] = _base(each.period, tariff, lines, earlier)
    return bases


def _base(
    period: int, tariff: Tariff, lines: Sequence[StatementLine], earlier: Sequence[Corrections]
) -> Base:
    touching = [known for known in earlier if any(part.period == period for part in known.periods)]
    return Base(period, tariff, lines, touching)


def _own_lines(ctx: Context) -> list[StatementLine]:
    return [_line(index, line) for index, line in enumerate(ctx.proof.lines)]


def _line(index: int, line: p.StatedLine | p.StatementLine) -> StatementLine:
    return StatementLine(
        row_index=index,
        row=line.row,
        price=int(line.price),
        per=int(line.per),
        quantity=int(line.quantity),
        amount=int(line.amount),
        blinding=None if line.blinding is None else int(line.blinding, 16),
        count=0,  # does not enter the leaf
    )


def _leaves(
    ctx: Context, given: p.Corrections, document: Corrections, earlier: Sequence[Corrections]
) -> int:
    """Every reading that no correction made is a leaf of an anchored batch of its period."""
    wanted = uncorrected(document, earlier)
    same("corrections.leaves", len(wanted), len(given.leaves))
    for at, (leaf, each) in enumerate(zip(wanted, given.leaves, strict=True)):
        name = f"corrections.leaves[{at}]"
        event = _batch(ctx, each, name)
        path = [unhex(node, 32) for node in each.path]
        index = leaf.seq - event.first
        if not verify_path(leaf.encode(), index, event.count, path, event.root):
            raise broken(name, f"a leaf of batch {each.seq}", leaf.seq)
        if not event.from_ < leaf.end <= event.to:
            raise broken(name, "a reading of the batch's window", leaf.end)
        _require_period(ctx, document, leaf, name)
    return len(wanted)


def _require_period(ctx: Context, document: Corrections, leaf: ReadingLeaf, name: str) -> None:
    """The reading stands under the period that it ends in."""
    book, encoded = ctx.proof.contracts.statement_book, leaf.encode()
    period = next(
        part.period for part in document.periods for each in part.readings if each.old == encoded
    )
    bounds = ctx.client.call(book, sb.bounds_of(document.stream, period))
    if not bounds.from_ < leaf.end <= bounds.to:
        raise broken(f"{name}.period", f"the period of {leaf.end}", period)


def _batch(ctx: Context, given: p.CorrectedLeaf, name: str) -> ta.BatchAnchored:
    events = [
        ta.BatchAnchored.decode(log.topics, log.data)
        for log in ctx.receipt(given.tx).logs
        if log.address == ctx.proof.contracts.telemetry_anchor
        and log.topics[:1] == [ta.BatchAnchored.TOPIC]
    ]
    wanted = (ctx.proof.settlement.stream, given.seq)
    found = [each for each in events if (each.stream, each.seq) == wanted]
    if len(found) != 1:
        raise broken(f"{name}.tx", f"the transaction that anchored batch {given.seq}", given.tx)
    return found[0]
