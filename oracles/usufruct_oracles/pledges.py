"""What this worker has signed, stored before a signature leaves the process.

An oracle that signs two different batches for one place, or two statements for one version, lets whoever
submits choose between them. The table `signed` has one row for each signer and place; its primary key makes a
second, different digest impossible even if two threads or two processes ask at once. Workers that share a journal
have rows of their own.

A batch's place is (stream, seq, prev). When the chain moves, because another batch was anchored or a
reorganisation took one away, the next batch has another predecessor and therefore a place of its own: nothing
has to be released. If late data changed a worker's mind after it had signed and nothing was anchored, the
guard stays shut; the other workers can reach the quorum without it, or a person releases the place with
`usufruct-oracle release`, which is recorded with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from usufruct.core.encoding import hex0x
from usufruct.core.typed_data import Batch, Statement
from usufruct.errors import UsufructError
from usufruct_oracles.journal.database import Database

_METADATA = sa.MetaData()
_SIGNED = sa.Table(
    "signed",
    _METADATA,
    sa.Column("signer", sa.String(42), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("stream", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("qualifier", sa.String(80), primary_key=True),
    sa.Column("digest", sa.String(66), nullable=False),
    sa.Column("signed_at", sa.BigInteger, nullable=False),
)
_RELEASED = sa.Table(
    "released",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("signer", sa.String(42), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("stream", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("qualifier", sa.String(80), nullable=False),
    sa.Column("digest", sa.String(66), nullable=False),
    sa.Column("released_at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)


class Equivocation(UsufructError):
    """This worker signed another digest for the same place before."""

    def __init__(self, place: Place, signed: str, asked: str) -> None:
        super().__init__(
            "another digest was signed for this place",
            field=str(place),
            value=asked,
            rule=f"already signed {signed}; a second one is never signed",
            remedy="find out why the content changed; `usufruct-oracle release` frees the place",
        )
        self.place = place
        self.signed = signed
        self.asked = asked


@dataclass(frozen=True, slots=True)
class Place:
    """What may be signed once.

    Attributes:
        kind: "batch" or "statement".
        stream: Stream number.
        position: Number of the batch, or of the period.
        qualifier: The batch's predecessor as hex, or the statement's version.
    """

    kind: str
    stream: int
    position: int
    qualifier: str

    @classmethod
    def of_batch(cls, batch: Batch) -> Place:
        """The place of a batch: stream, number and predecessor."""
        return cls("batch", batch.stream, batch.seq, hex0x(batch.prev))

    @classmethod
    def of_statement(cls, statement: Statement) -> Place:
        """The place of a statement: stream, period and version."""
        return cls("statement", statement.stream, statement.period, f"v{statement.version}")

    def key(self) -> dict[str, object]:
        """The place as columns of a table."""
        return {
            "kind": self.kind,
            "stream": self.stream,
            "position": self.position,
            "qualifier": self.qualifier,
        }

    def __str__(self) -> str:
        return f"{self.kind} {self.stream}/{self.position}/{self.qualifier}"


class Pledges:
    """The tables of what one signer signed and released, in the journal's database.

    Args:
        database: The journal's database, which several workers may share.
        signer: Address of the signer.
    """

    def __init__(self, database: Database, signer: str) -> None:
        self._database = database
        self._signer = signer.lower()
        with database.write() as connection:
            _METADATA.create_all(connection)

    def pledge(self, place: Place, digest: bytes, now: int) -> None:
        """Store that `digest` is signed at `place`; the same digest again changes nothing.

        Raises:
            Equivocation: Another digest stands there.
        """
        row = {**self._key(place), "digest": hex0x(digest), "signed_at": now}
        with self._database.write() as connection:
            signed = connection.scalar(self._digest_at(place))
            if signed is None:
                connection.execute(_SIGNED.insert().values(row))
            elif signed != row["digest"]:
                raise Equivocation(place, signed, hex0x(digest))

    def signed(self, place: Place) -> str | None:
        """The digest that was signed at `place`, as hex, or None."""
        with self._database.read() as connection:
            return connection.scalar(self._digest_at(place))

    def find(self, kind: str, stream: int, position: int) -> list[Place]:
        """All places of one batch or period number that were signed."""
        query = sa.select(_SIGNED.c.qualifier).where(
            _SIGNED.c.signer == self._signer,
            _SIGNED.c.kind == kind,
            _SIGNED.c.stream == stream,
            _SIGNED.c.position == position,
        )
        with self._database.read() as connection:
            found = connection.execute(query.order_by(_SIGNED.c.signed_at)).scalars()
            return [Place(kind, stream, position, each) for each in found]

    def release(self, place: Place, reason: str, now: int) -> bool:
        """Free `place` and record why; False if nothing was signed there."""
        with self._database.write() as connection:
            digest = connection.scalar(self._digest_at(place))
            if digest is None:
                return False
            row = {
                **self._key(place),
                "digest": digest,
                "released_at": now,
                "reason": reason,
            }
            connection.execute(_RELEASED.insert().values(row))
            connection.execute(_SIGNED.delete().where(self._at(place)))
        return True

    def all(self) -> list[tuple[Place, str]]:
        """Everything signed, ordered by kind, stream, position and qualifier."""
        names = ("kind", "stream", "position", "qualifier", "digest")
        columns = [_SIGNED.c[name] for name in names]
        query = sa.select(*columns).where(_SIGNED.c.signer == self._signer).order_by(*columns[:4])
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [(Place(*row[:4]), row[4]) for row in rows]

    def _key(self, place: Place) -> dict[str, object]:
        return {"signer": self._signer, **place.key()}

    def _digest_at(self, place: Place) -> sa.Select[str]:
        return sa.select(_SIGNED.c.digest).where(self._at(place))

    def _at(self, place: Place) -> sa.ColumnElement[bool]:
        return sa.and_(*(_SIGNED.c[name] == value for name, value in self._key(place).items()))
