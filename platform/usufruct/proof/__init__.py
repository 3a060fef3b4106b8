"""Payout proofs: building one from the ledger, checking one against nothing but a chain."""

from usufruct.proof.build import Contracts, build
from usufruct.proof.model import Proof, parse, schema
from usufruct.proof.scope import Scope
from usufruct.proof.verify import Check, holds, verify

__all__ = [
    "Check",
    "Contracts",
    "Proof",
    "Scope",
    "build",
    "holds",
    "parse",
    "schema",
    "verify",
]
