"""What a proof says where evidence is not in the ledger yet."""

from __future__ import annotations

from usufruct.errors import EvidenceError


def missing(what: str) -> EvidenceError:
    """The error for a piece of evidence that is not here."""
    return EvidenceError(
        f"the evidence of {what} is not here yet",
        field="proof",
        value=what,
        rule="a proof holds only evidence that was checked against the chain",
        remedy="try again once a worker has handed it over; /v1/statements shows what is there",
    )
