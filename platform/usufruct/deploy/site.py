"""A project on a chain: the file's wishes on one side, what the chain says on the other."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.records import Log
from usufruct.config import Community
from usufruct.contracts import Address, Call, ContractError, all_modules
from usufruct.deploy.record import Deployment, artifact_name
from usufruct.errors import ConfigError

__all__ = ["Site", "fixed"]

R = TypeVar("R")

_LOG_PAGE: Final = 5_000


class Site:
    """Reads the chain through the deployment record.

    Attributes:
        community: What the file wants.
        client: The node.
        deployment: What is deployed so far.
        deployer: Who creates contracts; None where nothing will be sent.
        signers: The account that signs for each office; the first of the file where none is said.
        accounts: The accounts whose keys are at hand; None where nothing will be sent.
    """

    def __init__(
        self,
        community: Community,
        client: ChainClient,
        deployment: Deployment,
        deployer: Address | None = None,
        signers: Mapping[str, Address] | None = None,
        accounts: Container[Address] | None = None,
    ) -> None:
        self.community = community
        self.client = client
        self.deployment = deployment
        self.deployer = deployer
        self.signers = signers or {}
        self.accounts = accounts
        self._verified: set[Address] = set()

    @property
    def now(self) -> int:
        """Time of the newest block."""
        return self.client.block("latest").timestamp

    def signer(self, office: str) -> Address:
        """The account that signs for an office that is held."""
        return self.signers.get(office) or self.community.roles[office][0]

    def signs_for(self, account: Address) -> bool:
        """Whether the key of `account` is at hand, as a plan supposes."""
        return self.accounts is None or account in self.accounts

    def address(self, name: str) -> Address | None:
        """Where a contract is, None if it is not deployed.

        Raises:
            ConfigError: The recorded address holds something else.
        """
        where = self.deployment.contracts.get(name)
        if where is not None and where not in self._verified:
            self._verify(name, where)
            self._verified.add(where)
        return where

    def read(self, name: str, call: Call[R]) -> R | None:
        """The answer of a contract, None if it is not deployed."""
        where = self.address(name)
        return None if where is None else self.client.call(where, call)

    def read_many(self, name: str, calls: Sequence[Call[R]]) -> list[R | ContractError | None]:
        """The answers of a contract to many calls, all None if it is not deployed."""
        where = self.address(name)
        if where is None:
            return [None] * len(calls)
        answers = self.client.call_many([(where, call) for call in calls])
        return list(answers)

    def logs(
        self, where: Address | None, topics: Sequence[bytes | Sequence[bytes] | None]
    ) -> Iterator[Log]:
        """All logs of a contract since the deployment, in chain order.

        None if it does not exist.
        """
        if where is None:
            return
        last = self.client.block_number()
        first, page = self.deployment.block, _LOG_PAGE
        while first <= last:
            end = min(first + page - 1, last)
            try:
                found = self.client.logs(first, end, [where], topics)
            except RpcError:
                # Nodes refuse ranges with too many logs, each with another limit.
                if page == 1:
                    raise
                page = max(1, page // 4)
                continue
            yield from found
            first = end + 1

    def _verify(self, name: str, where: Address) -> None:
        code = self.client.code(where)
        module = next(each for each in all_modules() if artifact_name(name) == each.CONTRACT)
        if not module.artifact().matches(code):
            held = "other code" if code else "no code"
            raise ConfigError(
                f"{where} is not the {name} of this version",
                field="contracts",
                value=f"{name} {where}",
                rule=f"the recorded address holds {held} on chain {self.client.chain_id}",
                remedy="use the version that deployed it, or another --state folder to deploy anew",
            )


def fixed(
    site: Site, field: str, wanted: object, on_chain: object, when: str, way_out: str
) -> ConfigError:
    """The error for a changed value that can no longer be changed.

    Args:
        site: The project.
        field: Dotted path in the file.
        wanted: Value in the file.
        on_chain: Value on the chain.
        when: When it became fixed, e.g. `at opening`.
        way_out: What to do if the new value is really wanted.
    """
    community = site.community
    near = field
    while near not in community.lines and near:
        near = near[: max(near.rfind("."), near.rfind("["), 0)]
    return ConfigError(
        f"{field} cannot be changed any more",
        field=field,
        value=wanted,
        rule=f"fixed {when}; the chain has {on_chain}",
        remedy=f"restore {on_chain}, or {way_out}",
        file=community.file,
        line=community.lines.get(near),
    )
