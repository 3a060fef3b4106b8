"""Stage 2.

Who may do what. Roles, the functions they open, the registrars, and the book's one waterfall.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from usufruct.config.model import CONTRACT_ROLES, ROLES
from usufruct.contracts import ZERO_ADDRESS, Address, Call
from usufruct.contracts import access_manager as am
from usufruct.contracts import participant_registry as pr
from usufruct.contracts import statement_book as sb
from usufruct.core.keccak import keccak256
from usufruct.deploy.access import ACCESS, role_number, selectors
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site

__all__ = ["offices"]

_PAGE: Final = 50


def offices(site: Site) -> list[Action]:
    """Functions opened, roles granted and revoked, registrars appointed, the waterfall named."""
    return [*_functions(site), *_grants(site), *_registrars(site), *_waterfall(site)]


# --- Functions -----------------------------------------------------------------------------------


def _functions(site: Site) -> Iterator[Action]:
    groups: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for target in ACCESS:
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
        yield _batch(
            site,
            "functions",
            f"open to offices: {detail}",
            "not opened as intended",
            calls if ready else [],
        )
    else:
        count = sum(len(selectors(target)) for target in ACCESS)
        yield _kept("functions", f"{count} restricted functions")


def _present_roles(site: Site, target: str, chosen: list[bytes]) -> Sequence[object]:
    """The role each selector is open to; administrators (0) if nothing was said."""
    where = site.address(target)
    if where is None:
        return [0] * len(chosen)
    return site.read_many(
        "AccessManager", [am.get_target_function_role(where, selector) for selector in chosen]
    )


# --- Roles ---------------------------------------------------------------------------------------


def _grants(site: Site) -> Iterator[Action]:
    wanted = _wanted(site)
    members = _members(site, wanted)
    granting = sorted(wanted - members)
    revoking = sorted(members - wanted)
    for page in _pages(granting):
        calls = [am.grant_role(role, account, 0) for role, account in page]
        yield _batch(site, "roles", f"grant {_named(page)}", "in the file, not on the chain", calls)
    for page in _pages(revoking):
        calls = [am.revoke_role(role, account) for role, account in page]
        yield _batch(
            site, "roles", f"revoke {_named(page)}", "on the chain, not in the file", calls
        )
    if not granting and not revoking:
        yield _kept("roles", f"{len(wanted)} grants")


def _wanted(site: Site) -> set[tuple[int, Address]]:
    """Roles of people as in the file, and those of the contracts that exist by now."""
    people = {
        (role_number(office), account)
        for office, accounts in site.community.roles.items()
        for account in accounts
    }
    held = ((office, site.address(contract)) for office, contract in CONTRACT_ROLES.items())
    return people | {(role_number(office), where) for office, where in held if where is not None}


def _members(site: Site, wanted: set[tuple[int, Address]]) -> set[tuple[int, Address]]:
    """Who holds a role without delay, among those in the file and all who were ever granted one."""
    manager = site.address("AccessManager")
    if manager is None:
        return set()
    candidates = set(wanted)
    for log in site.logs(manager, [am.RoleGranted.TOPIC]):
        granted = am.RoleGranted.decode(log.topics, log.data)
        if granted.role_id < len(ROLES):
            candidates.add((granted.role_id, granted.account))
    ordered = sorted(candidates)
    answers = site.read_many("AccessManager", [am.has_role(*each) for each in ordered])
    return {
        each
        for each, answer in zip(ordered, answers, strict=True)
        if isinstance(answer, am.HasRoleResult) and answer.is_member and not answer.execution_delay
    }


def _named(page: Iterable[tuple[int, Address]]) -> str:
    return "; ".join(f"{ROLES[role]} {account}" for role, account in page)


# --- Registrars and the waterfall ----------------------------------------------------------------


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
        yield _kept("registrars", f"{len(wanted)} appointed")


def _waterfall(site: Site) -> Iterator[Action]:
    book, waterfall = site.address("StatementBook"), site.address("Waterfall")
    present = site.read("StatementBook", sb.waterfall())
    if present is not None and present != ZERO_ADDRESS:
        yield _kept("StatementBook", f"settled by {present}")
        return
    call = sb.set_waterfall(waterfall) if waterfall else None
    yield Action(
        key="book/waterfall",
        change=Change.CREATE,
        subject="StatementBook",
        detail="name the Waterfall that may settle",
        reason="not named; it can be named once",
        office="admin",
        transaction=calling(book, call) if call else None,
    )


# --- Helpers -------------------------------------------------------------------------------------


def _kept(subject: str, detail: str) -> Action:
    return Action(f"keep/{subject}", Change.NOTHING, subject, detail, "as in the file")


def _batch(
    site: Site, subject: str, detail: str, reason: str, calls: Sequence[Call[Any]]
) -> Action:
    """One transaction of AccessManager that makes all the calls, or none of them."""
    batch = am.multicall([call.data for call in calls])
    return Action(
        key=f"{subject}/{keccak256(batch.data).hex()[:16]}",
        change=Change.CREATE if "revoke" not in detail else Change.CHANGE,
        subject=subject,
        detail=detail,
        reason=reason,
        office="admin",
        transaction=calling(site.address("AccessManager"), batch) if calls else None,
    )


def _pages(items: list[tuple[int, Address]]) -> Iterator[list[tuple[int, Address]]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]
