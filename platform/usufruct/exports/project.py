"""What exports must know of a project beside the ledger: its name, its calendar, its currency, names of rights."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from usufruct.chain.client import ChainClient
from usufruct.config import Community, load_community
from usufruct.errors import ConfigError
from usufruct.exports.calendar import Calendar
from usufruct.index.settings import Settings
from usufruct.ledger.database import Database
from usufruct.ledger.moments import BlockTimes
from usufruct.ledger.reads.places import META
from usufruct.money import Currency

__all__ = ["Project", "block_times", "chain_of", "currency_of", "open_ledger", "project_of"]


@dataclass(frozen=True, slots=True)
class Project:
    """A project as its community file describes it."""

    code: str
    name: str
    calendar: Calendar

    @property
    def title(self) -> str:
        """Its name, and its code where that is another."""
        return f"{self.name} ({self.code})" if self.code not in ("", self.name) else self.name


def project_of(settings: Settings) -> Project:
    """The project of the settings; ConfigError if they name no community file."""
    if settings.community is None:
        raise ConfigError(
            "the project's calendar is not known",
            field="--community",
            value="",
            rule="periods have their months and time zone from the community file",
            remedy="name it: --community examples/community.toml, or community in the settings file",
        )
    return described(load_community(settings.community))


def described(community: Community) -> Project:
    """The project of a community file."""
    project = community.project
    return Project(project.code, project.name, Calendar(project.first_period, project.timezone))


def currency_of(connection: Connection) -> Currency:
    """The settlement currency that the ledger is in."""
    known = {row.key: row.value for row in connection.execute(META)}
    code, _, decimals = known.get("currency", "").partition(":")
    if not decimals.isdecimal():
        raise ConfigError(
            "the ledger does not say which currency it is in",
            field="database",
            value=known.get("currency", ""),
            rule="the index notes it when it begins",
            remedy="start usufruct serve with this database, or name another one",
        )
    return Currency(code, int(decimals))


def chain_of(connection: Connection) -> int:
    """Id of the chain that the ledger is of; 0 if it does not say."""
    known = {row.key: row.value for row in connection.execute(META)}
    text = known.get("chain_id", "")
    return int(text) if text.isdecimal() else 0


def block_times(settings: Settings, connection: Connection) -> BlockTimes:
    """Asks the node of the settings, if it is of the ledger's chain, for times that the ledger does not know."""
    chain_id = chain_of(connection)

    def told(number: int) -> int:
        node = ChainClient(settings.rpc)
        if node.chain_id != chain_id:
            raise ConfigError(
                "the node is of another chain than the ledger",
                field="rpc",
                value=node.chain_id,
                rule=f"chain {chain_id}, which the ledger was built for",
                remedy="name a node of that chain in the settings",
            )
        return node.block(number).timestamp

    return told


def open_ledger(settings: Settings) -> Database:
    """The ledger of the settings; ConfigError if there is none."""
    database = Database(settings.database_url)
    database.require()
    return database
