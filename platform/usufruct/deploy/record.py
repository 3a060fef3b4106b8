"""The deployment record: where the contracts of a project are, kept beside the project.

One file for each chain, `state/deployments/<chain id>.json`. It is replaced atomically, so that a
reader or a crash sees either the old or the new one. Addresses are all it holds; everything else is
read from the chain.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from usufruct.contracts import Address, EncodeError, address
from usufruct.core.encoding import hex0x, unhex
from usufruct.errors import ConfigError, InputError
from usufruct.files import put_file

__all__ = [
    "CONTRACTS",
    "Deployment",
    "Reservation",
    "artifact_name",
    "load_deployment",
    "record_path",
    "save",
]

CONTRACTS: Final = (
    "AccessManager",
    "ParticipantRegistry",
    "StreamRegistry",
    "MeterRegistry",
    "TelemetryAnchor",
    "StatementBook",
    "SettlementCurrency",
    "DisclosureRegistry",
    "ObjectiveDisputes",
    "OperatorBond",
    "HolderVote",
    "OwnerVote",
    "SeriesExtension",
    "RevenueRightImpl",
    "SeriesFactory",
    "Waterfall",
    "ReinvestmentAccount",
    "JurisdictionPolicy",
    "FundFactory",
    "FundUnitExtension",
    "FundUnitImpl",
    "FundUnitFactory",
    "FundUnitPolicy",
    "Offering",
    "DvpDesk",
    "HealthCheck",
)
"""The contracts of a deployment, in the order in which they are created."""

_ARTIFACTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AccessManager": "UsufructAccessManager",
        "RevenueRightImpl": "RevenueRight",
        "FundUnitExtension": "SeriesExtension",
        "FundUnitImpl": "RevenueRight",
        "FundUnitFactory": "SeriesFactory",
        "FundUnitPolicy": "JurisdictionPolicy",
    }
)
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Reservation:
    """The address of a contract that others must know before it exists."""

    address: Address
    nonce: int
    """Nonce of the deployer's transaction that will create it."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where a project lives on a chain.

    Attributes:
        chain_id: Chain id.
        genesis: Hash of block 0; tells apart chains with the same id.
        project: Code of the project.
        block: Block of the first contract; no event of the project is older.
        contracts: Address by name, a subset of CONTRACTS while a deployment is under way.
        series: Address by code of the series.
        waterfall: Reserved address of the Waterfall while it is under way.
    """

    chain_id: int
    genesis: bytes
    project: str
    block: int = 0
    contracts: Mapping[str, Address] = field(default_factory=lambda: MappingProxyType({}))
    series: Mapping[str, Address] = field(default_factory=lambda: MappingProxyType({}))
    waterfall: Reservation | None = None

    def address(self, name: str) -> Address:
        """Address of a contract.

        Raises:
            ConfigError: It is not deployed yet.
        """
        found = self.contracts.get(name)
        if found is None:
            raise ConfigError(
                f"{name} is not deployed on chain {self.chain_id}",
                field="contracts",
                value=name,
                rule="the deployment record names it once it is deployed",
                remedy="run usufruct apply to its end",
            )
        return found

    def with_contract(self, name: str, where: Address, block: int) -> Deployment:
        """The record with one more contract."""
        contracts = MappingProxyType({**self.contracts, name: where})
        return replace(self, contracts=contracts, block=self.block or block)

    def without(self, names: tuple[str, ...]) -> Deployment:
        """The record without some contracts and without the reservation they were made for."""
        kept = {name: where for name, where in self.contracts.items() if name not in names}
        return replace(self, contracts=MappingProxyType(kept), waterfall=None)

    def with_series(self, series: Mapping[str, Address]) -> Deployment:
        """The record with these series."""
        return replace(self, series=MappingProxyType(dict(series)))


def artifact_name(name: str) -> str:
    """Name of the Solidity contract behind a name of the record."""
    return _ARTIFACTS.get(name, name)


def record_path(state: Path, chain_id: int) -> Path:
    """Where the record of a chain is kept below the state folder."""
    return state / "deployments" / f"{chain_id}.json"


def load_deployment(path: str | Path) -> Deployment:
    """The record in the file at `path`.

    Raises:
        ConfigError: There is no such file, or it is not a record.
    """
    file = Path(path)
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no deployment record {file}",
            field="state",
            value=str(file),
            rule="usufruct apply writes it",
            remedy="deploy first, or pass the right --state folder and --rpc",
        ) from None
    except (OSError, ValueError) as error:
        raise _broken(file, str(error)) from None
    try:
        return _parse(raw)
    except (KeyError, TypeError, ValueError, AttributeError, EncodeError, InputError) as error:
        raise _broken(file, f"{type(error).__name__}: {error}") from None


def save(deployment: Deployment, path: Path) -> None:
    """Replaces the record at `path` atomically and durably."""
    content = json.dumps(_plain(deployment), indent=2) + "\n"
    put_file(path, content.encode(), what="record")


def _plain(deployment: Deployment) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "version": _VERSION,
        "chain_id": deployment.chain_id,
        "genesis": hex0x(deployment.genesis),
        "project": deployment.project,
        "block": deployment.block,
        "contracts": dict(deployment.contracts),
        "series": dict(deployment.series),
    }
    if deployment.waterfall is not None:
        reserved = deployment.waterfall
        raw["reserved"] = {"Waterfall": {"address": reserved.address, "nonce": reserved.nonce}}
    return raw


def _parse(raw: Mapping[str, Any]) -> Deployment:
    if raw["version"] != _VERSION:
        raise ValueError(f"version {raw['version']} is not known")
    reserved = raw.get("reserved", {}).get("Waterfall")
    return Deployment(
        chain_id=int(raw["chain_id"]),
        genesis=unhex(raw["genesis"], 32),
        project=str(raw["project"]),
        block=int(raw["block"]),
        contracts=_addresses(raw["contracts"]),
        series=_addresses(raw["series"]),
        waterfall=Reservation(address(reserved["address"]), int(reserved["nonce"]))
        if reserved
        else None,
    )


def _addresses(raw: Mapping[str, str]) -> Mapping[str, Address]:
    return MappingProxyType({name: address(where) for name, where in raw.items()})


def _broken(file: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{file} is not a deployment record",
        field="state",
        value=str(file),
        rule=f"a file written by usufruct apply ({why})",
        remedy="restore it from a backup; the addresses are also in the deployer's transactions",
    )
