"""What wallets and participants stand at as of any block or time: units, accrual, payments, and what is in the way.

| figure | what it is, minor units |
|---|---|
| accrued | all that the wallet ever earned in the series |
| paid | what was paid of it |
| claimable | accrued − paid, equal to the contract's `claimable` |
| withheld | claimable while the wallet is unknown, frozen or its identity check has run out; else 0 |
| arrears | the wallet's share, by units of the supply, of what the waterfall was short of and still owes the series |

Arrears are no claim yet: they become one as receipts come in, of whoever holds the units then, and end when the
series is closed. Every figure is a
function of the rows before a position, so it is the same whenever it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select

from usufruct.ledger.accounts import claimable, earned
from usufruct.ledger.models import (
    registration,
    rules,
    series_event,
    settlement,
    transfer,
    wallet,
)
from usufruct.ledger.moments import At
from usufruct.ledger.reads.holders import (
    HOLDERS_WITH_UNITS,
    WALLET_ID,
    holders_in_order,
    holding_of,
    holdings_in_order,
)
from usufruct.ledger.reads.standing import STANDING, STANDING_OF_SOME

__all__ = [
    "WHOLE",
    "Part",
    "Position",
    "part_of",
    "positions_of_participant",
    "positions_of_series",
    "positions_of_wallet",
    "sort_key",
]

_ALL: Final = 1 << 40
_DAY: Final = 86_400
_SOME: Final = 500
"""Wallets whose standing is asked for at once: databases bound what a statement binds."""
_SERIES_BITS: Final = 32


class Part(NamedTuple):
    """Which part of a list of positions, in which order."""

    limit: int = _ALL
    after: int = 0
    """In the list's own order: number of the series, or the wallet, that it goes on after."""
    order: str | None = None
    """Units or paid, with a minus before it for the greatest first; None for the list's own."""
    start: tuple[int, int] | None = None
    """In an order: `sort_value` and `sort_key` of the position that it goes on after."""


WHOLE: Final = Part()
"""All of a list, in its own order."""


@dataclass(frozen=True, slots=True)
class Position:
    """One wallet in one series; figures as in the table above."""

    series: str
    """Slug of the series."""
    wallet: bytes
    series_number: int
    wallet_number: int
    symbol: str
    series_address: bytes
    series_decimals: int
    stream: int | None
    """None for units of a fund."""
    units: int
    accrued: int
    paid: int
    claimable: int
    withheld: int
    arrears: int

    @property
    def slug(self) -> str:
        """The series' name in ids."""
        return self.series

    @property
    def sort_key(self) -> int:
        """What tells positions apart in every list: wallet, then series."""
        return sort_key(self.wallet_number, self.series_number)

    def sort_value(self, order: str) -> int:
        """What it is sorted by in an order."""
        return self.paid if order.removeprefix("-") == "paid" else self.units


def sort_key(wallet_number: int, series_number: int) -> int:
    """The key of a wallet's position in a series."""
    return wallet_number << _SERIES_BITS | series_number


def positions_of_wallet(
    connection: Connection, address: bytes, at: At, part: Part = WHOLE
) -> list[Position]:
    """What a wallet holds or held, in the order of the series' creation or another."""
    number = connection.execute(WALLET_ID, {"address": address}).scalar()
    if number is None:
        return []
    query = holdings_in_order(order=part.order, begun=part.start is not None)
    values = {"wallet": number, "end": at.end, "limit": part.limit}
    standing = connection.execute(STANDING, values).all()
    place = {"after": part.after} | _begun(part, by_wallet=False)
    rows = connection.execute(query, values | place).all()
    return _positions(connection, rows, _payable(standing, at), at)


def positions_of_series(
    connection: Connection, number: int, at: At, part: Part = WHOLE
) -> list[Position]:
    """The holders of a series, in the order of their first appearance or another."""
    query = (
        HOLDERS_WITH_UNITS
        if part.order is None
        else holders_in_order(order=part.order, begun=part.start is not None)
    )
    values = {"series": number, "end": at.end, "limit": part.limit, "after": part.after}
    rows = connection.execute(query, values | _begun(part, by_wallet=True)).all()
    standing = [
        each
        for start in range(0, len(rows), _SOME)
        for each in connection.execute(
            STANDING_OF_SOME,
            {"end": at.end, "wallets": [row.wallet_id for row in rows[start : start + _SOME]]},
        )
    ]
    return _positions(connection, rows, _payable(standing, at), at)


def positions_of_participant(
    connection: Connection, participant: int, at: At
) -> list[Position] | None:
    """The positions of all wallets that are registered to a participant at that moment, by wallet.

    None where no wallet is.
    """
    values = {"participant": participant, "end": at.end}
    wallets = connection.execute(_WALLETS, values).all()
    if not wallets:
        return None
    return [each for row in wallets for each in positions_of_wallet(connection, row.address, at)]


def part_of(found: Sequence[Position], part: Part) -> list[Position]:
    """A part of positions that are all at hand, by wallet; `part.after` is the key that it goes on after."""
    order = part.order
    if order is None:
        return [each for each in found if each.sort_key > part.after][: part.limit]
    down = order.startswith("-")

    def place(each: Position) -> tuple[int, int]:
        return each.sort_value(order), each.sort_key

    start = part.start
    left = [
        each
        for each in found
        if start is None or (place(each) < start if down else place(each) > start)
    ]
    return sorted(left, key=place, reverse=down)[: part.limit]


def _begun(part: Part, *, by_wallet: bool) -> dict[str, int]:
    """What a sorted statement binds: one of a wallet has the series as its key, one of a series the wallet."""
    if part.start is None:
        return {}
    value, key = part.start
    own = key >> _SERIES_BITS if by_wallet else key & (1 << _SERIES_BITS) - 1
    return {"sort_value": value, "sort_key": own}


def _positions(
    connection: Connection, rows: Iterable[Row[Any]], payable: Container[int], at: At
) -> list[Position]:
    owed: dict[int, tuple[int, int]] = {}
    found = []
    for row in rows:
        if row.series_id not in owed:
            owed[row.series_id] = _owed(connection, row, at.end)
        arrears, issued = owed[row.series_id]
        held, acc, supply = holding_of(row), row.acc or 0, row.supply or 0
        due = claimable(held, acc, supply)
        found.append(
            Position(
                series=row.slug,
                wallet=bytes(row.wallet),
                series_number=row.series_id,
                wallet_number=row.wallet_id,
                symbol=row.symbol,
                series_address=bytes(row.series_address),
                series_decimals=row.series_decimals,
                stream=row.stream,
                units=held.units,
                accrued=earned(held, acc, supply),
                paid=held.paid,
                claimable=due,
                withheld=0 if row.wallet_id in payable else due,
                arrears=arrears * held.units // issued if issued else 0,
            )
        )
    return found


def _payable(standing: Iterable[Row[Any]], at: At) -> set[int]:
    """Wallets that the registry lets be paid at that moment."""
    today = at.time // _DAY
    return {
        row.wallet
        for row in standing
        if row.kyc_until is not None and not row.frozen and row.kyc_until >= today
    }


def _owed(connection: Connection, row: Row[Any], end: int) -> tuple[int, int]:
    """What the waterfall still owes a series, and the units issued, which it is owed to."""
    values = {"series": row.series_id, "stream": row.stream, "end": end}
    issued = int(connection.execute(_ISSUED, values).scalar() or 0)
    last = connection.execute(_LAST_SETTLEMENT, values).first()
    if last is None or connection.execute(_CLOSED, values).first():
        return 0, issued
    steps, lines = json.loads(last.content)["steps"], json.loads(last.lines)
    payee = "0x" + bytes(row.series_address).hex()
    # Steps that share an account pay the same payee; its balance is that of the last of them.
    balances = {
        step["account"]: int(line["balance"])
        for step, line in zip(steps, lines, strict=True)
        if step["account"] and step["to_series"] and step["payee"].lower() == payee
    }
    return sum(balances.values()), issued


_newer = registration.alias("newer")
_WALLETS: Final = (
    select(wallet.c.address)
    .join_from(registration, wallet, wallet.c.id == registration.c.wallet)
    .where(
        registration.c.participant == bindparam("participant"),
        registration.c.pos
        == select(func.max(_newer.c.pos))
        .where(_newer.c.wallet == registration.c.wallet, _newer.c.pos < bindparam("end"))
        .scalar_subquery(),
    )
    .order_by(wallet.c.id)
)
_ISSUED: Final = select(func.sum(transfer.c.units)).where(
    transfer.c.series == bindparam("series"),
    transfer.c.sender.is_(None),
    transfer.c.pos < bindparam("end"),
)
_CLOSED: Final = select(series_event.c.pos).where(
    series_event.c.series == bindparam("series"),
    series_event.c.kind == "closed",
    series_event.c.pos < bindparam("end"),
)
_LAST_SETTLEMENT: Final = (
    select(settlement.c.lines, rules.c.content)
    .join_from(
        settlement,
        rules,
        (rules.c.stream == settlement.c.stream) & (rules.c.version == settlement.c.rules_version),
    )
    .where(settlement.c.stream == bindparam("stream"), settlement.c.pos < bindparam("end"))
    .order_by(settlement.c.pos.desc())
    .limit(1)
)
