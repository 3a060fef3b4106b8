"""Funds: whose units they are, what they hold, and what they were paid."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from usufruct.ledger.models import distribution, fund, holder, payment, payout, series, wallet
from usufruct.ledger.reads.rows import placed, when

__all__ = ["DUST", "FUND_OF_SERIES", "HELD_OF_FUND", "PAID_TO_FUND"]

FUND_OF_SERIES: Final = (
    select(fund.c.wallet.label("wallet_id"), wallet.c.address, fund.c.level)
    .join_from(fund, wallet, wallet.c.id == fund.c.wallet)
    .where(fund.c.series == bindparam("series"), fund.c.pos < bindparam("end"))
)
"""The fund whose units are :series, if it was opened before the position :end."""

_owner = wallet.alias("owner")
HELD_OF_FUND: Final = (
    select(fund.c.series)
    .join_from(fund, wallet, wallet.c.id == fund.c.wallet)
    .join(holder, holder.c.series == fund.c.series)
    .join(_owner, _owner.c.id == holder.c.wallet)
    .where(wallet.c.address == bindparam("fund"), _owner.c.address == bindparam("holder"))
)
"""The units of the fund at :fund, if the wallet at :holder has held any."""

_earlier = distribution.alias("earlier")
PAID_TO_FUND: Final = (
    placed(
        select(
            payment.c.amount,
            series.c.slug,
            series.c.symbol,
            series.c.address.label("series_address"),
            series.c.stream,
            *when(),
        )
        .join_from(payment, series, series.c.id == payment.c.series)
        .join(fund, fund.c.wallet == payment.c.wallet),
        payment.c.pos,
    )
    .where(
        fund.c.series == bindparam("series"),
        payment.c.pos < bindparam("before"),
        payment.c.pos
        > func.coalesce(
            select(func.max(_earlier.c.pos))
            .where(_earlier.c.series == bindparam("series"), _earlier.c.pos < bindparam("before"))
            .scalar_subquery(),
            -1,
        ),
    )
    .order_by(payment.c.pos)
)
"""What the fund with the units :series was paid between its last distribution and the one at position :before."""

DUST: Final = select(
    select(func.coalesce(func.sum(distribution.c.amount), 0))
    .where(distribution.c.series == bindparam("series"), distribution.c.pos < bindparam("end"))
    .scalar_subquery()
    .label("distributed"),
    select(func.coalesce(func.sum(payout.c.amount), 0))
    .join_from(payout, distribution, distribution.c.pos == payout.c.pos)
    .where(distribution.c.series == bindparam("series"), distribution.c.pos < bindparam("end"))
    .scalar_subquery()
    .label("accrued"),
    select(func.count(func.distinct(payout.c.wallet)))
    .join_from(payout, distribution, distribution.c.pos == payout.c.pos)
    .where(distribution.c.series == bindparam("series"), distribution.c.pos < bindparam("end"))
    .scalar_subquery()
    .label("accounts"),
)
"""What :series was paid before the position :end, and what of it whole minor units of its holders are."""
