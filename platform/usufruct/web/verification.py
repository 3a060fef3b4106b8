"""What the payout page hands to the verifying module in the reader's browser."""

from __future__ import annotations

import json

from usufruct.api.moment import Moment
from usufruct.api.render import Json
from usufruct.ledger.reads.statements import SIGNERS_AT
from usufruct.ledger.types import position

__all__ = ["NAMES", "verification"]

NAMES = {
    "currency": "SettlementCurrency",
    "series_factory": "SeriesFactory",
    "waterfall": "Waterfall",
    "statement_book": "StatementBook",
    "stream_registry": "StreamRegistry",
    "telemetry_anchor": "TelemetryAnchor",
}
"""Contracts of a proof by their names in the deployment."""


async def verification(moment: Moment, story: Json) -> Json:
    """Where the proof is, and what this site says of contracts and signers."""
    contracts = moment.service.contracts
    return {
        "proof": story["proof"],
        "rpc": moment.service.reader_rpc,
        "pins": {
            "chain_id": moment.service.chain_id,
            "contracts": {name: contracts[known] for name, known in NAMES.items()}
            | {"series": story["series"]["address"]},
        },
        "signers": await _signers(moment, story),
    }


async def _signers(moment: Moment, story: Json) -> Json | None:
    """The signer table in force where the statement was attested, as the ledger has it."""
    if story["statement"] is None:
        return None
    attested = story["statement"]["attested"]
    end = position(attested["block"], attested["log_index"])
    row = await moment.row(SIGNERS_AT, end=end)
    return row and {"table": json.loads(row.members), "threshold": row.threshold}
