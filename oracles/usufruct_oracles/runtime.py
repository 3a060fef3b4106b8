"""Puts a worker together from its configuration, and takes it apart again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender, Timing
from usufruct.clock import SystemClock
from usufruct.config import Community, load_community
from usufruct.core.signing import address_of
from usufruct.deploy.record import Deployment, load_deployment
from usufruct.errors import ConfigError
from usufruct.keys import SecretBytes, load_key
from usufruct_oracles.alerts import Alerts
from usufruct_oracles.answers import Answerer
from usufruct_oracles.archive import Archive
from usufruct_oracles.auth import Realm
from usufruct_oracles.chainview import ChainView
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.desk import Desk
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import HttpPeer
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.propose import Proposer
from usufruct_oracles.publish import Identity, Publisher
from usufruct_oracles.quorum import Gatherer
from usufruct_oracles.reconcile import Reconciler
from usufruct_oracles.server import Site
from usufruct_oracles.sources.opening import Surroundings
from usufruct_oracles.submit import Submitter
from usufruct_oracles.turns import Turns
from usufruct_oracles.windows import Calendar
from usufruct_oracles.worker import Worker

TIMING = Timing(timeout=45.0, stuck_after=15.0)
"""Patience of a transaction: after the time limit it stays in the outbox and the next pass goes on waiting."""


class ChainClock:
    """The time of the latest block that the worker has read."""

    def __init__(self, view: ChainView) -> None:
        self._view = view

    def now(self) -> int:
        """Unix time of that block."""
        return self._view.now


@dataclass(frozen=True, slots=True)
class Ground:
    """What a worker stands on: its files, the node, its key."""

    config: WorkerConfig
    community: Community
    deployment: Deployment
    client: ChainClient
    key: SecretBytes
    view: ChainView


@dataclass(frozen=True, slots=True)
class Runtime:
    """A worker that is put together: its loop, and what its HTTP interface stands on."""

    worker: Worker
    site: Site


def lay_ground(config: WorkerConfig) -> Ground:
    """Read the files a configuration names, reach the node and read its events.

    Raises:
        ConfigError: A file is wrong, or they do not belong to each other or to the node's chain.
        ChainError: The node cannot be reached.
    """
    community = load_community(config.community)
    deployment = load_deployment(config.deployment)
    client = ChainClient(config.rpc)
    _require_same_chain(config, community, deployment, client)
    key = load_key(config.key, chain_id=client.chain_id)
    addresses = {
        name: str(deployment.address(name)) for name in ("TelemetryAnchor", "StatementBook")
    }
    view = ChainView(client, client.chain_id, addresses, deployment.block)
    view.refresh()
    return Ground(config, community, deployment, client, key, view)


def _require_same_chain(
    config: WorkerConfig, community: Community, deployment: Deployment, client: ChainClient
) -> None:
    if (client.chain_id, client.genesis) != (deployment.chain_id, deployment.genesis):
        raise ConfigError(
            "the node serves another chain than the deployment record",
            file=str(config.file),
            field="worker.rpc",
            value=f"chain {client.chain_id}",
            rule=f"the chain of {config.deployment}, number {deployment.chain_id}",
            remedy="point rpc at the right node, or deploy to this chain first",
        )
    if community.project.code != deployment.project:
        raise ConfigError(
            "community and deployment are of different projects",
            file=str(config.file),
            field="worker.community",
            value=community.project.code,
            rule=f"the deployment record is of {deployment.project}",
            remedy="name the files of one project",
        )


@contextlib.contextmanager
def open_runtime(
    ground: Ground, reattest: frozenset[tuple[int, int, int]] = frozenset()
) -> Iterator[Runtime]:
    """A worker put together from its parts; all of them are closed at the end."""
    config, community, view = ground.config, ground.community, ground.view
    realm = Realm(ground.client.chain_id, ground.deployment.address("TelemetryAnchor"))
    streams = {stream.id: stream for stream in community.streams}
    calendar = Calendar(community.project.timezone, community.project.first_period)
    metrics = Metrics()
    alerts = Alerts(metrics)
    with contextlib.ExitStack() as stack:
        surroundings = Surroundings(community, ChainClock(view), ground.client.chain_id, stack)
        journal = Journal(
            config.journal,
            community,
            clock=ChainClock(view),
            sources=[each.open(surroundings) for each in config.sources],
            privacy_secret=config.privacy_secret,
        )
        stack.callback(journal.close)
        desk = Desk(
            streams,
            calendar,
            journal,
            view,
            Pledges(journal.database),
            ground.key,
            metrics,
            grace=config.grace,
            reattest=reattest,
        )
        reconciler = Reconciler(desk, calendar, journal, view, alerts, metrics)
        archive = Archive(
            desk, calendar, journal, view, _TransactionInput(ground.client), alerts, metrics
        )
        proposer = Proposer(
            desk,
            view,
            _gatherer(stack, ground, realm),
            _submitter(stack, ground, metrics),
            Turns(desk.address, config.takeover, config.poll),
            alerts,
        )
        worker = Worker(
            streams, journal, view, desk, reconciler, archive, proposer, metrics, poll=config.poll
        )
        site = Site(
            realm=realm,
            view=view,
            answerer=Answerer(desk, view, reconciler.catch_up, alerts, metrics),
            publisher=Publisher(_identity(ground), streams, journal, view, worker, alerts),
            metrics=metrics,
            readers=config.readers,
            worker=worker,
        )
        yield Runtime(worker, site)


def _gatherer(stack: contextlib.ExitStack, ground: Ground, realm: Realm) -> Gatherer:
    clock = SystemClock()
    peers = [
        stack.enter_context(HttpPeer(each, ground.key, realm, clock))
        for each in ground.config.peers
    ]
    gatherer = Gatherer(peers, address_of(ground.key))
    stack.callback(gatherer.close)
    return gatherer


def _submitter(stack: contextlib.ExitStack, ground: Ground, metrics: Metrics) -> Submitter:
    outbox = stack.enter_context(Outbox(ground.config.outbox))
    return Submitter(
        Sender(ground.client, ground.key, outbox, timing=TIMING),
        ground.client.call,
        ground.deployment.address("TelemetryAnchor"),
        ground.deployment.address("StatementBook"),
        metrics,
    )


def _identity(ground: Ground) -> Identity:
    return Identity(
        ground.config.name,
        address_of(ground.key),
        ground.client.chain_id,
        ground.deployment.address("TelemetryAnchor"),
        ground.deployment.address("StatementBook"),
    )


class _TransactionInput:
    """Call data of a mined transaction, by its hash."""

    def __init__(self, client: ChainClient) -> None:
        self._client = client

    def __call__(self, tx: bytes) -> bytes:
        found = self._client.rpc("eth_getTransactionByHash", "0x" + tx.hex())
        return bytes.fromhex(found["input"][2:]) if found else b""
