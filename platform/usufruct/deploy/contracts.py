"""Stage 1: the contracts, and whether those that are there are what the file says."""

from __future__ import annotations

from usufruct.config.offices import PEOPLE_ROLES
from usufruct.contracts import holder_vote as hv
from usufruct.contracts import operator_bond as ob
from usufruct.contracts import owner_vote as ov
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.core.keccak import keccak256
from usufruct.deploy.access import role_number
from usufruct.deploy.action import Action, Change, Transaction
from usufruct.deploy.creation import CIRCLE, NotYetError, creation_code, vote_rule
from usufruct.deploy.record import CONTRACTS
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import span
from usufruct.errors import ChainError

__all__ = ["contracts"]


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
        data = creation_code(site, name)
    except NotYetError:
        return None
    reserved = site.deployment.waterfall
    if name not in CIRCLE or reserved is None:
        return Transaction(None, data)
    return Transaction(None, data, reserved.nonce + 1 - len(CIRCLE) + CIRCLE.index(name))


def _check_constants(site: Site) -> None:
    """What constructors have fixed must still be what the file says."""
    community = site.community
    admin = site.read("AccessManager", am.admin_delay())
    signers = site.read("TelemetryAnchor", ta.signers_delay())
    rules = site.read("Waterfall", wf.rules_delay())
    owners = site.read("OwnerVote", ov.voting_time())
    bond = site.read("OperatorBond", ob.notice())
    values: list[tuple[str, object, object | None]] = [
        ("delays.admin", span(community.delays.admin), _span(admin)),
        *_office_delays(site),
        ("votes", vote_rule(community), site.read("HolderVote", hv.rule())),
        ("votes.owners", span(community.votes.owners), _span(owners)),
        ("delays.bond", span(community.delays.bond), _span(bond)),
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
    """The contracts of the circle must name each other."""
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
