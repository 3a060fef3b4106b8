"""Stage 2.

Who may do what. Roles, the functions they open, the registrars, and what contracts are told about
each other. At its end the set-up is finished and all delays are in force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from usufruct.contracts import ZERO_ADDRESS, Address, Call
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import series_factory as sf
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts import waterfall as wf
from usufruct.deploy.access import TARGETS, role_number, selectors
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.batch import announced_batch, kept
from usufruct.deploy.grants import grants
from usufruct.deploy.site import Site
from usufruct.deploy.words import span

__all__ = ["offices"]

_Link = tuple[str, str, Callable[[], Call[Address]], Callable[[Address], Call[None]]]

_LINKS: Final[tuple[_Link, ...]] = (
    ("StatementBook", "Waterfall", sb.waterfall, sb.set_waterfall),
    ("StatementBook", "ObjectiveDisputes", sb.chamber, sb.set_chamber),
    ("StreamRegistry", "OwnerVote", sr.owner_vote, sr.set_owner_vote),
    ("Waterfall", "HolderVote", wf.holder_vote, wf.set_holder_vote),
    ("SeriesFactory", "JurisdictionPolicy", sf.policy, sf.set_policy),
    ("FundUnitFactory", "FundUnitPolicy", sf.policy, sf.set_policy),
    ("SeriesFactory", "DisclosureRegistry", sf.disclosures, sf.set_disclosures),
    ("FundUnitFactory", "DisclosureRegistry", sf.disclosures, sf.set_disclosures),
    ("FundFactory", "FundUnitFactory", ff.unit_factory, ff.set_units),
)
"""Contract, the one it is told about, how to read and how to write what it knows."""


def offices(site: Site) -> list[Action]:
    """Functions opened, roles granted and revoked, registrars appointed, contracts named."""
    wiring = [*_functions(site), *grants(site), *_registrars(site), *_links(site)]
    return [*wiring, *_finish(site, wired=not any(action.sends for action in wiring))]


# --- Functions -----------------------------------------------------------------------------------


def _functions(site: Site) -> Iterator[Action]:
    groups: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for target in TARGETS:
        wanted = selectors(target)
        for (selector, office), role in zip(
            wanted.items(), _present_roles(site, target, list(wanted)), strict=True
        ):
            if role != role_number(office):
                groups[target, office].append(selector)
    calls = []
    for (target, office), chosen in groups.items():
        where = site.address(target)
        if where is not None:
            calls.append(am.set_target_function_role(where, chosen, role_number(office)))
    detail = "; ".join(
        f"{target}: {len(chosen)} to {office}" for (target, office), chosen in groups.items()
    )
    if groups:
        ready = len(calls) == len(groups)
        yield announced_batch(
            site,
            "functions",
            f"open to offices: {detail}",
            "not opened as intended",
            calls if ready else [],
        )
    else:
        count = sum(len(selectors(target)) for target in TARGETS)
        yield kept("functions", f"{count} restricted functions")


def _present_roles(site: Site, target: str, chosen: list[bytes]) -> Sequence[object]:
    """The role each selector is open to; administrators (0) if nothing was said."""
    where = site.address(target)
    if where is None:
        return [0] * len(chosen)
    return site.read_many(
        "AccessManager", [am.get_target_function_role(where, selector) for selector in chosen]
    )


# --- Registrars and links ------------------------------------------------------------------------


def _registrars(site: Site) -> Iterator[Action]:
    registry = site.address("ParticipantRegistry")
    wanted = set(site.community.roles["registrar"])
    appointed: set[Address] = set()
    for log in site.logs(registry, [pr.RegistrarAppointed.TOPIC]):
        event = pr.RegistrarAppointed.decode(log.topics, log.data)
        (appointed.add if event.appointed else appointed.discard)(event.registrar)
    changes = [(each, True) for each in sorted(wanted - appointed)]
    changes += [(each, False) for each in sorted(appointed - wanted)]
    for account, appoint in changes:
        verb = "appoint" if appoint else "dismiss"
        yield Action(
            key=f"registrar/{account}/{verb}",
            change=Change.CREATE if appoint else Change.CHANGE,
            subject="registrars",
            detail=f"{verb} {account}",
            reason="in the file, not on the chain" if appoint else "on the chain, not in the file",
            office="admin",
            transaction=calling(registry, pr.appoint_registrar(account, appoint)),
        )
    if not changes:
        yield kept("registrars", f"{len(wanted)} appointed")


def _links(site: Site) -> Iterator[Action]:
    """What a contract is told once about another that was made after it."""
    for name, other, found, call in _LINKS:
        where, told = site.address(name), site.address(other)
        present = site.read(name, found())
        if present is not None and present != ZERO_ADDRESS:
            yield kept(name, f"knows {other} {present}")
            continue
        yield Action(
            key=f"link/{name}/{other}",
            change=Change.CREATE,
            subject=name,
            detail=f"name the {other}",
            reason="not named; it can be named once",
            office="admin",
            transaction=calling(where, call(told)) if told else None,
        )


# --- The end of the set-up -----------------------------------------------------------------------


def _finish(site: Site, *, wired: bool) -> Iterator[Action]:
    """All delays come into force once everything else of this stage is done."""
    delays = site.community.delays
    detail = f"changes of access wait {span(delays.admin)}"
    for kind, waits in (("grants", delays.grant), ("calls", delays.execution)):
        parts = [f"{office} {span(seconds)}" for office, seconds in waits.items() if seconds]
        detail += f"; {kind} wait: {', '.join(parts)}" if parts else ""
    if site.read("AccessManager", am.setting_up()) is False:
        yield kept("delays", detail)
        return
    yield Action(
        key="delays/finish",
        change=Change.CREATE,
        subject="delays",
        detail=f"finish the set-up: {detail}",
        reason="everything is wired",
        office="admin",
        transaction=calling(site.address("AccessManager"), am.finish_setup()) if wired else None,
    )
