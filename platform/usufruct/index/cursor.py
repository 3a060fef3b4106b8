"""Where the index stands, which chain it belongs to, and the undo of blocks that are no longer part of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from usufruct.chain.records import Block
from usufruct.errors import ChainError, ConfigError
from usufruct.ledger.bulk import Row, insert_rows
from usufruct.ledger.models import FROM_LOGS, block, cursor, header, meta
from usufruct.ledger.types import first_position

__all__ = [
    "Place",
    "advance",
    "begin",
    "common_ancestor",
    "known_hash",
    "read_cursor",
    "undo_after",
]


class Place(NamedTuple):
    """A block that the ledger has taken in."""

    number: int
    hash: bytes
    timestamp: int


def read_cursor(connection: Connection) -> Place | None:
    """The last block taken in; None before the first start."""
    row = connection.execute(select(cursor.c.block, cursor.c.hash, cursor.c.timestamp)).first()
    return None if row is None else Place(*row)


def begin(connection: Connection, origin: Block, identity: Mapping[str, str]) -> Place:
    """The cursor; at the first start it is set to `origin`, the block before the deployment.

    `identity` says which chain and contracts the ledger is of. Raises ConfigError if it holds another one's.
    """
    place = read_cursor(connection)
    if place is None:
        values = dict(identity) | {"origin": json.dumps([origin.number, origin.hash.hex()])}
        connection.execute(
            insert(meta), [{"key": key, "value": text} for key, text in values.items()]
        )
        place = Place(origin.number, origin.hash, origin.timestamp)
        connection.execute(
            insert(cursor).values(
                id=1, block=place.number, hash=place.hash, timestamp=place.timestamp
            )
        )
        return place
    stored = {row.key: row.value for row in connection.execute(select(meta.c.key, meta.c.value))}
    for key, text in identity.items():
        if stored.get(key) != text:
            raise _another_chain(key, stored.get(key), text)
    return place


def advance(
    connection: Connection,
    before: Place,
    blocks: Sequence[Block],
    with_logs: set[int],
    window: int,
    final: int | None = None,
) -> Place:
    """Moves the cursor from `before` to the last of `blocks`, and keeps the headers; `final` is the chain's newest
    final block, if that is known.

    Raises ChainError if another process has moved the cursor meanwhile: nothing may then be written.
    """
    end = blocks[-1]
    values = {"block": end.number, "hash": end.hash, "timestamp": end.timestamp}
    if final is not None:
        values["final"] = min(final, end.number)
    moved = connection.execute(
        update(cursor)
        .where(cursor.c.block == before.number, cursor.c.hash == before.hash)
        .values(values)
    )
    if moved.rowcount != 1:
        raise ChainError(
            "another process writes to this ledger",
            field="database",
            rule="one indexer for one ledger",
            remedy="stop the other `usufruct serve`, or give this one a database of its own",
        )
    kept = [_row(each) for each in blocks if each.number in with_logs]
    recent = [_row(each) for each in blocks if each.number > end.number - window]
    insert_rows(connection, block, kept)
    connection.execute(delete(header).where(header.c.number <= end.number - window))
    insert_rows(connection, header, recent)
    return Place(end.number, end.hash, end.timestamp)


def common_ancestor(connection: Connection, hash_of: Callable[[int], bytes | None]) -> Place:
    """The newest known block that is still part of the chain; `hash_of` tells the chain's hash of a number.

    Until the transaction ends nobody else moves the cursor: what is undone then is all that there is behind the block.
    Raises ConfigError if not even the block before the deployment is.
    """
    connection.execute(select(cursor.c.block).with_for_update())
    columns = ("number", "hash", "timestamp")
    known = {
        row.number: Place(*row)
        for table in (block, header)
        for row in connection.execute(select(*(table.c[name] for name in columns)))
    }
    numbers = sorted(known)
    # Blocks up to the fork agree and later ones do not, so the fork is found by halving.
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        place = known[numbers[middle]]
        if hash_of(place.number) == place.hash:
            low = middle + 1
        else:
            high = middle
    return known[numbers[low - 1]] if low else _origin(connection, hash_of)


def known_hash(connection: Connection, number: int) -> bytes | None:
    """Hash of a block that was taken in and is still remembered, None for any other."""
    for table in (header, block):
        found = connection.execute(select(table.c.hash).where(table.c.number == number)).scalar()
        if found is not None:
            return bytes(found)
    return None


def undo_after(connection: Connection, place: Place, oldest: int) -> int:
    """Removes everything that came after `place` and sets the cursor there. Returns the number of logs undone.

    Raises ChainError if the node itself has called a later block final, or called none final and `place` is before
    the block `oldest`.
    """
    final = connection.execute(select(cursor.c.final)).scalar()
    if final is not None and place.number < final:
        raise ChainError(
            f"the node shows another past: block {final} was final and is not on its chain",
            field="rpc",
            value=place.number,
            rule="what is final stays",
            remedy="ask another node; nothing was undone",
        )
    if final is None and place.number < oldest:
        raise ChainError(
            f"the node shows another past: it parts from the ledger's after block {place.number}",
            field="undo_blocks",
            value=place.number,
            rule=f"no block before {oldest} is undone",
            remedy="ask another node; if this is the right past, start once with undo_blocks set higher",
        )
    first = first_position(place.number + 1)
    undone = 0
    for table in FROM_LOGS:
        gone = connection.execute(delete(table).where(table.c.pos >= first)).rowcount
        undone += gone if table.name == "log" else 0
    for table in (block, header):
        connection.execute(delete(table).where(table.c.number > place.number))
    connection.execute(
        update(cursor).values(block=place.number, hash=place.hash, timestamp=place.timestamp)
    )
    return undone


def _row(each: Block) -> Row:
    return each.number, each.hash, each.parent_hash, each.timestamp


def _origin(connection: Connection, hash_of: Callable[[int], bytes | None]) -> Place:
    text = connection.execute(select(meta.c.value).where(meta.c.key == "origin")).scalar_one()
    number, digits = json.loads(text)
    if hash_of(number) != bytes.fromhex(digits):
        raise _another_chain("origin", digits, "another block")
    return Place(number, bytes.fromhex(digits), 0)


def _another_chain(key: str, stored: str | None, given: str) -> ConfigError:
    return ConfigError(
        f"the ledger is of another chain or deployment: its {key} is {stored}, not {given}",
        field=key,
        value=given,
        rule=f"the ledger was built for {stored}",
        remedy="name another database, or remove this one; it is rebuilt from the chain",
    )
