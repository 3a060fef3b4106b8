"""Waterfalls of a community file, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from usufruct.contracts import Address
from usufruct.core import waterfall as core

__all__ = ["Kpi", "Trigger", "Waterfall", "WaterfallStep"]

_NOBODY: Final = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One step.

    Exactly one of `payee` and `series` is set, none for a reserve. Amounts in minor units; figures as
    in `usufruct.core.waterfall.Step`, `schedule` holds (first period, amount).
    """

    label: str
    kind: core.StepKind
    payee: Address | None
    series: str | None
    amount: int
    bp: int
    account: int
    draw_from: int
    when: core.When
    trigger: int
    purpose: core.Purpose
    schedule: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI of the operator's fee, with its name; figures as in `usufruct.core.waterfall.Kpi`."""

    name: str
    index: int
    floor_bp: int
    target_bp: int
    cap_bp: int
    weight_bp: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger, with its name."""

    name: str
    rule: core.Trigger


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Distribution rules of a stream."""

    stream: str
    stream_id: int
    steps: tuple[WaterfallStep, ...]
    kpis: tuple[Kpi, ...]
    triggers: tuple[Trigger, ...]
    min_multiplier_bp: int
    max_multiplier_bp: int
    max_change_bp: int

    def rules(self, series: Mapping[str, str]) -> core.Rules:
        """The rules with the addresses of the series, given by code, filled in."""
        return core.Rules(
            steps=tuple(_core_step(step, series) for step in self.steps),
            kpis=tuple(
                core.Kpi(kpi.index, kpi.floor_bp, kpi.target_bp, kpi.cap_bp, kpi.weight_bp)
                for kpi in self.kpis
            ),
            triggers=tuple(trigger.rule for trigger in self.triggers),
            schedule=tuple(
                core.Entry(place, period, amount)
                for place, step in enumerate(self.steps)
                for period, amount in step.schedule
            ),
            min_multiplier_bp=self.min_multiplier_bp,
            max_multiplier_bp=self.max_multiplier_bp,
            max_change_bp=self.max_change_bp,
        )


def _core_step(step: WaterfallStep, series: Mapping[str, str]) -> core.Step:
    payee = series[step.series] if step.series is not None else step.payee
    return core.Step(
        kind=step.kind,
        to_series=step.series is not None,
        payee=payee or _NOBODY,
        amount=step.amount,
        bp=step.bp,
        account=step.account,
        draw_from=step.draw_from,
        when=step.when,
        trigger=step.trigger,
        purpose=step.purpose,
    )
