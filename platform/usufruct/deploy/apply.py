"""Making it so: the plan carried out stage by stage, through the durable outbox.

Before each step the chain is asked anew, so that a run that was killed at any point is simply
continued by the next: what it left in the outbox is finished first, and what is on the chain by
then is not planned again.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import NonceMoved, Outbox
from usufruct.chain.records import Receipt
from usufruct.chain.sender import Timing
from usufruct.config import Community
from usufruct.contracts import address
from usufruct.core.keccak import keccak256
from usufruct.deploy.action import Action, Transaction
from usufruct.deploy.creation import CIRCLE
from usufruct.deploy.keyring import Keyring
from usufruct.deploy.plan import (
    STAGES,
    Plan,
    Stage,
    make_plan,
    open_record,
    require_allowed,
    staged,
)
from usufruct.deploy.record import CONTRACTS, Deployment, Reservation, record_path, save
from usufruct.deploy.rights import created_series
from usufruct.deploy.site import Site
from usufruct.errors import ChainError, ConfigError
from usufruct.keys import SecretBytes

__all__ = ["Applied", "Observer", "apply", "outbox_path"]

_MOST_PREDICTIONS: Final = 3


@dataclass(slots=True)
class Applied:
    """What a run has done."""

    deployment: Deployment
    receipts: list[Receipt] = field(default_factory=list)

    @property
    def gas(self) -> int:
        """Gas of all its transactions."""
        return sum(receipt.gas_used for receipt in self.receipts)


class Observer:
    """Told about progress; does nothing by itself."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; nothing was sent yet."""

    def begins(self, action: Action) -> None:
        """The action's transaction is about to be sent."""

    def ends(self, action: Action) -> None:
        """The action is done."""


def apply(
    community: Community,
    client: ChainClient,
    state: Path,
    keys: list[SecretBytes],
    *,
    observer: Observer | None = None,
    timing: Timing | None = None,
) -> Applied:
    """Brings the chain to what the file says; a second run finds nothing to do.

    Args:
        community: What the file says.
        client: The node.
        state: Folder of the deployment record and the outbox.
        keys: Keys to sign with; on the development chain those of the file's accounts are added.
        observer: Told about progress.
        timing: Patience of the senders.

    Raises:
        ConfigError: Something fixed was changed, or a key is missing; nothing was sent.
        ContractError: A contract refuses; what was done before stays, and the next run continues.
        ChainError: The node fails; the next run continues.
    """
    require_allowed(community, client.chain_id)
    with _alone(state), Outbox(outbox_path(state)) as outbox:
        keyring = Keyring(community, client, outbox, keys, timing)
        for sender in keyring.senders:
            sender.recover(wait=True)
        site = Site(
            community,
            client,
            open_record(community, client, state),
            keyring.deployer.address,
            keyring.signers(),
            {sender.address for sender in keyring.senders},
        )
        run = _Run(site, keyring, state, observer or Observer())
        return run.all_stages()


def outbox_path(state: Path) -> Path:
    """Where the outbox is kept below the state folder."""
    return state / "outbox.sqlite"


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Keeps a second run with the same state folder out; the lock goes with the process."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "apply.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                "another usufruct apply is under way",
                field="--state",
                value=str(state),
                rule="one run at a time works in a state folder",
                remedy="wait for it to end",
            ) from None
        yield


class _Run:
    """One run of apply."""

    def __init__(self, site: Site, keyring: Keyring, state: Path, observer: Observer) -> None:
        self._site = site
        self._keyring = keyring
        self._path = record_path(state, site.client.chain_id)
        self._observer = observer
        self._applied = Applied(site.deployment)
        self._predictions = 0

    def all_stages(self) -> Applied:
        plan = make_plan(self._site, self._keyring.signers())
        self._keyring.require(plan.changes)
        self._observer.planned(plan)
        for stage in STAGES:
            self._stage(stage)
        self._record_series()
        self._applied.deployment = self._site.deployment
        return self._applied

    def _stage(self, stage: Stage) -> None:
        """Carries out what the stage still wants, until it wants nothing more."""
        carried_out: set[str] = set()
        while True:
            self._reserve(stage)
            wanted = [action for action in staged(self._site, stage) if action.sends]
            if not wanted:
                return
            ready = [action for action in wanted if action.transaction is not None]
            if not ready or any(action.key in carried_out for action in ready):
                raise _stuck((ready or wanted)[0])
            for action in ready:
                self._carry_out(action)
                carried_out.add(action.key)

    def _carry_out(self, action: Action) -> None:
        self._observer.begins(action)
        transaction = action.transaction
        if transaction is None:
            raise AssertionError("only actions that are ready are carried out")
        try:
            receipt = self._submit(action, transaction)
        except NonceMoved:
            # Another transaction of the deployer came between: the predicted address is void.
            self._predictions += 1
            if self._predictions == _MOST_PREDICTIONS:
                raise
            self._store(self._site.deployment.without(CIRCLE))
            return
        if receipt is not None:
            self._applied.receipts.append(receipt)
            self._record_contract(action, receipt)
        self._observer.ends(action)

    def _submit(self, action: Action, transaction: Transaction) -> Receipt | None:
        content = keccak256((transaction.to or "").encode() + transaction.data).hex()[:16]
        return self._keyring.sender(action).submit(
            f"apply/{action.key}/{content}",
            transaction.to,
            transaction.data,
            # The chain has just said that the effect is missing; a creation is known by its
            # receipt.
            done=None if action.creates else action.done or _never,
            nonce=transaction.nonce,
        )

    # --- The record ---

    def _store(self, deployment: Deployment) -> None:
        save(deployment, self._path)
        self._site.deployment = deployment

    def _record_contract(self, action: Action, receipt: Receipt) -> None:
        if action.creates is None or receipt.contract_address is None:
            return
        deployment = self._site.deployment.with_contract(
            action.creates, receipt.contract_address, receipt.block_number
        )
        if action.creates == CIRCLE[-1]:
            deployment = replace(deployment, waterfall=None)
        self._store(deployment)

    def _record_series(self) -> None:
        found = {code: event.series for code, event in created_series(self._site).items()}
        if found != dict(self._site.deployment.series):
            self._store(self._site.deployment.with_series(found))

    def _reserve(self, stage: Stage) -> None:
        """Predicts the Waterfall's address once all contracts before the circle exist."""
        deployment = self._site.deployment
        before = CONTRACTS[: CONTRACTS.index(CIRCLE[0])]
        due = stage is STAGES[0] and all(name in deployment.contracts for name in before)
        if not due or deployment.waterfall or CIRCLE[-1] in deployment.contracts:
            return
        from web3.types import Nonce  # noqa: PLC0415  # a slow import that few runs need
        from web3.utils.address import get_create_address  # noqa: PLC0415

        sender = self._keyring.deployer
        nonce = sender.next_nonce() + len(CIRCLE) - 1
        where = address(get_create_address(sender.address, Nonce(nonce)))
        self._store(replace(deployment.without(CIRCLE), waterfall=Reservation(where, nonce)))


def _never() -> bool:
    return False


def _stuck(action: Action) -> ChainError:
    return ChainError(
        f"{action.subject}: {action.detail} has no effect",
        field=action.subject,
        value=action.key,
        rule="after a transaction the chain must say what the file says",
        remedy="look at usufruct plan; another program may be changing the same contracts",
    )
