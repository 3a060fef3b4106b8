"""Signatures this worker has seen, whoever gave them, and the equivocations found among them.

The first signature of a signer for a place is kept with the message it is over. A second one over another message
makes a proof, stored in the same transaction. While a proof is not released by a person its signer is
barred: its signatures are not counted and its questions not answered.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import sqlalchemy as sa

from usufruct.core.encoding import canonical_json, hex0x, load_json
from usufruct.core.typed_data import Domain
from usufruct.errors import InputError
from usufruct_oracles.equivocation import Signature, document, read_message
from usufruct_oracles.journal.database import Database
from usufruct_oracles.pledges import Place
from usufruct_oracles.wire import Json

MOST_PLACES = 16
"""Places of one signer with the same stream and number: each reorganisation makes another."""

_METADATA = sa.MetaData()
_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_REMEMBERED: Final = 4_096
_PLACE = ("kind", "stream", "position", "qualifier")


def _place_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("signer", sa.String(42), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("stream", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("qualifier", sa.String(80), nullable=False),
    ]


_SEEN = sa.Table(
    "seen_signatures",
    _METADATA,
    sa.Column("id", _Id, primary_key=True),
    *_place_columns(),
    sa.Column("digest", sa.String(66), nullable=False),
    sa.Column("message", sa.LargeBinary, nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("seen_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("signer", *_PLACE, "digest"),
)
_PROOFS = sa.Table(
    "equivocations",
    _METADATA,
    sa.Column("id", _Id, primary_key=True),
    *_place_columns(),
    sa.Column("document", sa.LargeBinary, nullable=False),
    sa.Column("found_at", sa.BigInteger, nullable=False),
    sa.Column("released_at", sa.BigInteger),
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("signer", *_PLACE),
)
_LOG = sa.Table("seen_log", _METADATA, sa.Column("name", sa.String(32), primary_key=True))


@dataclass(frozen=True, slots=True)
class StoredProof:
    """A proof as it is kept.

    Attributes:
        id: Its number.
        signer: Who signed two messages.
        place: For which place.
        document: The proof itself; see `equivocation.verify`.
        found_at: When it was found, unix seconds.
        released_at: When a person released the signer, None while it is barred.
        reason: Why it was released.
    """

    id: int
    signer: str
    place: Place
    document: bytes
    found_at: int
    released_at: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the signatures seen, in the order in which they were.

    Attributes:
        log: Name of this collection; another one means that numbers began anew.
        next: What to ask for after these.
        entries: Kind, message and signature of each.
    """

    log: str
    next: int
    entries: list[Json]


class Sightings:
    """The tables, in the journal's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.write() as connection:
            _METADATA.create_all(connection)
            name = connection.scalar(sa.select(_LOG.c.name))
            if name is None:
                name = secrets.token_hex(8)
                connection.execute(_LOG.insert().values(name=name))
            newest = sa.select(_SEEN.c.message, _SEEN.c.signature).order_by(_SEEN.c.id.desc())
            self._recent = {
                _mark(bytes(message), bytes(signature))
                for message, signature in connection.execute(newest.limit(_REMEMBERED))
            }
        self._name = str(name)

    def is_known(self, body: object, signature: bytes) -> bool:
        """Whether exactly this was kept lately, so that it need not be checked again."""
        try:
            return _mark(canonical_json(body), signature) in self._recent
        except InputError:
            return False

    def add(self, signed: Signature, domain: Domain, source: str, now: int) -> StoredProof | None:
        """Keep a signature that was checked; the proof if it is the second of its signer for the place.

        Further messages for a place that has a proof are not kept: one proof says it all.
        """
        found = self._keep(signed, domain, source, now)
        if len(self._recent) >= 2 * _REMEMBERED:
            self._recent.clear()
        self._recent.add(_mark(canonical_json(signed.message.body), signed.signature))
        return found

    def _keep(self, signed: Signature, domain: Domain, source: str, now: int) -> StoredProof | None:
        signer, place = signed.signer.lower(), signed.message.place
        at = {"signer": signer, **place.key()}
        with self._database.write() as connection:
            known = connection.execute(sa.select(_SEEN).filter_by(**at)).mappings().all()
            digests = {row["digest"] for row in known}
            if hex0x(signed.message.digest) in digests or len(known) > 1:
                return None
            if not known and _is_crowded(connection, at):
                return None
            row = {
                **at,
                "digest": hex0x(signed.message.digest),
                "message": canonical_json(signed.message.body),
                "signature": signed.signature,
                "source": source[:64],
                "seen_at": now,
            }
            connection.execute(_SEEN.insert().values(row))
            if not known:
                return None
            first = known[0]
            body = load_json(first["message"])
            message = read_message(place.kind, body, domain)
            other = Signature(message, signed.signer, bytes(first["signature"]))
            proof = document(domain, signed, other)
            values = {**at, "document": proof, "found_at": now}
            connection.execute(_PROOFS.insert().values(values))
        return next(each for each in self.proofs() if (each.signer, each.place) == (signer, place))

    def digests(self, signer: str, place: Place) -> set[str]:
        """Digests of what `signer` was seen to sign for a place, as hex."""
        at = {"signer": signer.lower(), **place.key()}
        with self._database.read() as connection:
            return set(connection.execute(sa.select(_SEEN.c.digest).filter_by(**at)).scalars())

    def forget(self, signer: str, place: Place) -> None:
        """Forget what `signer` signed at a place, which its own operator has released."""
        at = {"signer": signer.lower(), **place.key()}
        with self._database.write() as connection:
            connection.execute(_SEEN.delete().where(*(_SEEN.c[key] == at[key] for key in at)))

    def page(self, after: int, limit: int) -> Page:
        """At most `limit` signatures, from number `after` (exclusive) on."""
        query = sa.select(_SEEN).where(_SEEN.c.id > after).order_by(_SEEN.c.id).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        entries: list[Json] = [
            {
                "type": row["kind"],
                "message": load_json(row["message"]),
                "signature": hex0x(bytes(row["signature"])),
            }
            for row in rows
        ]
        return Page(self._name, rows[-1]["id"] if rows else after, entries)

    def proofs(self) -> list[StoredProof]:
        """All proofs, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_PROOFS).order_by(_PROOFS.c.id)).mappings().all()
        return [
            StoredProof(
                row["id"],
                row["signer"],
                Place(*(row[name] for name in _PLACE)),
                bytes(row["document"]),
                row["found_at"],
                row["released_at"],
                row["reason"],
            )
            for row in rows
        ]

    def barred(self) -> set[str]:
        """Signers with a proof that nobody has released, in lower case."""
        query = sa.select(_PROOFS.c.signer).where(_PROOFS.c.released_at.is_(None)).distinct()
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def release(self, signer: str, reason: str, now: int) -> int:
        """Let a signer count again and record why; the number of proofs released. They stay stored."""
        with self._database.write() as connection:
            done = connection.execute(
                _PROOFS.update()
                .where(_PROOFS.c.signer == signer.lower(), _PROOFS.c.released_at.is_(None))
                .values(released_at=now, reason=reason)
            )
        return done.rowcount


def _mark(message: bytes, signature: bytes) -> bytes:
    return sha256(message + signature).digest()


def _is_crowded(connection: sa.Connection, at: dict[str, object]) -> bool:
    """Whether the signer has so many places of this number that more would only fill the disk."""
    same = [_SEEN.c[name] == at[name] for name in ("signer", "kind", "stream", "position")]
    count = connection.scalar(sa.select(sa.func.count()).where(*same))
    return (count or 0) >= MOST_PLACES
