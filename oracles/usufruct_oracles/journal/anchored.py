"""What was anchored: recorded once, in order, and taken back if a reorganisation says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from usufruct.chain import crash
from usufruct.config import Stream
from usufruct.core.encoding import LEAF_LENGTH, ReadingLeaf, hex0x
from usufruct.core.manifests import Manifest
from usufruct.core.typed_data import Batch, Cursor, head_of
from usufruct.errors import EvidenceError
from usufruct_oracles.journal.database import Database
from usufruct_oracles.journal.estimates import forget_estimates, keep_estimates
from usufruct_oracles.journal.revisions import first_revision
from usufruct_oracles.journal.schema import batches, readings
from usufruct_oracles.journal.settling import settle
from usufruct_oracles.ports import BuiltBatch


def head_after(batch: Batch, digest: bytes) -> bytes:
    """The head that the contract stores once `batch` with that digest is anchored (32 bytes)."""
    return head_of(Cursor(digest, batch.seq, batch.to, batch.first + batch.count))


def record_batch(
    database: Database, stream: Stream, built: BuiltBatch, digest: bytes, tx: bytes
) -> None:
    """Records a batch as anchored and gives its readings their numbers; again changes nothing.

    Args:
        database: The journal's database.
        stream: Its stream.
        built: The batch, recomputed here.
        digest: Its EIP-712 digest.
        tx: Hash of the transaction that anchored it.

    Raises:
        EvidenceError: Another batch is recorded at its place, or the one before it is not.
    """
    batch = built.batch
    head = head_after(batch, digest)
    with database.write() as connection:
        heads = _heads(connection, batch.stream)
        if len(heads) >= batch.seq:
            _require_same(batch, heads[batch.seq - 1], head)
            return
        if len(heads) != batch.seq - 1 or (heads and heads[-1] != batch.prev):
            raise _out_of_order(batch, len(heads))
        connection.execute(insert(batches).values(_row(built, digest, head, tx)))
        leaves = [ReadingLeaf.decode(each) for each in built.leaves]
        numbers = {leaf.record: leaf.seq for leaf in leaves}
        estimated = {each.record for each in built.estimates}
        # What is anchored in a further revision makes the reading count that it corrects.
        measured = [
            first_revision(connection, leaf) for leaf in leaves if leaf.record not in estimated
        ]
        settle(connection, stream, (batch.from_, batch.to), measured)
        _number(connection, measured)
        keep_estimates(connection, built.estimates, numbers)
    crash.point("batch.numbered")


def forget_after(database: Database, stream: int, seq: int) -> None:
    """Takes back the records of the stream's batches after number `seq`, and their numbers."""
    with database.write() as connection:
        later = batches.c.stream == stream, batches.c.seq > seq
        first = connection.execute(
            select(batches.c.first).where(*later).order_by(batches.c.seq).limit(1)
        ).scalar_one_or_none()
        if first is None:
            return
        connection.execute(delete(batches).where(*later))
        numbered = readings.c.stream == stream, readings.c.seq >= first
        connection.execute(update(readings).where(*numbered).values(seq=None))
        forget_estimates(connection, stream, first)


_LAST_HEAD = (
    select(batches.c.seq, batches.c.head)
    .where(batches.c.stream == bindparam("of"))
    .order_by(batches.c.seq.desc())
    .limit(1)
)


def recorded_heads(database: Database, stream: int, known: Sequence[bytes] = ()) -> list[bytes]:
    """Heads after each recorded batch, from number 1 on.

    Args:
        database: The journal.
        stream: The stream.
        known: What they were before. A head commits to all that lead to it, so only the last is compared.
    """
    with database.read() as connection:
        last = connection.execute(_LAST_HEAD, {"of": stream}).one_or_none()
        if last is None:
            return []
        if known and (last.seq, bytes(last.head)) == (len(known), known[-1]):
            return list(known)
        return _heads(connection, stream)


def manifests_between(database: Database, stream: Stream, from_: int, to: int) -> list[Manifest]:
    """Manifests of the recorded batches whose windows lie in [from_, to), in order."""
    query = (
        select(batches.c.manifest)
        .where(batches.c.stream == stream.id, batches.c["from"] >= from_, batches.c.to <= to)
        .order_by(batches.c.seq)
    )
    with database.read() as connection:
        return [Manifest.from_json(found) for (found,) in connection.execute(query)]


def recorded_batch(database: Database, stream: int, seq: int) -> BuiltBatch | None:
    """A recorded batch with its manifest and leaves, None if it is not recorded."""
    query = select(batches).where(batches.c.stream == stream, batches.c.seq == seq)
    with database.read() as connection:
        row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    batch = batch_of(row)
    blob = row["leaves"]
    leaves = [blob[at : at + LEAF_LENGTH] for at in range(0, len(blob), LEAF_LENGTH)]
    return BuiltBatch(batch, Manifest.from_json(row["manifest"]), leaves)


def batch_of(row: RowMapping) -> Batch:
    """The batch of a row of the table of batches."""
    return Batch(
        stream=row["stream"],
        seq=row["seq"],
        prev=row["prev"],
        from_=row["from"],
        to=row["to"],
        first=row["first"],
        count=row["count"],
        closes=row["closes"],
        root=row["root"],
        content=row["content"],
    )


def _heads(connection: Connection, stream: int) -> list[bytes]:
    query = select(batches.c.head).where(batches.c.stream == stream).order_by(batches.c.seq)
    return [bytes(head) for (head,) in connection.execute(query)]


def _row(built: BuiltBatch, digest: bytes, head: bytes, tx: bytes) -> dict[str, object]:
    batch = built.batch
    return {
        "stream": batch.stream,
        "seq": batch.seq,
        "prev": batch.prev,
        "from": batch.from_,
        "to": batch.to,
        "first": batch.first,
        "count": batch.count,
        "closes": batch.closes,
        "root": batch.root,
        "content": batch.content,
        "manifest": built.manifest.canonical(),
        "leaves": b"".join(built.leaves),
        "digest": digest,
        "head": head,
        "tx": tx,
    }


def _number(connection: Connection, leaves: Sequence[ReadingLeaf]) -> None:
    rows = list(_numbers(leaves))
    if not rows:
        return
    statement = (
        update(readings)
        .where(
            readings.c.meter == bindparam("b_meter"),
            readings.c.end == bindparam("b_end"),
            readings.c.duration == bindparam("b_duration"),
            readings.c.rev == bindparam("b_rev"),
        )
        .values(seq=bindparam("b_seq"))
    )
    connection.execute(statement, rows)


def _numbers(leaves: Sequence[ReadingLeaf]) -> Iterator[dict[str, int]]:
    for leaf in leaves:
        yield {
            "b_meter": leaf.meter,
            "b_end": leaf.end,
            "b_duration": leaf.duration,
            "b_rev": leaf.rev,
            "b_seq": leaf.seq,
        }


def _require_same(batch: Batch, recorded: bytes, head: bytes) -> None:
    if recorded != head:
        raise EvidenceError(
            f"another batch {batch.seq} of stream {batch.stream} is recorded",
            field="head",
            value=hex0x(head),
            rule=f"the recorded head is {hex0x(recorded)}",
            remedy="after a reorganisation take back the later records first",
        )


def _out_of_order(batch: Batch, recorded: int) -> EvidenceError:
    return EvidenceError(
        f"batch {batch.seq} of stream {batch.stream} does not continue what is recorded",
        field="seq, prev",
        value=f"{batch.seq}, {hex0x(batch.prev)}",
        rule=f"batches are recorded in order; {recorded} are",
        remedy="record the batches before it first",
    )
