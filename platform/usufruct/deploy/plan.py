"""What would change: the stages in their order, each comparing the file with the chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from usufruct.chain.client import ChainClient
from usufruct.config import Community, ConfigErrors
from usufruct.contracts import Address
from usufruct.deploy.action import Action, Change
from usufruct.deploy.announce import announced
from usufruct.deploy.contracts import contracts
from usufruct.deploy.meters import meters
from usufruct.deploy.offerings import offerings
from usufruct.deploy.offices import offices
from usufruct.deploy.oracle import oracle
from usufruct.deploy.people import people
from usufruct.deploy.record import Deployment, load_deployment, record_path
from usufruct.deploy.rights import rights
from usufruct.deploy.rules import rules
from usufruct.deploy.site import Site
from usufruct.deploy.streams import streams
from usufruct.errors import ConfigError
from usufruct.keys import DEV_CHAIN_ID

__all__ = ["STAGES", "Plan", "Stage", "make_plan", "open_record", "require_allowed", "staged"]

Stage = Callable[[Site], list[Action]]
STAGES: Final[tuple[Stage, ...]] = (
    contracts,
    offices,
    people,
    streams,
    meters,
    oracle,
    rights,
    rules,
    offerings,
)
"""The stages; each needs what the earlier ones have made."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All actions in the order in which they would be carried out."""

    chain_id: int
    actions: tuple[Action, ...]
    signers: dict[str, Address]
    """The account that signs for each office."""

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that take a transaction."""
        return tuple(action for action in self.actions if action.sends)

    @property
    def waiting(self) -> tuple[Action, ...]:
        """What was changed before and takes effect later."""
        return tuple(action for action in self.actions if action.change is Change.WAIT)

    def signer(self, action: Action) -> Address | None:
        """The account that signs for `action`, None if any may."""
        return action.account if action.office is None else self.signers[action.office]

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return {
            "chain_id": self.chain_id,
            "changes": len(self.changes),
            "actions": [
                {
                    "key": action.key,
                    "change": action.change.value,
                    "subject": action.subject,
                    "detail": action.detail,
                    "reason": action.reason,
                    "office": action.office,
                    "signer": self.signer(action),
                }
                for action in self.actions
            ],
        }


def make_plan(site: Site, signers: dict[str, Address] | None = None) -> Plan:
    """Compares file and chain completely.

    Raises:
        ConfigError: The file changes something that is fixed, or names development accounts on
            another chain.
        ChainError: The node fails.
    """
    require_allowed(site.community, site.client.chain_id)
    roles = site.community.roles.items()
    first = {office: accounts[0] for office, accounts in roles if accounts}
    actions = tuple(action for stage in STAGES for action in staged(site, stage))
    return Plan(site.client.chain_id, actions, signers or first)


def staged(site: Site, stage: Stage) -> list[Action]:
    """What a stage wants; calls that must be announced first are announced."""
    return list(announced(site, stage(site)))


def open_record(community: Community, client: ChainClient, state: Path) -> Deployment:
    """The record of this chain, or an empty one if nothing is deployed on it.

    A record of a chain that began anew (a restarted local node) counts as none.

    Raises:
        ConfigError: The record belongs to another project.
    """
    empty = Deployment(client.chain_id, client.genesis, community.project.code)
    path = record_path(state, client.chain_id)
    if not path.exists():
        return empty
    found = load_deployment(path)
    manager = found.contracts.get("AccessManager")
    if found.genesis != client.genesis or (manager is not None and not client.code(manager)):
        return empty
    if found.project != community.project.code:
        raise ConfigError(
            f"{path} belongs to project {found.project}",
            field="project.code",
            value=community.project.code,
            rule=f"one state folder serves one project; this one serves {found.project}",
            remedy="pass another --state folder",
            file=community.file,
            line=community.lines.get("project.code"),
        )
    return found


def require_allowed(community: Community, chain_id: int) -> None:
    """Raises ConfigErrors if the file names development accounts or keys and the chain is another."""
    if chain_id == DEV_CHAIN_ID or not community.dev_references:
        return
    raise ConfigErrors(
        tuple(
            ConfigError(
                f"{each.field} is a development account or key",
                field=each.field,
                value=each.value,
                rule=f"anyone can sign for it: accepted on chain id {DEV_CHAIN_ID} only, this is {chain_id}",
                remedy="write an address or a public key",
                file=community.file,
                line=each.line,
            )
            for each in community.dev_references
        )
    )
