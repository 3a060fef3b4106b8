"""From settings to the parts of a running platform: node, deployment, ledger, index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from usufruct.chain.client import ChainClient
from usufruct.contracts import settlement_currency
from usufruct.core.encoding import hex0x
from usufruct.deploy.record import Deployment, load_deployment
from usufruct.errors import ConfigError
from usufruct.index.chain import OPTIONAL, WATCHED, Chain, NodeChain
from usufruct.index.compared import ComparedChain
from usufruct.index.heads import Heads
from usufruct.index.indexer import Indexer
from usufruct.index.settings import Settings
from usufruct.index.workers import Reader, WorkerClient
from usufruct.keys import load_key, parse_key_spec
from usufruct.ledger.database import Database
from usufruct.money import Currency

__all__ = ["Site", "heads_of", "open_site"]


@dataclass(frozen=True, slots=True)
class Site:
    """A deployment, reached through one node, with its ledger."""

    settings: Settings
    client: ChainClient
    deployment: Deployment
    database: Database

    def currency(self) -> Currency:
        """The settlement currency, as its contract tells it."""
        where = self.deployment.address("SettlementCurrency")
        return Currency(
            code=self.client.call(where, settlement_currency.symbol()),
            decimals=self.client.call(where, settlement_currency.decimals()),
        )

    def worker(self, url: str) -> WorkerClient:
        """The oracle worker at `url`; requests are signed if the settings name a key."""
        spec = self.settings.worker_key
        if spec is None:
            return WorkerClient(url)
        key = load_key(parse_key_spec(spec), chain_id=self.client.chain_id)
        anchor = self.deployment.address("TelemetryAnchor")
        return WorkerClient(url, Reader(key, self.client.chain_id, anchor))

    def indexer(self) -> Indexer:
        """An indexer on the migrated ledger."""
        contracts = {name: self.deployment.address(name) for name in WATCHED}
        known = self.deployment.contracts
        contracts |= {name: known[name] for name in OPTIONAL if name in known}
        currency = self.currency()
        identity = {
            "chain_id": str(self.deployment.chain_id),
            "genesis": hex0x(self.client.genesis),
            "currency": f"{currency.code}:{currency.decimals}",
            **{f"contract.{name}": where for name, where in contracts.items()},
        }
        return Indexer(
            self._chain(contracts["Waterfall"]),
            self.database,
            contracts,
            self.deployment.block,
            identity,
            deepest=self.settings.undo_blocks,
            largest=self.settings.range_blocks,
        )

    def _chain(self, waterfall: str) -> Chain:
        """The node's chain; compared with the second node's if there is one."""
        settings = self.settings
        first = NodeChain(self.client, waterfall, settings.finality)
        if settings.second_rpc is None:
            return first
        client = ChainClient(settings.second_rpc)
        _require_chain(client, self.deployment, "second_rpc")
        return ComparedChain(first, NodeChain(client, waterfall, settings.finality))


def heads_of(settings: Settings, announced: Callable[[], None]) -> Heads | None:
    """Announcements of blocks, already listened to; None without an address for them."""
    if settings.ws is None:
        return None
    heads = Heads(settings.ws, announced, settings.poll_seconds)
    heads.start()
    return heads


def open_site(settings: Settings) -> Site:
    """The site that the settings describe.

    Raises:
        ConfigError: There is no deployment record, or it is of another chain than the node's.
        ChainError: The node cannot be reached.
    """
    client = ChainClient(settings.rpc)
    path = settings.record(client.chain_id)
    deployment = load_deployment(path)
    _require_chain(client, deployment, "rpc")
    return Site(settings, client, deployment, Database(settings.database_url))


def _require_chain(client: ChainClient, deployment: Deployment, field: str) -> None:
    for name, found, recorded in (
        ("chain id", client.chain_id, deployment.chain_id),
        ("genesis block", hex0x(client.genesis), hex0x(deployment.genesis)),
    ):
        if found != recorded:
            raise ConfigError(
                f"the node serves another chain than the deployment record is of: {name} differs",
                field=field,
                value=client.url,
                rule=f"{name} {recorded}, as recorded",
                remedy="name the right node, or --deployment at the right record",
            )
