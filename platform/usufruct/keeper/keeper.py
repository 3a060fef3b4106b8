"""One round of the keeper: settle every stream, pay every series, end those that are over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import Row, select

from usufruct.contracts import Address, address, revenue_right
from usufruct.errors import ConfigError
from usufruct.keeper.backoff import Backoff
from usufruct.keeper.lifecycle import end_series
from usufruct.keeper.owed import withdraw_owed
from usufruct.keeper.push import PAGE, Right, as_addresses, push_series
from usufruct.keeper.settle import settle_stream
from usufruct.keeper.site import KeeperSite, Outcome, Stream
from usufruct.ledger.accounts import claimable
from usufruct.ledger.database import Database
from usufruct.ledger.models import owed, series, stream
from usufruct.ledger.reads.holders import HOLDERS, holding_of
from usufruct.ledger.reads.places import CURSOR
from usufruct.ledger.types import first_position

__all__ = ["Keeper"]

_ALL: Final = 1 << 40
_LOOK: Final = 0.2
_logger = structlog.get_logger(__name__)


class Keeper:
    """Settles and pays, with the ledger telling who may be owed something and the chain deciding.

    `patience` counts seconds to wait for the ledger to take in a settlement before paying; the ledger is only read.
    `redeem` says whether series that are over are closed and their holders redeemed. `backoff` remembers from round to
    round who cannot be paid.

    Attributes:
        backoff: Who cannot be paid, and when they are asked for again.
    """

    def __init__(
        self,
        site: KeeperSite,
        ledger: Database,
        *,
        page: int = PAGE,
        patience: float = 0.0,
        redeem: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        self._site = site
        self._ledger = ledger
        self._page = page
        self._patience = patience
        self._redeem = redeem
        self.backoff = backoff or Backoff()

    def round(self) -> Iterator[Outcome]:
        """Does what can be done now and tells it as it happens.

        Raises:
            ChainError: The node failed; what was done stays done.
            ConfigError: The ledger was never filled.
        """
        for each in self.streams():
            yield from settle_stream(self._site, each)
        late = self._await_ledger()
        if late is not None:
            yield late
        yield from withdraw_owed(self._site, self.payees())
        for number, right in self.rights():
            candidates = self.candidates(number, right)
            yield from push_series(self._site, right, candidates, self._page, self.backoff)
            if self._redeem:
                yield from end_series(self._site, right, self._holders(number))

    def streams(self) -> list[Stream]:
        """All streams of the ledger; ConfigError if it was never filled."""
        self._ledger.require()
        with self._ledger.read() as connection:
            if connection.execute(CURSOR).first() is None:
                raise _empty(self._ledger)
            rows = connection.execute(select(stream.c.id, stream.c.code).order_by(stream.c.id))
            return [Stream(*row) for row in rows]

    def rights(self) -> list[tuple[int, Right]]:
        """All series with their numbers in the ledger."""
        with self._ledger.read() as connection:
            query = select(series.c.id, series.c.symbol, series.c.address).order_by(series.c.id)
            return [
                (number, Right(symbol, address(raw)))
                for number, symbol, raw in connection.execute(query)
            ]

    def _await_ledger(self) -> Outcome | None:
        """Waits for the ledger to reach the chain's newest block, so that no holder is missing."""
        head = self._site.client.block_number()
        deadline = time.monotonic() + self._patience
        while (at := self._indexed()) < head:
            if time.monotonic() >= deadline:
                text = f"the ledger is at block {at} of {head}; newer holders are paid in a later round"
                return Outcome("late", text, {"indexed": at, "head": head})
            time.sleep(_LOOK)
        return None

    def _indexed(self) -> int:
        with self._ledger.read() as connection:
            row = connection.execute(CURSOR).one()
            return int(row.block)

    def payees(self) -> list[Address]:
        """Everybody to whom a payment of the waterfall ever failed."""
        with self._ledger.read() as connection:
            rows = connection.execute(select(owed.c.payee).distinct().order_by(owed.c.payee))
            return as_addresses([payee for (payee,) in rows])

    def _holders(self, number: int) -> Sequence[Address]:
        """Who holds units of a series, as the ledger has it."""
        return as_addresses([row.wallet for row in self._positions(number) if row.units])

    def candidates(self, number: int, right: Right) -> Sequence[Address]:
        """Wallets that may have something to claim.

        Where the ledger has the same accumulator as the chain its own figures choose; else everybody who ever held
        units is asked about.
        """
        acc = self._site.client.call(right.contract, revenue_right.state()).acc
        return as_addresses(
            [
                row.wallet
                for row in self._positions(number)
                if (row.acc or 0) != acc or claimable(holding_of(row), acc, row.supply or 0)
            ]
        )

    def _positions(self, number: int) -> Sequence[Row[Any]]:
        """Accounts of everybody who ever held units of a series."""
        with self._ledger.read() as connection:
            end = first_position(int(connection.execute(CURSOR).one().block) + 1)
            values = {"series": number, "after": 0, "end": end, "limit": _ALL}
            return connection.execute(HOLDERS, values).all()


def _empty(ledger: Database) -> ConfigError:
    return ConfigError(
        "the ledger is empty",
        field="database",
        value=ledger.url.render_as_string(hide_password=True),
        rule="the index must have seen the deployment",
        remedy="start usufruct serve with the same database first",
    )
