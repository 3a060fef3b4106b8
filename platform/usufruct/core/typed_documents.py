"""JSON forms of batches and statements, as workers send and publish them and auditors keep them.

Names are those of the EIP-712 types; hashes are lower-case hex; money is decimal text. Reading is strict: a
missing, unknown or mistyped field is an InputError.
"""

from usufruct.core.documents import (
    digits,
    integer,
    items,
    keyed,
    natural,
    signed_digits,
    text,
    wrong,
)
from usufruct.core.encoding import hex0x, unhex
from usufruct.core.keccak import DIGEST
from usufruct.core.typed_data import Batch, Statement

Json = dict[str, object]

_BATCH = {
    *("stream", "seq", "prev", "from", "to", "first", "count", "closes", "root", "content"),
}
_STATEMENT = {
    *("stream", "period", "version", "from", "to", "firstHead", "lastHead", "linesRoot", "gross"),
    *("adjustments", "tariffHash", "coverageBp", "estimatedBp", "kpis", "documents"),
}


def batch_to(batch: Batch) -> Json:
    """A batch as a JSON object."""
    return {
        "stream": batch.stream,
        "seq": batch.seq,
        "prev": hex0x(batch.prev),
        "from": batch.from_,
        "to": batch.to,
        "first": batch.first,
        "count": batch.count,
        "closes": batch.closes,
        "root": hex0x(batch.root),
        "content": hex0x(batch.content),
    }


def batch_from(value: object) -> Batch:
    """The batch in a JSON value; InputError if it is not exactly one."""
    given = keyed(value, _BATCH, "batch")
    closes = given["closes"]
    if not isinstance(closes, bool):
        raise wrong("batch.closes", closes, "true or false")
    return Batch(
        stream=natural(given["stream"], "batch.stream"),
        seq=natural(given["seq"], "batch.seq"),
        prev=hash_at(given["prev"], "batch.prev"),
        from_=natural(given["from"], "batch.from"),
        to=natural(given["to"], "batch.to"),
        first=natural(given["first"], "batch.first"),
        count=natural(given["count"], "batch.count"),
        closes=closes,
        root=hash_at(given["root"], "batch.root"),
        content=hash_at(given["content"], "batch.content"),
    )


def statement_to(statement: Statement) -> Json:
    """A statement as a JSON object."""
    return {
        "stream": statement.stream,
        "period": statement.period,
        "version": statement.version,
        "from": statement.from_,
        "to": statement.to,
        "firstHead": hex0x(statement.first_head),
        "lastHead": hex0x(statement.last_head),
        "linesRoot": hex0x(statement.lines_root),
        "gross": str(statement.gross),
        "adjustments": str(statement.adjustments),
        "tariffHash": hex0x(statement.tariff_hash),
        "coverageBp": statement.coverage_bp,
        "estimatedBp": statement.estimated_bp,
        "kpis": hex0x(statement.kpis),
        "documents": hex0x(statement.documents),
    }


def statement_from(value: object) -> Statement:
    """The statement in a JSON value; InputError if it is not exactly one."""
    given = keyed(value, _STATEMENT, "statement")
    return Statement(
        stream=natural(given["stream"], "statement.stream"),
        period=natural(given["period"], "statement.period"),
        version=natural(given["version"], "statement.version"),
        from_=natural(given["from"], "statement.from"),
        to=natural(given["to"], "statement.to"),
        first_head=hash_at(given["firstHead"], "statement.firstHead"),
        last_head=hash_at(given["lastHead"], "statement.lastHead"),
        lines_root=hash_at(given["linesRoot"], "statement.linesRoot"),
        gross=digits(given["gross"], "statement.gross"),
        adjustments=signed_digits(given["adjustments"], "statement.adjustments"),
        tariff_hash=hash_at(given["tariffHash"], "statement.tariffHash"),
        coverage_bp=integer(given["coverageBp"], "statement.coverageBp"),
        estimated_bp=integer(given["estimatedBp"], "statement.estimatedBp"),
        kpis=hash_at(given["kpis"], "statement.kpis"),
        documents=hash_at(given["documents"], "statement.documents"),
    )


def hash_at(value: object, name: str) -> bytes:
    """The 32 bytes written as hex in `value`; InputError otherwise."""
    return unhex(text(value, name), DIGEST)


def texts_at(value: object, name: str) -> list[str]:
    """The list of texts `value`; InputError otherwise."""
    return [text(each, name) for each in items(value, name)]
