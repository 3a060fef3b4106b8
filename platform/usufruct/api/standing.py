"""What a wallet holds, and whether the registry stands in the way of a payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from usufruct.api.moment import Moment
from usufruct.api.render import Json, rfc3339
from usufruct.ledger.reads.holders import HOLDINGS_OF_WALLET
from usufruct.ledger.reads.standing import STANDING
from usufruct.ledger.types import first_position

__all__ = ["positions", "withheld"]

_DAY: Final = 86_400


async def positions(
    moment: Moment, wallet: int | None, after: int, limit: int, block: int | None = None
) -> Sequence[Row[Any]]:
    """Holdings of a wallet (its ledger number; None for one never seen) in series above `after`, as of a block."""
    if wallet is None:
        return []
    end = moment.end if block is None else first_position(block + 1)
    return await moment.rows(HOLDINGS_OF_WALLET, wallet=wallet, after=after, end=end, limit=limit)


async def withheld(moment: Moment, wallet: int | None) -> Json | None:
    """Why the registry would withhold a payment at the moment, None if it would not."""
    row = await moment.row(STANDING, wallet=wallet or 0, end=moment.end)
    if row is None or row.kyc_until is None:
        return {
            "reason": "unknown",
            "detail": "The registry does not know this wallet.",
            "until": None,
            "remedy": "ask the registrar to admit it",
        }
    if row.frozen:
        return {
            "reason": "frozen",
            "detail": "The wallet is frozen. What it earns stays with it and is paid after its release.",
            "until": None,
            "remedy": "ask the registrar; the order's hash is in the WalletFrozen event",
        }
    if row.kyc_until < moment.time // _DAY:
        last = datetime.fromtimestamp(0, UTC) + timedelta(days=row.kyc_until)
        return {
            "reason": "identity-check-expired",
            "detail": f"The identity check was valid until {last.date().isoformat()}.",
            "until": rfc3339(int(last.timestamp())),
            "remedy": "renew the check with the registrar; what was earned stays with the wallet",
        }
    return None
