"""Stage 8.

Waterfall rules. The first of a stream are in force at once, later ones wait in public.
"""

from __future__ import annotations

from collections.abc import Mapping

from usufruct.config import Waterfall
from usufruct.contracts import Address, address
from usufruct.contracts import waterfall as wf
from usufruct.core import waterfall as core
from usufruct.core.keccak import keccak256
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.offered import unfinished
from usufruct.deploy.rights import created_series
from usufruct.deploy.site import Site
from usufruct.deploy.streams import waits
from usufruct.deploy.words import moment, span

__all__ = ["rules"]


def rules(site: Site) -> list[Action]:
    """Rules that are missing or differ from the newest recorded ones."""
    series = {code: event.series for code, event in created_series(site).items()}
    return [_one(site, each, series) for each in site.community.waterfalls]


def _one(site: Site, waterfall: Waterfall, series: Mapping[str, Address]) -> Action:
    subject = f"waterfall {waterfall.stream}"
    versions = site.read("Waterfall", wf.versions_of(waterfall.stream_id))
    recorded = versions.recorded if versions is not None else 0
    wanted = _wanted(waterfall, series)
    stream = site.community.stream(waterfall.stream)
    if not recorded and waits(site, stream):
        reason = "the stream waits for its owners"
        return Action(f"wait/{subject}", Change.WAIT, subject, "record the rules", reason)
    newest = _newest(site, waterfall, recorded)
    if newest is None or newest.rules != wanted:
        offered = _offered(site, waterfall, series)
        if offered:
            reason = f"series {', '.join(offered)} can be paid once it is sealed"
            return Action(f"wait/{subject}", Change.WAIT, subject, "record the rules", reason)
        return _set(site, waterfall, wanted, first=not recorded)
    text = f"version {recorded}, {len(waterfall.steps)} steps"
    if newest.effective_at > site.now:
        since = moment(newest.effective_at)
        return Action(f"wait/{subject}", Change.WAIT, subject, text, f"in force from {since}")
    return Action(f"keep/{subject}", Change.NOTHING, subject, text, "as in the file")


def _newest(site: Site, waterfall: Waterfall, recorded: int) -> wf.RulesAtResult | None:
    return site.read("Waterfall", wf.rules_at(waterfall.stream_id, recorded)) if recorded else None


def _offered(site: Site, waterfall: Waterfall, series: Mapping[str, Address]) -> list[str]:
    """Series that the rules pay and that are still offered: the waterfall pays sealed ones only."""
    paid = sorted({step.series for step in waterfall.steps if step.series is not None})
    return [code for code in paid if unfinished(site, code, series.get(code))]


def _wanted(waterfall: Waterfall, series: Mapping[str, Address]) -> wf.Rules | None:
    """The rules for the contract, None while a series they pay does not exist."""
    if any(step.series is not None and step.series not in series for step in waterfall.steps):
        return None
    wanted = waterfall.rules(series)
    return wf.Rules(
        steps=tuple(_step(step) for step in wanted.steps),
        kpis=tuple(
            wf.Kpi(kpi.index, kpi.floor_bp, kpi.target_bp, kpi.cap_bp, kpi.weight_bp)
            for kpi in wanted.kpis
        ),
        triggers=tuple(
            wf.Trigger(wf.TriggerKind(t.kind), t.step, t.dues, t.threshold_bp, t.cure_bp)
            for t in wanted.triggers
        ),
        schedule=tuple(wf.Entry(e.step, e.from_period, e.amount) for e in wanted.schedule),
        min_multiplier_bp=wanted.min_multiplier_bp,
        max_multiplier_bp=wanted.max_multiplier_bp,
        max_change_bp=wanted.max_change_bp,
    )


def _step(step: core.Step) -> wf.Step:
    return wf.Step(
        kind=wf.StepKind(step.kind),
        to_series=step.to_series,
        purpose=wf.Purpose(step.purpose),
        when=wf.When(step.when),
        trigger=step.trigger,
        account=step.account,
        draw_from=step.draw_from,
        payee=address(step.payee),
        amount=step.amount,
        bp=step.bp,
    )


def _set(site: Site, waterfall: Waterfall, wanted: wf.Rules | None, *, first: bool) -> Action:
    call = wf.set_rules(waterfall.stream_id, wanted) if wanted is not None else None
    version = keccak256(call.data).hex()[:16] if call is not None else ""
    wait = "in force at once" if first else f"in force after {span(site.community.delays.rules)}"
    return Action(
        key=f"waterfall/{waterfall.stream_id}/{version}",
        change=Change.CREATE if first else Change.CHANGE,
        subject=f"waterfall {waterfall.stream}",
        detail=f"{len(waterfall.steps)} steps, {wait}",
        reason="no rules" if first else "the chain has other rules",
        office="issuer",
        transaction=None if call is None else calling(site.address("Waterfall"), call),
        # Setting the same rules again would make them wait once more.
        done=None if wanted is None else lambda: _recorded(site, waterfall, wanted),
    )


def _recorded(site: Site, waterfall: Waterfall, wanted: wf.Rules) -> bool:
    versions = site.read("Waterfall", wf.versions_of(waterfall.stream_id))
    if versions is None or not versions.recorded:
        return False
    newest = site.read("Waterfall", wf.rules_at(waterfall.stream_id, versions.recorded))
    return newest is not None and newest.rules == wanted
