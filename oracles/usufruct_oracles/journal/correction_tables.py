"""Tables of corrections, beside those of `schema`. Rows are added, never changed.

    files ──< correction_records ──< corrections      further revisions of readings
      └─────< correction_rejections                   what does not count, with rule and remedy
    correction_documents                              what proposed and attested statements say of them

They have tables of their own, so that all that counts readings counts each once, whatever its revisions.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)

from usufruct_oracles.journal.schema import metadata

# SQLite numbers rows by itself only for its own INTEGER type.
_Id = BigInteger().with_variant(Integer, "sqlite")

JOURNAL = metadata
"""All tables of a journal: those of `schema` and these."""

correction_records = Table(
    "correction_records",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("stream", Integer, nullable=False),
    Column("meter", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("scheme", String(64), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
"""What a meter's corrections of a day were signed as, verbatim."""

corrections = Table(
    "corrections",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("rev", SmallInteger, primary_key=True),
    Column("record_id", ForeignKey("correction_records.id"), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("supersedes", LargeBinary(32), nullable=False),
    Column("reason", String(40), nullable=False),
    Index("corrections_by_time", "stream", "end"),
    sqlite_with_rowid=False,
)
"""Further revisions, also several that claim to be the same; which of them count, `revisions.chain_of` says."""

correction_rejections = Table(
    "correction_rejections",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("stream", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("meter", String(64), nullable=False),
    Column("line_number", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("rule", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Index("correction_rejections_by_day", "stream", "day"),
)
"""Corrections that do not count."""

correction_documents = Table(
    "correction_documents",
    metadata,
    Column("hash", LargeBinary(32), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("correction_documents_by_place", "stream", "period", "version"),
)
"""Corrections documents, as canonical JSON, of statements that were proposed, signed or attested."""
