"""Actions of the administrators: many calls of the access manager in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from usufruct.contracts import Address, Call
from usufruct.contracts import usufruct_access_manager as am
from usufruct.core.keccak import keccak256
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site
from usufruct.deploy.words import moment

__all__ = ["announced_batch", "batch", "kept", "scheduled"]


def kept(subject: str, detail: str) -> Action:
    """What is as in the file."""
    return Action(f"keep/{subject}", Change.NOTHING, subject, detail, "as in the file")


def batch(site: Site, subject: str, detail: str, reason: str, calls: Sequence[Call[Any]]) -> Action:
    """One transaction of the access manager that makes all the calls, or none of them."""
    together = am.multicall([call.data for call in calls])
    return Action(
        key=f"{subject}/{keccak256(together.data).hex()[:16]}",
        change=Change.CREATE if "revoke" not in detail else Change.CHANGE,
        subject=subject,
        detail=detail,
        reason=reason,
        office="admin",
        transaction=calling(site.address("AccessManager"), together) if calls else None,
    )


def announced_batch(
    site: Site, subject: str, detail: str, reason: str, calls: Sequence[Call[Any]]
) -> Action:
    """The same for calls that wait for the administrators' delay once the set-up is finished.

    They are announced first, and carried out by the run that finds their time has come.
    """
    manager = site.address("AccessManager")
    delay = site.community.delays.admin
    if manager is None or not calls or not delay or site.read("AccessManager", am.setting_up()):
        return batch(site, subject, detail, reason, calls)
    times = [scheduled(site, site.signer("admin"), manager, call.data) for call in calls]
    if not all(times):
        missing = [
            am.schedule(manager, call.data, 0)
            for call, time in zip(calls, times, strict=True)
            if not time
        ]
        return batch(site, f"{subject}/announce", f"announce: {detail}", reason, missing)
    if max(times) > site.now:
        wait = f"announced; takes effect from {moment(max(times))}"
        return Action(f"wait/{subject}", Change.WAIT, subject, detail, wait)
    return batch(site, subject, detail, reason, calls)


def scheduled(site: Site, caller: Address, target: Address, data: bytes) -> int:
    """Time from which an announced call may be made, 0 if it is not announced."""
    operation = site.read("AccessManager", am.hash_operation(caller, target, data))
    return 0 if operation is None else site.read("AccessManager", am.get_schedule(operation)) or 0
