"""Tables of the journal. Rows are added, never changed, save for marks that an anchoring sets, and
what the erasure of a household takes out.

    files ──< records ──< readings        what was received, and what of it counts
      ├──── messages   ├─< supports       the same said again by a later record
      |                ├─< contenders     another value, or another session, for the same time
      |                ├─< heartbeats     a meter is alive and has told everything of a day
      |                ├─< flags          doubts about readings that count
      └────────────────┴─< rejections     what does not count, with rule, remedy and money at stake
    batches, statements, estimates                 what was anchored and attested
    erasures                              whose readings were taken out again

A file is a delivery: a day file with one record for each meter, or a message, which is one record by itself.

Times are unix seconds, money is minor units, days are local days "YYYY-MM-DD" of the project.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData()

NO_DAY = ""
"""`day` of messages."""

# SQLite numbers rows by itself only for its own INTEGER type.
_Id = BigInteger().with_variant(Integer, "sqlite")

files = Table(
    "files",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("stream", String(64), nullable=False),
    Column("day", String(64), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("meters", LargeBinary(8), nullable=False),
    Column("source", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("rule", String(32)),
    Column("detail", Text),
    Column("remedy", Text),
    Column("csv", LargeBinary),
    Column("signatures", LargeBinary),
    Index("files_by_place", "stream", "day"),
)
"""Deliveries; `rule` and the whole content only where one was rejected as a whole. `meters` stands for
the registered meters it was judged by: after a change there, the same content is judged anew. `day` is "" for
messages, which have none of their own."""

Index(
    "files_rejected",
    files.c.stream,
    files.c.received_at,
    sqlite_where=files.c.rule.is_not(None),
    postgresql_where=files.c.rule.is_not(None),
)

messages = Table(
    "messages",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("meters", LargeBinary(8), primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("meter", String(64), nullable=False),
    Column("form", String(64), nullable=False),
    Column("scheme", String(64), nullable=False),
)
"""What is known of a message beside its delivery and its record; one of each digest. `meter` is the code that the
source gave, `form` the payload's format."""

records = Table(
    "records",
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
    Column("verified", Boolean, nullable=False),
    Column("complete", Boolean, nullable=False),
    Index("records_by_meter_day", "stream", "day", "meter"),
)
"""Meter-days and messages (whose `day` is ""), verbatim; of meter-days only rejections of the newest record are
still open.

`verified`: the signature holds. `complete`: and every row of it may count."""

readings = Table(
    "readings",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("rev", SmallInteger, primary_key=True),
    Column("record_id", ForeignKey("records.id"), nullable=False),
    Column("stream", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("seq", BigInteger),
    Index("readings_by_time", "stream", "end"),
    sqlite_with_rowid=False,
)
"""Readings that count. `seq` is set once anchored; without one behind the last anchored batch they were late."""

supports = Table(
    "supports",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("rev", SmallInteger, primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Further records that say the same of a reading; which of all the leaf names, `journal.counting` says."""

contenders = Table(
    "contenders",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("rev", SmallInteger, primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Index("contenders_by_time", "stream", "end"),
    sqlite_with_rowid=False,
)
"""Readings that another record's, or another session, stands against. Which of them counts does not depend on what
came first; see `journal.counting`."""

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Index("heartbeats_by_day", "stream", "day"),
    sqlite_with_rowid=False,
)
"""Days of which a meter says that it was alive and that `count` readings ended in them (protocol §4a)."""

flags = Table(
    "flags",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("rev", SmallInteger, primary_key=True),
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("rule", String(32), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("stake", BigInteger, nullable=False),
    Column("basis", String(32), nullable=False),
    Index("flags_by_time", "stream", "end"),
    sqlite_with_rowid=False,
)
"""Doubts about readings that count, as their own records raise them."""

estimates = Table(
    "estimates",
    metadata,
    Column("meter", BigInteger, primary_key=True),
    Column("end", BigInteger, primary_key=True),
    Column("duration", Integer, primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("method", String(32), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("estimates_by_time", "stream", "end"),
    Index("estimates_by_seq", "stream", "seq"),
    sqlite_with_rowid=False,
)
"""Intervals that nobody measured, as they were anchored (protocol §4b)."""

rejections = Table(
    "rejections",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("file_id", ForeignKey("files.id"), nullable=False),
    Column("record_id", ForeignKey("records.id")),
    Column("stream", Integer, nullable=False),
    Column("day", String(10), nullable=False),
    Column("meter", String(64), nullable=False),
    Column("line_number", Integer, nullable=False),
    Column("line", Text, nullable=False),
    Column("end", BigInteger),
    Column("rule", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("stake", BigInteger, nullable=False),
    Column("basis", String(32), nullable=False),
    Index("rejections_by_day", "stream", "day"),
)
"""Rows that do not count; `line_number` 0 for a record without rows."""

retractions = Table(
    "retractions",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("meter", BigInteger, nullable=False),
    Column("day", String(10), nullable=False),
    Column("readings", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("retracted_at", BigInteger, nullable=False),
    Index("retractions_by_stream", "stream"),
)
"""Records that the operator has taken out of what counts, with the number of readings that went with them. The records
themselves stay, and the same bytes never count again."""

archived = Table(
    "archived",
    metadata,
    Column("record_id", ForeignKey("records.id"), primary_key=True),
    Column("stream", Integer, nullable=False),
    Column("object", LargeBinary(32), nullable=False),
    Column("archived_at", BigInteger, nullable=False),
    Index("archived_by_object", "object"),
)
"""Records whose payload was moved into the archive's object with that sha256."""

batches = Table(
    "batches",
    metadata,
    Column("stream", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("prev", LargeBinary(32), nullable=False),
    Column("from", BigInteger, nullable=False),
    Column("to", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("closes", Boolean, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("tx", LargeBinary(32), nullable=False),
)
"""Anchored batches, as they were recomputed here."""

statements = Table(
    "statements",
    metadata,
    Column("stream", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("statement", LargeBinary, nullable=False),
    Column("lines", LargeBinary, nullable=False),
    Column("tariff", LargeBinary, nullable=False),
    Column("signers", String(80), nullable=False),
    Column("signatures", LargeBinary, nullable=False),
    Column("tx", LargeBinary(32), nullable=False),
)
"""Attested statements with their evidence, as JSON."""

erasures = Table(
    "erasures",
    metadata,
    Column("meter", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Integer, nullable=False),
    Column("order", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("readings", Integer, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("finished", Boolean, nullable=False),
)
"""Households that were erased here, by whose order and why. `since` and `until` are the ends of the first and last
anchored reading that is no longer here: batches of that time stand, and cannot be built again."""
