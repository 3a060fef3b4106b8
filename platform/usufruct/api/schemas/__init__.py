"""The shapes of all answers, for the OpenAPI document; tests hold the answers to them."""

from usufruct.api.schemas.common import Model, ProblemBody, ok
from usufruct.api.schemas.evidence import (
    BatchDetail,
    Batches,
    Settlement,
    Settlements,
    StatementDetail,
    Statements,
    StreamDetail,
    Streams,
    Verdicts,
)
from usufruct.api.schemas.income import (
    Claimable,
    DistributionDetail,
    Distributions,
    Holders,
    Holdings,
    PayoutDetail,
    Payouts,
    Proof,
    Records,
    Series,
    SeriesList,
)

__all__ = [
    "BatchDetail",
    "Batches",
    "Claimable",
    "DistributionDetail",
    "Distributions",
    "Holders",
    "Holdings",
    "Model",
    "PayoutDetail",
    "Payouts",
    "ProblemBody",
    "Proof",
    "Records",
    "Series",
    "SeriesList",
    "Settlement",
    "Settlements",
    "StatementDetail",
    "Statements",
    "StreamDetail",
    "Streams",
    "Verdicts",
    "ok",
]
