"""One sentence and one remedy for every error that the contracts declare, by its Solidity
signature.

Fields stand in braces under the names of the generated bindings. A conversion after `!` makes them
readable: t time, m money, p percentage, f text in 32 bytes, h shortened hash, r refusal, s status.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from usufruct.chain.sentences.access import ACCESS, OFFICES
from usufruct.chain.sentences.compliance import COMPLIANCE
from usufruct.chain.sentences.disputes import DISPUTES
from usufruct.chain.sentences.machine import MACHINE
from usufruct.chain.sentences.market import FUNDS, MARKET
from usufruct.chain.sentences.money import MONEY
from usufruct.chain.sentences.rights import PEOPLE, RIGHTS
from usufruct.chain.sentences.statements import STATEMENTS, TELEMETRY
from usufruct.chain.sentences.votes import GATE, VOTES

__all__ = ["REFUSALS", "SENTENCES", "STATUSES"]

SENTENCES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    ACCESS
    | OFFICES
    | VOTES
    | GATE
    | PEOPLE
    | TELEMETRY
    | STATEMENTS
    | RIGHTS
    | COMPLIANCE
    | MONEY
    | MARKET
    | FUNDS
    | DISPUTES
    | MACHINE
)
"""Sentence and remedy by signature."""

REFUSALS: Final = (
    "no reason",
    "transfers of the series are paused",
    "the sender's wallet is frozen",
    "the sender's wallet is locked up",
    "the recipient's wallet is frozen",
    "the recipient's wallet is not registered",
    "the recipient's identity check has expired",
    "the recipient's country is not allowed",
    "the recipient's investor class is not allowed",
    "a holding would fall below the minimum ticket",
    "the sender has fewer units",
    "the series is locked up",
    "the series is not sealed yet",
    "the sender's identity check has expired",
    "the currency rejects the payment",
    "the spender's wallet is frozen",
    "the series is closed",
    "an order holds units of the sender",
    "as many participants hold units as may",
    "as many participants of the recipient's country hold units as may",
    "the transfer window is closed",
    "the filing of the series is not recorded or has not cooled off",
    "the jurisdiction allows evidence only",
    "the compliance contract refuses",
)
"""IRevenueRight.Refusal in words, by number."""

STATUSES: Final = ("not attested", "attested", "disputed", "voided", "settled")
"""IStatementBook.Status in words, by number."""
