"""What is behind a wallet's units: for each series it holds, itself or through funds, the share of that series' income.

A step from units to a share is ⌊units · 10¹⁸ / units issued⌋, as income is divided by what was issued, and shares
along funds are multiplied as ⌊share · share / 10¹⁸⌋ (protocol §14), equal to the fund's own `exposures` for what it
admitted. All of it is a function of the rows before a position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, func, select

from usufruct.ledger.models import transfer
from usufruct.ledger.reads.funds import FUND_OF_SERIES
from usufruct.ledger.reads.holders import HOLDINGS_OF_WALLET

__all__ = ["ONE", "Line", "lines_of"]

ONE: Final = 10**18
"""A share of all of it."""
_ALL: Final = 1 << 40
_DEEPEST: Final = 8
_ISSUED: Final = select(func.sum(transfer.c.units)).where(
    transfer.c.series == bindparam("series"),
    transfer.c.sender.is_(None),
    transfer.c.pos < bindparam("end"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One series behind a wallet's units.

    Attributes:
        row: The series, as `Renderer.series_ref` takes it.
        through: Slugs of the funds on the way, the nearest first; empty for what the wallet itself holds.
        units: Units held by the last fund on the way, or by the wallet.
        issued: All units of the series.
        share: Of the series' income, of 10¹⁸.
    """

    row: Row[Any]
    through: tuple[str, ...]
    units: int
    issued: int
    share: int


def lines_of(
    connection: Connection,
    wallet: int,
    end: int,
    *,
    share: int = ONE,
    through: tuple[str, ...] = (),
) -> list[Line]:
    """The series of streams behind what a wallet holds before a position, funds looked through, in order.

    Args:
        connection: The ledger.
        wallet: Its number.
        end: The position after everything that counts.
        share: The share of what the wallet holds that is asked about, of 10¹⁸.
        through: Slugs of the funds that lead to it.
    """
    values = {"wallet": wallet, "after": 0, "end": end, "limit": _ALL}
    found: list[Line] = []
    for row in connection.execute(HOLDINGS_OF_WALLET, values):
        named = {"series": row.series_id, "end": end}
        issued = int(connection.execute(_ISSUED, named).scalar() or 0)
        if not row.units or not issued:
            continue
        behind = share * (row.units * ONE // issued) // ONE
        fund = connection.execute(FUND_OF_SERIES, named).first()
        if fund is None or len(through) >= _DEEPEST:
            found.append(Line(row, through, row.units, issued, behind))
        else:
            way = (*through, row.slug)
            found += lines_of(connection, fund.wallet_id, end, share=behind, through=way)
    return found
