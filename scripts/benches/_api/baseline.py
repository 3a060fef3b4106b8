"""The payouts of a holder as an application with an ORM gives them: mapped classes, one session a request."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, relationship

from usufruct.ledger import models as m

router = APIRouter(prefix="/baseline")


class Base(DeclarativeBase):
    """Base of the mapped classes."""


class Wallet(Base):
    """A wallet."""

    __table__ = m.wallet


class Series(Base):
    """A series."""

    __table__ = m.series


class Log(Base):
    """A log."""

    __table__ = m.log


class Distribution(Base):
    """A distribution."""

    __table__ = m.distribution


class Payout(Base):
    """A payout with what it belongs to."""

    __table__ = m.payout
    owner: Mapped[Wallet] = relationship(
        primaryjoin=m.payout.c.wallet == m.wallet.c.id,
        foreign_keys=m.payout.c.wallet,
        viewonly=True,
    )
    of_series: Mapped[Series] = relationship(
        primaryjoin=m.payout.c.series == m.series.c.id,
        foreign_keys=m.payout.c.series,
        viewonly=True,
    )
    of: Mapped[Distribution] = relationship(
        primaryjoin=m.payout.c.pos == m.distribution.c.pos,
        foreign_keys=m.payout.c.pos,
        viewonly=True,
    )
    at: Mapped[Log] = relationship(
        primaryjoin=m.payout.c.pos == m.log.c.pos, foreign_keys=m.payout.c.pos, viewonly=True
    )


class PayoutOut(BaseModel):
    """What is answered: less than the product answers, which adds payments and times."""

    wallet: str
    series: str
    symbol: str
    number: int
    period: int
    units: str
    amount: str
    block: int
    transaction: str


@lru_cache
def _engine(url: str) -> Engine:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def _session(request: Request) -> Any:
    with Session(_engine(request.app.state.baseline)) as session:
        yield session


@router.get("/wallets/{address}/payouts")
def payouts(address: str, session: Annotated[Session, Depends(_session)]) -> list[PayoutOut]:
    """Payouts of a wallet, newest first."""
    query = (
        select(Payout)
        .join(Payout.owner)
        .where(m.wallet.c.address == bytes.fromhex(address[2:]))
        .options(
            *(joinedload(each) for each in (Payout.owner, Payout.of_series, Payout.of, Payout.at))
        )
        .order_by(m.payout.c.pos.desc())
        .limit(50)
    )
    return [_out(each) for each in session.scalars(query)]


def _out(row: Any) -> PayoutOut:
    return PayoutOut(
        wallet="0x" + row.owner.address.hex(),
        series="0x" + row.of_series.address.hex(),
        symbol=row.of_series.symbol,
        number=row.of.number,
        period=row.of.period,
        units=str(row.units),
        amount=str(row.amount),
        block=row.at.block,
        transaction="0x" + row.at.tx_hash.hex(),
    )
