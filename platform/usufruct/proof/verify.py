"""Checks a payout proof link by link against a chain, and names the first broken one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from usufruct.chain.client import ChainClient, RpcError, revert_of
from usufruct.contracts import ContractError, DecodeError, EncodeError
from usufruct.errors import EvidenceError, InputError
from usufruct.proof import correction_link, evidence_links, holder_link, money_links
from usufruct.proof.context import Context
from usufruct.proof.model import Proof

C = TypeVar("C")

LINKS: tuple[tuple[str, Callable[[Context], str]], ...] = (
    ("chain", money_links.chain),
    ("distribution", money_links.distribution),
    ("payout", holder_link.payout),
    ("settlement", money_links.settlement),
    ("statement", evidence_links.statement),
    ("batches", evidence_links.batches),
    ("lines", evidence_links.lines),
    ("corrections", correction_link.corrections),
    ("readings", evidence_links.readings),
)
"""The links in the order of checking, from the payout down to the readings."""


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one link.

    Attributes:
        name: Name of the link.
        ok: True, False, or None if an earlier link is broken and this one was not reached.
        detail: What was found, or what is wrong.
    """

    name: str
    ok: bool | None
    detail: str


def verify(
    proof: Proof,
    client: ChainClient,
    *,
    pins: dict[str, str] | None = None,
    from_block: int = 0,
) -> list[Check]:
    """Check every link; after the first broken one the rest is "not reached".

    Args:
        proof: The parsed file.
        client: The chain.
        pins: Contract addresses the reader trusts, by their names in the file.
        from_block: First block in which the contracts may have events, as the reader knows it.

    Raises:
        ChainError: The node cannot be reached; that says nothing about the proof.
    """
    return check_links(LINKS, Context(proof, client, pins or {}, from_block))


def check_links(links: Sequence[tuple[str, Callable[[C], str]]], context: C) -> list[Check]:
    """The results of links in their order; a link raises EvidenceError or InputError where it is broken."""
    checks: list[Check] = []
    for name, link in links:
        if checks and checks[-1].ok is not True:
            checks.append(Check(name, None, "not reached"))
            continue
        try:
            checks.append(Check(name, True, link(context)))
        except (EvidenceError, InputError) as error:
            checks.append(Check(name, False, error.one_line()))
        except (ContractError, DecodeError, EncodeError, RpcError) as error:
            if isinstance(error, RpcError) and not revert_of(error):
                raise  # the node failed, which says nothing about the file
            checks.append(
                Check(name, False, f"the chain does not hold what the file claims: {error}")
            )
    return checks


def holds(checks: list[Check]) -> bool:
    """True if every link holds."""
    return all(check.ok for check in checks)
