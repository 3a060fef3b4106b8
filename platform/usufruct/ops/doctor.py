"""Looks at everything a running platform depends on, and says what is wrong with the remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import ChainAccount
from usufruct.chain.profiles import profile_of
from usufruct.clock import Clock, SystemClock
from usufruct.config import Community, load_community
from usufruct.deploy.record import Deployment, load_deployment
from usufruct.errors import UsufructError
from usufruct.index.settings import Settings
from usufruct.index.site import Site
from usufruct.keys import address_of_key, load_key, parse_key_spec
from usufruct.ledger.database import Database
from usufruct.ops import node, project, state
from usufruct.ops.finding import Check, Finding, Level, guarded

__all__ = ["Patient", "examine"]

OUTBOX: Final = "outbox.sqlite"
"""The keeper's outbox in the state folder."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What to look at.

    Attributes:
        settings: Those of usufruct serve.
        keys: Keys to try, as on the command line; the first is the keeper's.
        tolerance: Seconds that something may be due before it is wrong.
        clock: The computer's.
    """

    settings: Settings
    keys: Sequence[str] = ()
    tolerance: int = 86_400
    clock: Clock = field(default_factory=SystemClock)


def examine(patient: Patient) -> list[Finding]:
    """All findings, part by part; a part that cannot be looked at is a finding, never an error."""
    settings = patient.settings
    client = ChainClient(settings.rpc)
    found: list[Finding] = []
    deployment, chain_id = _deployment(client, settings, found)
    if chain_id is not None:
        profile = profile_of(chain_id)
        found.append(Finding("node", "profile", Level.OK, profile.name))
        found += guarded(
            "node", "node", partial(node.node_findings, client, settings.rpc, profile, deployment)
        )
        found += guarded(
            "clock", "clock", partial(node.clock_findings, client, profile, patient.clock)
        )
    database, usable = _database(settings, deployment, found)
    if chain_id is not None:
        found += guarded("keys", "keys", partial(state.key_findings, patient.keys, chain_id))
    found += guarded("keys", "files", partial(state.file_findings, settings.state))
    if database is not None and usable:
        secret = partial(state.secret_findings, settings.secret_file, database)
        found += guarded("keys", "secret", secret)
    if deployment is not None and chain_id == deployment.chain_id:
        for part, what, check in _project(
            patient, client, deployment, database if usable else None
        ):
            found += guarded(part, what, check)
    found += guarded("lag", "workers", partial(project.worker_findings, settings.workers))
    return found


def _deployment(
    client: ChainClient, settings: Settings, found: list[Finding]
) -> tuple[Deployment | None, int | None]:
    """The deployment record and the chain's id, as far as they can be had."""
    try:
        chain_id = client.current_chain_id()
    except UsufructError as error:
        found.append(Finding("node", "answer", Level.FAIL, error.one_line(), error.remedy or ""))
        return None, None
    try:
        return load_deployment(settings.record(chain_id)), chain_id
    except UsufructError as error:
        found.append(Finding("node", "record", Level.FAIL, error.one_line(), error.remedy or ""))
        return None, chain_id


def _database(
    settings: Settings, deployment: Deployment | None, found: list[Finding]
) -> tuple[Database | None, bool]:
    try:
        database = Database(settings.database_url)
    except UsufructError as error:
        found.append(Finding("database", "url", Level.FAIL, error.one_line(), error.remedy or ""))
        return None, False
    seen = guarded("database", "ledger", partial(state.database_findings, database, deployment))
    found += seen
    return database, all(each.level is not Level.FAIL for each in seen)


def _project(
    patient: Patient, client: ChainClient, deployment: Deployment, database: Database | None
) -> Iterator[tuple[str, str, Check]]:
    """The checks that need contracts, and those that need the ledger as well."""
    settings = patient.settings
    community = _community(settings.community)
    yield "contracts", "contracts", partial(project.contract_findings, client, deployment)
    if community is not None:
        yield "roles", "offices", partial(project.role_findings, community, client, deployment)
    if database is None:
        return
    yield (
        "lag",
        "ledger",
        partial(project.lag_findings, client, database, settings.ready_lag_blocks),
    )
    currency = Site(settings, client, deployment, database).currency()
    yield (
        "lag",
        "due",
        partial(
            project.due_findings,
            client,
            deployment,
            database,
            currency,
            community,
            patient.tolerance,
        ),
    )
    account = _keeper(patient, client)
    yield "lag", "keeper", partial(state.outbox_findings, settings.state / OUTBOX, account)


def _community(path: Path | None) -> Community | None:
    return None if path is None else load_community(path)


def _keeper(patient: Patient, client: ChainClient) -> ChainAccount | None:
    """The account of the first key, None if there is none that opens."""
    if not patient.keys:
        return None
    try:
        key = load_key(parse_key_spec(patient.keys[0]), chain_id=client.chain_id)
    except UsufructError:
        return None  # the keys' own findings say it
    return ChainAccount(client.chain_id, client.genesis, address_of_key(key))
