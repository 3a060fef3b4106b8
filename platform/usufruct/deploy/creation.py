"""What each contract is created with.

A series' code names the Waterfall, the Waterfall names the SeriesFactory, and the factory names the
series' code. The circle is opened by predicting the Waterfall's address from the deployer's nonce:
four transactions in a row. The prediction is recorded before the first of them, so that a later run
makes the very same contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from usufruct.config import Community
from usufruct.config.offices import ROLES
from usufruct.contracts import Address
from usufruct.contracts import disclosure_registry as dr
from usufruct.contracts import dvp_desk as dd
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import health_check as hc
from usufruct.contracts import holder_vote as hv
from usufruct.contracts import jurisdiction_policy as jp
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import offering as of
from usufruct.contracts import operator_bond as ob
from usufruct.contracts import owner_vote as ov
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import reinvestment_account as ra
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.deploy.access import role_number
from usufruct.deploy.site import Site

__all__ = ["CIRCLE", "NotYetError", "creation_code", "role_delays", "vote_rule"]

CIRCLE: Final = ("SeriesExtension", "RevenueRightImpl", "SeriesFactory", "Waterfall")
"""The contracts that name each other, in the order of their nonces."""


class NotYetError(Exception):
    """A constructor argument is not known yet."""


def creation_code(site: Site, name: str) -> bytes:
    """What is sent to create the contract `name`.

    Raises:
        NotYetError: A contract it names does not exist yet.
    """
    return _BUILDERS[name](site)


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


def vote_rule(community: Community) -> hv.Rule:
    """The rule of holders' votes."""
    votes = community.votes
    return hv.Rule(
        votes.holders,
        votes.approval,
        votes.proposal_bp,
        hv.Fraction(*votes.quorum),
        hv.Fraction(*votes.majority),
    )


# --- Addresses -----------------------------------------------------------------------------------


def _known(site: Site, name: str) -> Address:
    where = site.address(name)
    if where is None:
        raise NotYetError
    return where


def _all(site: Site, *names: str) -> tuple[Address, ...]:
    return tuple(_known(site, name) for name in names)


def _waterfall_to_be(site: Site) -> Address:
    if site.deployment.waterfall is None:
        raise NotYetError
    return site.deployment.waterfall.address


def _with(build: Callable[..., bytes], *names: str) -> Callable[[Site], bytes]:
    """A contract that is created with nothing but the addresses of others."""
    return lambda site: build(*_all(site, *names))


# --- Contracts with more than addresses ----------------------------------------------------------


def _manager(site: Site) -> bytes:
    if site.deployer is None:
        raise NotYetError
    return am.deploy_data(site.deployer, site.community.delays.admin, role_delays(site.community))


def _anchor(site: Site) -> bytes:
    return ta.deploy_data(_known(site, "AccessManager"), site.community.delays.signers)


def _currency(site: Site) -> bytes:
    community = site.community
    return sc.deploy_data(
        _known(site, "AccessManager"), community.currency_name, community.currency.code
    )


def _bond(site: Site) -> bytes:
    names = ("AccessManager", "SettlementCurrency", "ObjectiveDisputes")
    manager, currency, disputes = _all(site, *names)
    return ob.deploy_data(manager, currency, disputes, site.community.delays.bond)


def _holder_vote(site: Site) -> bytes:
    return hv.deploy_data(_known(site, "AccessManager"), vote_rule(site.community))


def _owner_vote(site: Site) -> bytes:
    manager, registry = _all(site, "AccessManager", "ParticipantRegistry")
    return ov.deploy_data(manager, registry, site.community.votes.owners)


def _extension(site: Site) -> bytes:
    manager, registry, currency = _all(site, *_SHARED)
    return se.deploy_data(manager, registry, currency, _waterfall_to_be(site))


def _implementation(site: Site) -> bytes:
    manager, registry, currency, extension = _all(site, *_SHARED, "SeriesExtension")
    return rr.deploy_data(manager, registry, currency, _waterfall_to_be(site), extension)


def _waterfall(site: Site) -> bytes:
    names = ("AccessManager", "StatementBook", "SettlementCurrency", "SeriesFactory")
    manager, book, currency, factory = _all(site, *names)
    return wf.deploy_data(manager, book, currency, factory, site.community.delays.rules)


def _reinvestment(site: Site) -> bytes:
    """Spending waits as long as a change of rules: both move money that others wait for."""
    manager, waterfall = _all(site, "AccessManager", "Waterfall")
    return ra.deploy_data(manager, waterfall, site.community.delays.rules)


def _policy(factory: str) -> Callable[[Site], bytes]:
    """Series and units of funds are under the same policy; each factory asks one of its own."""

    def code(site: Site) -> bytes:
        manager, made_for = _all(site, "AccessManager", factory)
        jurisdiction = site.community.jurisdiction
        first = jp.Policy(jp.Mode(jurisdiction.mode), jurisdiction.cool_off)
        return jp.deploy_data(manager, made_for, first, site.community.delays.policy)

    return code


def _market(build: Callable[..., bytes]) -> Callable[[Site], bytes]:
    def code(site: Site) -> bytes:
        manager, currency = _all(site, "AccessManager", "SettlementCurrency")
        return build(manager, currency, _all(site, "SeriesFactory", "FundUnitFactory"))

    return code


_SHARED: Final = ("AccessManager", "ParticipantRegistry", "SettlementCurrency")
_BUILDERS: Final[Mapping[str, Callable[[Site], bytes]]] = MappingProxyType(
    {
        "AccessManager": _manager,
        "ParticipantRegistry": _with(pr.deploy_data, "AccessManager"),
        "StreamRegistry": _with(sr.deploy_data, "AccessManager"),
        "MeterRegistry": _with(mr.deploy_data, "AccessManager"),
        "TelemetryAnchor": _anchor,
        "StatementBook": _with(
            sb.deploy_data, "AccessManager", "TelemetryAnchor", "StreamRegistry"
        ),
        "SettlementCurrency": _currency,
        "DisclosureRegistry": _with(dr.deploy_data, "AccessManager"),
        "ObjectiveDisputes": _with(od.deploy_data, "StatementBook", "MeterRegistry"),
        "OperatorBond": _bond,
        "HolderVote": _holder_vote,
        "OwnerVote": _owner_vote,
        "SeriesExtension": _extension,
        "RevenueRightImpl": _implementation,
        "SeriesFactory": _with(sf.deploy_data, "AccessManager", "RevenueRightImpl"),
        "Waterfall": _waterfall,
        "ReinvestmentAccount": _reinvestment,
        "JurisdictionPolicy": _policy("SeriesFactory"),
        "FundFactory": _with(
            ff.deploy_data, "AccessManager", "SettlementCurrency", "SeriesFactory"
        ),
        "FundUnitExtension": _with(se.deploy_data, *_SHARED, "FundFactory"),
        "FundUnitImpl": _with(rr.deploy_data, *_SHARED, "FundFactory", "FundUnitExtension"),
        "FundUnitFactory": _with(sf.deploy_data, "AccessManager", "FundUnitImpl"),
        "FundUnitPolicy": _policy("FundUnitFactory"),
        "Offering": _market(of.deploy_data),
        "DvpDesk": _market(dd.deploy_data),
        "HealthCheck": _with(hc.deploy_data, "AccessManager", "Waterfall"),
    }
)
