"""Names from the community file that never reach the chain: of periods, series and waterfall steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from usufruct.config import Community
from usufruct.core.periods import period_name

__all__ = ["Labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call things; empty where no community file was given."""

    project: str | None = None
    timezone: tzinfo = UTC
    first_period: str | None = None
    series: Mapping[str, str] = field(default_factory=dict)
    """Code of a series by its address in lower case."""
    steps: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Labels of the waterfall's steps by stream number, in their order."""

    @classmethod
    def of(cls, community: Community, series: Mapping[str, str]) -> Self:
        """The labels of a community whose `series` (addresses by code) are deployed."""
        return cls(
            project=community.project.name,
            timezone=ZoneInfo(community.project.timezone),
            first_period=community.project.first_period,
            series={address.lower(): code for code, address in series.items()},
            steps={
                each.stream_id: tuple(step.label for step in each.steps)
                for each in community.waterfalls
            },
        )

    def period(self, number: int) -> str | None:
        """The month of a period as "YYYY-MM"."""
        return None if self.first_period is None else period_name(self.first_period, number)

    def step(self, stream: int, place: int, count: int) -> str | None:
        """The label of a step, where the file describes as many steps as there are on the chain."""
        labels = self.steps.get(stream, ())
        return labels[place] if len(labels) == count else None
