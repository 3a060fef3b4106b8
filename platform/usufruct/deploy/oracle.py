"""Stage 6.

The oracle quorum. The first signer table is active at once, later ones wait in public.
"""

from __future__ import annotations

from usufruct.contracts import telemetry_anchor as ta
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site
from usufruct.deploy.words import moment, span

__all__ = ["oracle"]

_SUBJECT = "oracle signers"


def oracle(site: Site) -> list[Action]:
    """A signer table to be scheduled or activated, if the file names another than the chain."""
    wanted = (site.community.oracle.signers, site.community.oracle.threshold)
    found = site.read("TelemetryAnchor", ta.signers_of())
    active = (tuple(found.signers), found.threshold) if found is not None else ((), 0)
    pending = _pending(site)
    target = (tuple(pending.signers), pending.threshold) if pending is not None else active
    if target != wanted:
        return [_schedule(site, first=not active[0])]
    if pending is None:
        text = f"{wanted[1]} of {len(wanted[0])}"
        return [Action("keep/signers", Change.NOTHING, _SUBJECT, text, "as in the file")]
    if site.now < pending.active_from:
        until = moment(pending.active_from)
        reason = f"may be activated from {until}"
        return [Action("wait/signers", Change.WAIT, _SUBJECT, "scheduled", reason)]
    return [
        Action(
            key=f"signers/activate/{pending.active_from}",
            change=Change.CHANGE,
            subject=_SUBJECT,
            detail="activate the scheduled table",
            reason="its waiting time is over",
            transaction=calling(site.address("TelemetryAnchor"), ta.activate_signers()),
        )
    ]


def _pending(site: Site) -> ta.SignersScheduled | None:
    """The scheduled table that is not active yet; events tell, there is no view."""
    topics = [[ta.SignersScheduled.TOPIC, ta.SignersActivated.TOPIC]]
    last = None
    for log in site.logs(site.address("TelemetryAnchor"), topics):
        last = log
    if last is None or last.topics[0] == ta.SignersActivated.TOPIC:
        return None
    return ta.SignersScheduled.decode(last.topics, last.data)


def _schedule(site: Site, *, first: bool) -> Action:
    oracle_ = site.community.oracle
    call = ta.schedule_signers(oracle_.signers, oracle_.threshold)
    wait = "active at once" if first else f"active after {span(site.community.delays.signers)}"
    return Action(
        key=f"signers/schedule/{oracle_.threshold}/{'-'.join(oracle_.signers)}",
        change=Change.CREATE if first else Change.CHANGE,
        subject=_SUBJECT,
        detail=f"{oracle_.threshold} of {len(oracle_.signers)}, {wait}",
        reason="no signers" if first else "the chain has other signers",
        office="oracle_admin",
        transaction=calling(site.address("TelemetryAnchor"), call),
    )
