"""Stage 1: the contracts.

RevenueRight's code names the Waterfall, the Waterfall names the SeriesFactory, and the factory
names RevenueRight's code. The circle is opened by predicting the Waterfall's address from the
deployer's nonce: three transactions in a row. The prediction is recorded before the first of them,
so that a later run makes the very same contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from usufruct.config import Community
from usufruct.config.model import PEOPLE_ROLES, ROLES
from usufruct.contracts import Address
from usufruct.contracts import disclosure_registry as dr
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.core.keccak import keccak256
from usufruct.deploy.access import role_number
from usufruct.deploy.action import Action, Change, Transaction
from usufruct.deploy.record import CONTRACTS
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import span
from usufruct.errors import ChainError

__all__ = ["CIRCLE", "contracts", "role_delays"]

CIRCLE: Final = ("RevenueRightImpl", "SeriesFactory", "Waterfall")
"""The three contracts that name each other, in the order of their nonces."""


class _NotYetError(Exception):
    """A constructor argument is not known yet."""


def contracts(site: Site) -> list[Action]:
    """The contracts that are missing, and those that are there."""
    actions = [_contract(site, name) for name in CONTRACTS]
    _check_constants(site)
    _check_circle(site)
    return actions


def _contract(site: Site, name: str) -> Action:
    where = site.address(name)
    if where is not None:
        return Action(f"deploy/{name}", Change.NOTHING, name, str(where), "deployed as recorded")
    transaction = _creation(site, name)
    version = keccak256(transaction.data).hex()[:16] if transaction else ""
    return Action(
        key=f"deploy/{name}/{version}",
        change=Change.CREATE,
        subject=name,
        detail="deploy",
        reason="not deployed",
        office="admin",
        transaction=transaction,
        creates=name,
    )


def _creation(site: Site, name: str) -> Transaction | None:
    if site.deployer is None:
        return None
    try:
        data = _BUILDERS[name](site)
    except _NotYetError:
        return None
    reserved = site.deployment.waterfall
    if name not in CIRCLE or reserved is None:
        return Transaction(None, data)
    return Transaction(None, data, reserved.nonce - 2 + CIRCLE.index(name))


def _known(site: Site, name: str) -> Address:
    where = site.address(name)
    if where is None:
        raise _NotYetError
    return where


def _manager(site: Site) -> bytes:
    if site.deployer is None:
        raise _NotYetError
    return am.deploy_data(site.deployer, site.community.delays.admin, role_delays(site.community))


def role_delays(community: Community) -> list[am.RoleDelay]:
    """What the access manager is deployed with: the offices that wait."""
    delays = community.delays
    waits = {
        office: (delays.grant.get(office, 0), delays.execution.get(office, 0)) for office in ROLES
    }
    return [
        am.RoleDelay(role_number(office), *seconds)
        for office, seconds in waits.items()
        if any(seconds)
    ]


def _managed(build: Callable[[Address], bytes]) -> Callable[[Site], bytes]:
    return lambda site: build(_known(site, "AccessManager"))


def _anchor(site: Site) -> bytes:
    return ta.deploy_data(_known(site, "AccessManager"), site.community.delays.signers)


def _book(site: Site) -> bytes:
    manager = _known(site, "AccessManager")
    return sb.deploy_data(manager, _known(site, "TelemetryAnchor"), _known(site, "StreamRegistry"))


def _currency(site: Site) -> bytes:
    community = site.community
    return sc.deploy_data(
        _known(site, "AccessManager"), community.currency_name, community.currency.code
    )


def _implementation(site: Site) -> bytes:
    if site.deployment.waterfall is None:
        raise _NotYetError
    return rr.deploy_data(
        _known(site, "AccessManager"),
        _known(site, "ParticipantRegistry"),
        _known(site, "SettlementCurrency"),
        site.deployment.waterfall.address,
    )


def _factory(site: Site) -> bytes:
    return sf.deploy_data(_known(site, "AccessManager"), _known(site, "RevenueRightImpl"))


def _waterfall(site: Site) -> bytes:
    return wf.deploy_data(
        _known(site, "AccessManager"),
        _known(site, "StatementBook"),
        _known(site, "SettlementCurrency"),
        _known(site, "SeriesFactory"),
        site.community.delays.rules,
    )


_BUILDERS: Final[Mapping[str, Callable[[Site], bytes]]] = MappingProxyType(
    {
        "AccessManager": _manager,
        "ParticipantRegistry": _managed(pr.deploy_data),
        "StreamRegistry": _managed(sr.deploy_data),
        "MeterRegistry": _managed(mr.deploy_data),
        "TelemetryAnchor": _anchor,
        "StatementBook": _book,
        "SettlementCurrency": _currency,
        "DisclosureRegistry": _managed(dr.deploy_data),
        "RevenueRightImpl": _implementation,
        "SeriesFactory": _factory,
        "Waterfall": _waterfall,
    }
)


def _check_constants(site: Site) -> None:
    """What constructors have fixed must still be what the file says."""
    community = site.community
    admin = site.read("AccessManager", am.admin_delay())
    signers = site.read("TelemetryAnchor", ta.signers_delay())
    rules = site.read("Waterfall", wf.rules_delay())
    values = [
        ("delays.admin", span(community.delays.admin), _span(admin)),
        *_office_delays(site),
        ("delays.signers", span(community.delays.signers), _span(signers)),
        ("delays.rules", span(community.delays.rules), _span(rules)),
        ("currency.code", community.currency.code, site.read("SettlementCurrency", sc.symbol())),
        ("currency.name", community.currency_name, site.read("SettlementCurrency", sc.name())),
    ]
    for field, wanted, found in values:
        if found is not None and found != wanted:
            way_out = "deploy anew with another --state folder"
            raise fixed(site, field, wanted, found, "at deployment", way_out)


def _office_delays(site: Site) -> list[tuple[str, str, str | None]]:
    """Grant and execution delay of each office: in the file, and on the chain."""
    delays = site.community.delays
    found: list[tuple[str, str, str | None]] = []
    offices = [office for office in PEOPLE_ROLES if office != "admin"]
    answers = site.read_many(
        "AccessManager", [am.role_delay(role_number(office)) for office in offices]
    )
    for office, answer in zip(offices, answers, strict=True):
        if not isinstance(answer, am.RoleDelay):
            continue
        pairs = (
            ("grant", delays.grant, answer.grant),
            ("execution", delays.execution, answer.execution),
        )
        for kind, wanted, seconds in pairs:
            found.append((f"delays.{kind}.{office}", span(wanted.get(office, 0)), span(seconds)))
    return found


def _span(seconds: int | None) -> str | None:
    return None if seconds is None else span(seconds)


def _check_circle(site: Site) -> None:
    """The three contracts of the circle must name each other."""
    waterfall, implementation = site.address("Waterfall"), site.address("RevenueRightImpl")
    if waterfall is None:
        return
    links = (
        ("RevenueRightImpl", site.read("RevenueRightImpl", rr.distributor()), waterfall),
        ("SeriesFactory", site.read("SeriesFactory", sf.implementation()), implementation),
    )
    for name, found, wanted in links:
        if found != wanted:
            raise ChainError(
                f"{name} belongs to another deployment",
                field=name,
                value=site.address(name),
                rule=f"it must name {wanted}, but names {found}",
                remedy="restore the deployment record, or deploy anew with another --state folder",
            )
