"""The indexer that one writes first: web3.py's event decoding, and an ORM object for each row.

It keeps less than the ledger does: events and the balances of now, no accounts and no history.
"""

from __future__ import annotations

from pathlib import Path
from time import process_time

from sqlalchemy import BigInteger, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from web3 import HTTPProvider, Web3
from web3.types import EventData

from usufruct.contracts import revenue_right as rr
from usufruct.contracts._runtime import artifact

__all__ = ["plain"]

_RANGE = 50


class _Base(DeclarativeBase):
    pass


class _Event(_Base):
    __tablename__ = "event"
    block: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[str]
    name: Mapped[str]
    holder: Mapped[str] = mapped_column(index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    tx_hash: Mapped[str]


class _Balance(_Base):
    __tablename__ = "balance"
    series: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger, default=0)


def plain(url: str, folder: Path, blocks: int) -> tuple[int, float]:
    """Takes in the first `blocks` blocks; returns events and seconds of CPU time."""
    w3 = Web3(HTTPProvider(url))
    events = w3.eth.contract(abi=artifact("usufruct.contracts", "RevenueRight").abi).events
    kinds = {
        rr.Transfer.TOPIC: events.Transfer(),
        rr.FundsWithdrawn.TOPIC: events.FundsWithdrawn(),
        rr.Distributed.TOPIC: events.Distributed(),
    }
    engine = create_engine(f"sqlite:///{folder / 'plain.db'}")
    _Base.metadata.create_all(engine)
    began, found = process_time(), 0
    with Session(engine) as session:
        for first in range(1, blocks + 1, _RANGE):
            last = min(first + _RANGE - 1, blocks)
            for log in w3.eth.get_logs({"fromBlock": first, "toBlock": last}):
                kind = kinds.get(bytes(log["topics"][0]))
                if kind is not None:
                    _take(session, kind.process_log(log))
                    found += 1
            session.commit()
    used = process_time() - began
    engine.dispose()
    return found, used


def _take(session: Session, event: EventData) -> None:
    values, series = event["args"], event["address"]
    holder = values.get("to") or values.get("by") or ""
    amount = values.get("value") or values.get("fundsWithdrawn") or values.get("amount") or 0
    session.add(
        _Event(
            block=event["blockNumber"],
            log_index=event["logIndex"],
            series=series,
            name=event["event"],
            holder=holder,
            amount=amount,
            tx_hash=event["transactionHash"].hex(),
        )
    )
    if event["event"] == "Transfer":
        for account, units in ((values["from"], -amount), (values["to"], amount)):
            balance = session.get(_Balance, (series, account))
            if balance is None:
                balance = _Balance(series=series, holder=account, units=0)
                session.add(balance)
            balance.units += units
