"""What only the chain itself can tell, asked in a thread; a problem where there is no node."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from usufruct.api.problems import Problem
from usufruct.api.service import Service
from usufruct.api.turns import Turns
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, Call, address

__all__ = ["asked", "contract_of", "transaction"]

R = TypeVar("R")


async def asked(
    service: Service, work: Callable[[ChainClient], R], turns: Turns | None = None
) -> R:
    """What `work` finds out; ChainError if the node fails, Problem if too many ask it already.

    It waits among the questions to the node, or in `turns` of its own. Whoever asks holds no moment of the ledger: a
    node may be slow.
    """
    node = service.chain
    if node is None:
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "chain-unavailable",
            "This service has no node to ask.",
            remedy="ask a service that was started with --rpc",
        )
    return await (turns or service.questions).of(lambda: work(node))


def contract_of(service: Service, name: str) -> Address:
    """The address of a contract of the deployment; a problem if it has none."""
    where = service.contracts.get(name)
    if where is None:
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "not-found",
            f"This deployment has no {name}.",
            rule=f"a deployment with {name}",
            remedy="usufruct apply deploys what is missing",
        )
    return address(where)


def transaction(service: Service, to: str, call: Call[Any]) -> dict[str, object]:
    """An unsigned transaction for a wallet; gas, nonce and fees are the wallet's affair."""
    return {
        "to": to,
        "data": "0x" + call.data.hex(),
        "value": "0x0",
        "chain_id": service.chain_id,
        "function": f"{call.contract}.{call.name}",
    }
