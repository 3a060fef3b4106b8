"""What the projection must remember between logs: numbers of wallets and series, and all accounts.

It is a cache of the ledger: loaded when the index starts and after every undo, never a source of truth.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, func, select

from usufruct.ledger.accounts import Holding, SeriesBook
from usufruct.ledger.ids import Slugs
from usufruct.ledger.models import (
    checkpoint,
    distribution,
    holder,
    kept,
    offering,
    offering_event,
    record,
    series,
    series_event,
    signers,
    subscriber,
    transfer,
    wallet,
)
from usufruct.ledger.offerings import OfferingBook

__all__ = ["SignerTable", "State", "load_state"]


@dataclass(frozen=True, slots=True)
class SignerTable:
    """A scheduled table of oracle signers."""

    members: tuple[str, ...]
    threshold: int
    active_from: int


@dataclass(slots=True)
class State:
    """Numbers and accounts as of the cursor."""

    wallets: dict[bytes, int] = field(default_factory=dict)
    series: dict[bytes, int] = field(default_factory=dict)
    slugs: Slugs = field(default_factory=Slugs)
    books: dict[int, SeriesBook] = field(default_factory=dict)
    holders: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Whoever held units of a series at any time."""
    words: dict[bytes, int | None] = field(default_factory=dict)
    """Wallets by the topic that names them; None is nobody."""
    signers: SignerTable | None = None
    offerings: dict[int, OfferingBook] = field(default_factory=dict)
    subscribers: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Whoever subscribed to an offering at any time."""


def load_state(connection: Connection) -> State:
    """The state that the rows in the ledger amount to."""
    state = State()
    state.wallets = {
        address: id_ for id_, address in connection.execute(select(wallet.c.id, wallet.c.address))
    }
    known = connection.execute(select(series.c.id, series.c.address, series.c.slug)).all()
    for id_, address, _ in known:
        state.series[address] = id_
        state.books[id_] = SeriesBook()
    state.slugs = Slugs(slug for _, _, slug in known)
    _load_supply(connection, state)
    _load_records(connection, state)
    _load_holdings(connection, state)
    _load_offerings(connection, state)
    state.signers = _last_signers(connection)
    return state


def _load_supply(connection: Connection, state: State) -> None:
    issued = select(transfer.c.series, transfer.c.units).where(transfer.c.sender.is_(None))
    for id_, units in connection.execute(issued):
        state.books[id_].supply += units
    newest = (
        select(distribution.c.series, func.max(distribution.c.pos).label("pos"))
        .group_by(distribution.c.series)
        .subquery()
    )
    last = select(
        distribution.c.series,
        distribution.c.acc_after,
        distribution.c.supply,
        distribution.c.number,
    ).join(newest, newest.c.pos == distribution.c.pos)
    for id_, acc, supply, number in connection.execute(last):
        book = state.books[id_]
        book.acc, book.supply, book.distributions = acc, supply, number


def _load_records(connection: Connection, state: State) -> None:
    """The record dates of periods that may still be paid, and the units kept for them."""
    paid = (
        select(func.max(distribution.c.period))
        .where(distribution.c.series == record.c.series)
        .scalar_subquery()
    )
    closed = (
        select(series_event.c.pos)
        .where(series_event.c.series == record.c.series, series_event.c.kind == "closed")
        .exists()
    )
    open_records = (
        select(record.c.series, record.c.period, record.c.at)
        .where(record.c.period > func.coalesce(paid, 0), ~closed)
        .order_by(record.c.pos)
    )
    for id_, period, at in connection.execute(open_records):
        state.books[id_].schedule(period, at)
    units = select(kept.c.series, kept.c.period, kept.c.wallet, kept.c.units).order_by(kept.c.pos)
    for id_, period, wallet_id, count in connection.execute(units):
        if period in state.books[id_].records:
            state.books[id_].records[period].units[wallet_id] = count


def _load_holdings(connection: Connection, state: State) -> None:
    inner = checkpoint.alias()
    newest = (
        select(func.max(inner.c.pos))
        .where(inner.c.series == holder.c.series, inner.c.wallet == holder.c.wallet)
        .scalar_subquery()
    )
    query = select(
        holder.c.series,
        holder.c.wallet,
        checkpoint.c.units,
        checkpoint.c.numerator,
        checkpoint.c.acc,
        checkpoint.c.paid,
    ).join_from(
        holder,
        checkpoint,
        and_(
            checkpoint.c.series == holder.c.series,
            checkpoint.c.wallet == holder.c.wallet,
            checkpoint.c.pos == newest,
        ),
    )
    for series_id, wallet_id, *account in connection.execute(query):
        state.books[series_id].holdings[wallet_id] = Holding(*account)
        state.holders[series_id].add(wallet_id)


def _load_offerings(connection: Connection, state: State) -> None:
    """The sums of offerings, and the subscriptions that stand."""
    for id_, price in connection.execute(select(offering.c.id, offering.c.price)):
        state.offerings[id_] = OfferingBook(price)
    last = select(func.max(offering_event.c.pos)).group_by(offering_event.c.offering)
    columns = (offering_event.c.offering, offering_event.c.subscribed, offering_event.c.placed)
    for id_, subscribed, placed in connection.execute(
        select(*columns).where(offering_event.c.pos.in_(last))
    ):
        state.offerings[id_].subscribed, state.offerings[id_].placed = subscribed, placed
    for id_, wallet_id in connection.execute(select(subscriber.c.offering, subscriber.c.wallet)):
        state.subscribers[id_].add(wallet_id)
    newest = select(func.max(offering_event.c.pos)).group_by(
        offering_event.c.offering, offering_event.c.wallet
    )
    standing = select(
        offering_event.c.offering, offering_event.c.wallet, offering_event.c.standing
    ).where(offering_event.c.pos.in_(newest), offering_event.c.kind == "subscribed")
    for id_, wallet_id, units in connection.execute(standing):
        state.offerings[id_].restore(wallet_id, units)


def _last_signers(connection: Connection) -> SignerTable | None:
    row = connection.execute(select(signers).order_by(signers.c.pos.desc()).limit(1)).first()
    if row is None:
        return None
    return SignerTable(tuple(json.loads(row.members)), row.threshold, row.active_from)
