"""The windows of batches: one local day each, in the project's time zone."""

from __future__ import annotations

from dataclasses import dataclass

from usufruct.core.periods import day_bounds, day_of, period_bounds, period_of


@dataclass(frozen=True, slots=True)
class Calendar:
    """A project's calendar: its time zone and its first period ("YYYY-MM")."""

    timezone: str
    first_period: str

    def window_after(self, time: int) -> Window:
        """The window that begins at `time` and ends with the local day that `time` lies in."""
        day = day_of(time, self.timezone)
        to = day_bounds(day, self.timezone)[1]
        period = period_of(self.first_period, time, self.timezone)
        closes = to == self.bounds(period)[1]
        return Window(time, to, day.isoformat(), period, closes)

    def bounds(self, period: int) -> tuple[int, int]:
        """Start and end of a period, unix seconds."""
        return period_bounds(self.first_period, period, self.timezone)


@dataclass(frozen=True, slots=True)
class Window:
    """What one batch covers.

    Attributes:
        from_: Start, unix seconds.
        to: End.
        day: The local day, "YYYY-MM-DD".
        period: Number of the period it lies in.
        closes: Whether it ends with the period.
    """

    from_: int
    to: int
    day: str
    period: int
    closes: bool
