"""Who holds which office: grants and revocations, offers to administrators and their acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from usufruct.config.offices import CONTRACT_ROLES, ROLES
from usufruct.contracts import Address
from usufruct.contracts import usufruct_access_manager as am
from usufruct.contracts.shared import RoleGranted
from usufruct.deploy.access import role_number
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.batch import batch, kept
from usufruct.deploy.site import Site
from usufruct.deploy.words import moment

__all__ = ["grants"]

_PAGE: Final = 50
_ADMIN: Final = 0
_Grant = tuple[int, Address]


def grants(site: Site) -> Iterator[Action]:
    """Roles granted and revoked, administrators offered and accepted; grants that still wait."""
    wanted = _wanted(site)
    since = _members(site, wanted)
    granting = sorted(wanted - since.keys())
    revoking = sorted(since.keys() - wanted)
    for page in _pages([each for each in granting if each[0] != _ADMIN]):
        calls = [am.grant_role(role, account, 0) for role, account in page]
        yield batch(site, "roles", f"grant {_named(page)}", "in the file, not on the chain", calls)
    for role, account in granting:
        if role == _ADMIN:
            yield _admin(site, account)
    for page in _pages(revoking):
        calls = [am.revoke_role(role, account) for role, account in page]
        yield batch(site, "roles", f"revoke {_named(page)}", "on the chain, not in the file", calls)
    waiting = sorted(each for each in wanted & since.keys() if since[each] > site.now)
    for each in waiting:
        reason = f"takes effect on {moment(since[each])}"
        yield Action(f"wait/{each}", Change.WAIT, "roles", f"granted {_named([each])}", reason)
    if not granting and not revoking:
        yield kept("roles", f"{len(wanted)} grants")


def _wanted(site: Site) -> set[_Grant]:
    """Roles of people as in the file, and those of the contracts that exist by now."""
    people = {
        (role_number(office), account)
        for office, accounts in site.community.roles.items()
        for account in accounts
    }
    held = ((office, site.address(contract)) for office, contract in CONTRACT_ROLES.items())
    return people | {(role_number(office), where) for office, where in held if where is not None}


def _members(site: Site, wanted: set[_Grant]) -> dict[_Grant, int]:
    """Who holds a role or will, with the time from which; of those in the file and all who were
    ever granted one."""
    manager = site.address("AccessManager")
    if manager is None:
        # Whoever deploys is administrator from the start: without a key at hand, the first of the file.
        return {(0, site.deployer or site.community.roles["admin"][0]): 1}
    candidates = set(wanted)
    for log in site.logs(manager, [RoleGranted.TOPIC]):
        granted = RoleGranted.decode(log.topics, log.data)
        candidates.add((granted.role_id, granted.account))
    ordered = sorted(candidates)
    answers = site.read_many("AccessManager", [am.get_access(*each) for each in ordered])
    return {
        each: answer.since
        for each, answer in zip(ordered, answers, strict=True)
        if isinstance(answer, am.GetAccessResult) and answer.since
    }


def _admin(site: Site, account: Address) -> Action:
    """The next step of a new administrator: offered by another, accepted by the account itself."""
    manager = site.address("AccessManager")
    offer = site.read("AccessManager", am.admin_offer(account))
    key, subject = f"admin/{account}", "administrators"
    if offer is None or not offer.accept_from or offer.expires <= site.now:
        call = am.offer_admin(account, 0)
        return Action(
            key=f"{key}/offer",
            change=Change.CREATE,
            subject=subject,
            detail=f"offer admin to {account}",
            reason="in the file, not on the chain",
            office="admin",
            transaction=calling(manager, call),
        )
    if offer.accept_from > site.now:
        reason = f"may be accepted from {moment(offer.accept_from)}"
        return Action(f"wait/{key}", Change.WAIT, subject, f"offered to {account}", reason)
    if not site.signs_for(account):
        reason = f"{account} must accept by {moment(offer.expires)}; its key is not at hand"
        return Action(f"wait/{key}", Change.WAIT, subject, f"offered to {account}", reason)
    return Action(
        key=f"{key}/accept/{offer.accept_from}",
        change=Change.CREATE,
        subject=subject,
        detail=f"{account} accepts",
        reason="offered",
        transaction=calling(manager, am.accept_admin()),
        account=account,
    )


def _named(page: Iterable[_Grant]) -> str:
    return "; ".join(f"{ROLES[role]} {account}" for role, account in page)


def _pages(items: list[_Grant]) -> Iterator[list[_Grant]]:
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]
