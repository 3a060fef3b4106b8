"""Calls of offices that must be announced before they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from usufruct.contracts import usufruct_access_manager as am
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.batch import scheduled
from usufruct.deploy.site import Site
from usufruct.deploy.words import moment, span

__all__ = ["announced"]


def announced(site: Site, actions: Iterable[Action]) -> Iterator[Action]:
    """The actions, with each that has to wait replaced by its announcement or by the waiting."""
    delays = site.community.delays.execution
    waits = any(delays.values()) and site.read("AccessManager", am.setting_up()) is False
    for action in actions:
        if waits and action.sends and delays.get(action.office or ""):
            yield _step(site, action)
        else:
            yield action


def _step(site: Site, action: Action) -> Action:
    transaction, office = action.transaction, str(action.office)
    if transaction is None or transaction.to is None:
        return action
    time = scheduled(site, site.signer(office), transaction.to, transaction.data)
    if time and time <= site.now:
        return action
    if time:
        return replace(
            action,
            key=f"wait/{action.key}",
            change=Change.WAIT,
            reason=f"announced; may be done from {moment(time)}",
            transaction=None,
        )
    wait = span(site.community.delays.execution[office])
    call = am.schedule(transaction.to, transaction.data, 0)
    return replace(
        action,
        key=f"announce/{action.key}",
        detail=f"announce: {action.detail}, to be done after {wait}",
        transaction=calling(site.address("AccessManager"), call),
        done=None,
    )
