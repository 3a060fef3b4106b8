"""Payouts of units of a fund: the month that they are of, and the fund's own payouts behind them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from usufruct.api.moment import Moment
from usufruct.api.render import Json
from usufruct.ledger.reads.funds import FUND_OF_SERIES
from usufruct.ledger.reads.payouts import payouts_of_wallet

__all__ = ["behind", "in_its_month"]

_MOST: Final = 200


async def behind(moment: Moment, row: Any, income: list[Json] | None) -> list[Json] | None:
    """What the fund was paid, each payment with the payouts that it paid; None of series of streams.

    Args:
        moment: As of when.
        row: The payout of the fund's units, as the ledger has it.
        income: The payments to the fund that it passed on, as the payout's story has them.
    """
    if income is None:
        return None
    fund = await moment.row(FUND_OF_SERIES, series=row.series_id, end=moment.end)
    wallet = fund.wallet_id if fund else 0
    rows = await moment.rows(payouts_of_wallet(), wallet=wallet, before=row.pos, limit=_MOST)
    own = [moment.render.payout(each) for each in rows]
    return [
        payment | {"payouts": [each for each in own if _paid_by(each, payment)]}
        for payment in income
    ]


def _paid_by(payout: Json, payment: Json) -> bool:
    if payout["paid"] is None or payout["series"]["id"] != payment["series"]["id"]:
        return False
    return all(payout["paid"][name] == payment["paid"][name] for name in ("block", "log_index"))


def in_its_month(moment: Moment, payout: Json) -> Json:
    """The payout; one of a fund's units with the month of its period, where the project's calendar is known.

    A fund passes on in a month what it was paid until the end of the one before (PoolFund's clock).
    """
    if payout["series"]["stream"] is not None or moment.render.labels.first_period is None:
        return payout
    paid = datetime.fromisoformat(payout["payment_date"]).astimezone(moment.render.labels.timezone)
    month = f"{paid.replace(day=1) - timedelta(days=1):%Y-%m}"
    return payout | {"period": payout["period"] | {"month": month}}
