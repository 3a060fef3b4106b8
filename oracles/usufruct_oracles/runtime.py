"""Puts a worker together from its configuration, and takes it apart again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import ChainAccount, Outbox
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
from usufruct_oracles.chores import Chores, OutboxGauge, StakeGauge, chores_of
from usufruct_oracles.clerk import Clerk
from usufruct_oracles.config import WorkerConfig
from usufruct_oracles.desk import Desk
from usufruct_oracles.exchange import Exchange
from usufruct_oracles.hearing import Hearing
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.mailbox import Mailbox, Me, open_exchange
from usufruct_oracles.metrics import Metrics
from usufruct_oracles.peers import Colleague, HttpPeer
from usufruct_oracles.pledges import Pledges
from usufruct_oracles.propose import Proposer
from usufruct_oracles.publish import Identity, Publisher
from usufruct_oracles.quorum import Gatherer
from usufruct_oracles.reconcile import Reconciler
from usufruct_oracles.server import Site
from usufruct_oracles.sightings import Sightings
from usufruct_oracles.sources.opening import Surroundings
from usufruct_oracles.submit import Submitter
from usufruct_oracles.tls import client_context
from usufruct_oracles.turns import Turns
from usufruct_oracles.windows import Calendar
from usufruct_oracles.witness import Witness
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
    """What a worker stands on: its files, the node, its keys.

    Attributes:
        config: The configuration.
        community: The community file.
        deployment: Where the contracts are.
        client: The node.
        key: The key in use.
        keys: All keys that the configuration names, `key` before `next_key`.
        view: What the chain says.
    """

    config: WorkerConfig
    community: Community
    deployment: Deployment
    client: ChainClient
    key: SecretBytes
    keys: tuple[SecretBytes, ...]
    view: ChainView

    def preferred_key(self) -> SecretBytes:
        """The key that the signer table names; the one in use if it names both or neither."""
        named = [
            each for each in self.keys if self.view.signers.place(address_of(each)) is not None
        ]
        if self.key in named or not named:
            return self.key
        return named[0]

    def input_of(self, tx: bytes) -> bytes:
        """Call data of a mined transaction, empty if the node does not know it."""
        return self.client.transaction_input(tx) or b""

    def is_outdated(self) -> bool:
        """Whether the signer table now names the worker's other key: it has to be put together anew."""
        return self.preferred_key() != self.key


@dataclass(frozen=True, slots=True)
class Runtime:
    """A worker that is put together: its loop, and what its HTTP interface stands on."""

    worker: Worker
    site: Site
    chores: Chores
    hear: Callable[[], None]
    mailbox: Mailbox | None


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
    specs = (config.key,) if config.next_key is None else (config.key, config.next_key)
    keys = tuple(load_key(each, chain_id=client.chain_id) for each in specs)
    addresses = {
        name: str(deployment.address(name)) for name in ("TelemetryAnchor", "StatementBook")
    }
    view = ChainView(
        client,
        client.chain_id,
        addresses,
        deployment.block,
        deployment.genesis,
        [stream.id for stream in community.streams],
    )
    view.refresh()
    ground = Ground(config, community, deployment, client, keys[0], keys, view)
    return replace(ground, key=ground.preferred_key())


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
        address = address_of(ground.key)
        witness = Witness(Sightings(journal.database), view, alerts, metrics)
        desk = Desk(
            streams,
            calendar,
            journal,
            view,
            Pledges(journal.database, address),
            ground.key,
            metrics,
            grace=config.grace,
            reattest=reattest,
            witness=witness,
        )
        reconciler = Reconciler(desk, calendar, journal, view, alerts, metrics)
        input_of = ground.input_of
        archive = Archive(desk, calendar, journal, view, input_of, alerts, metrics)
        mailbox = _mailbox(stack, ground, realm)
        peers = _peers(stack, ground, realm, mailbox)
        gatherer = Gatherer(peers, address, witness=witness)
        stack.callback(gatherer.close)
        outbox = stack.enter_context(Outbox(config.outbox))
        turns = Turns(desk.address, config.takeover, config.poll)
        proposer = Proposer(
            desk,
            view,
            gatherer,
            _submitter(ground, outbox, metrics),
            turns,
            alerts,
            metrics=metrics,
        )
        worker = Worker(
            streams,
            journal,
            view,
            desk,
            reconciler,
            archive,
            proposer,
            metrics,
            poll=config.poll,
            max_head_age=config.max_head_age,
        )
        exchange = Exchange(
            journal,
            calendar,
            view,
            witness,
            Hearing(view, witness, input_of, metrics),
            worker,
            peers,
            alerts,
            metrics,
            grace=config.grace,
        )
        account = ChainAccount(ground.client.chain_id, ground.client.genesis, address)
        chores = chores_of(
            exchange,
            OutboxGauge(outbox, account, metrics),
            StakeGauge(journal, metrics),
            max(config.takeover, config.poll),
        )
        site = Site(
            realm=realm,
            view=view,
            answerer=Answerer(
                desk, view, reconciler.catch_up, alerts, metrics, witness=witness, turns=turns
            ),
            publisher=Publisher(_identity(ground), streams, journal, view, worker, alerts, witness),
            metrics=metrics,
            readers=config.readers,
            worker=worker,
            clerk=Clerk(journal, witness),
        )
        yield Runtime(worker, site, chores, exchange.hear, mailbox)


def _mailbox(stack: contextlib.ExitStack, ground: Ground, realm: Realm) -> Mailbox | None:
    if ground.config.exchange is None:
        return None
    database = open_exchange(ground.config.exchange)
    stack.callback(database.close)
    view = ground.view
    return Mailbox(database, Me(ground.config.name, ground.key, realm), lambda: view.signers)


def _peers(
    stack: contextlib.ExitStack, ground: Ground, realm: Realm, mailbox: Mailbox | None
) -> Callable[[], Sequence[Colleague]]:
    """The peers: those that the configuration names, and those that announce themselves in the shared database."""
    clock, tls = SystemClock(), ground.config.tls
    fixed: list[Colleague] = []
    for each in ground.config.peers:
        context = client_context(tls, each.cert) if each.url.startswith("https:") else None
        peer = HttpPeer(each, ground.key, realm, clock, tls=context)
        fixed.append(stack.enter_context(peer))
    if mailbox is None:
        return lambda: fixed
    return lambda: [*fixed, *mailbox.peers()]


def _submitter(ground: Ground, outbox: Outbox, metrics: Metrics) -> Submitter:
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
