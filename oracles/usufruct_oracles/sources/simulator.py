"""A source that makes a synthetic month up as it goes, without a folder."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass

from usufruct.clock import Clock
from usufruct.config import Community
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.settings import Section
from usufruct_oracles.simulate import day_files, month_days
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.opening import Kind, Surroundings

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])", re.ASCII)


class Simulator:
    """The simulated files of one month, each once its day is over.

    Args:
        community: The community.
        month: "YYYY-MM".
        seed: Seed of the simulation.
        faults: Whether to put in the labelled faults.
        clock: Says which days are over.
    """

    def __init__(
        self, community: Community, month: str, seed: int, clock: Clock, *, faults: bool
    ) -> None:
        self._community = community
        self._days = month_days(month)
        self._seed = seed
        self._faults = faults
        self._clock = clock
        self._delivered = 0

    def poll(self) -> Generator[SourceFile, None, None]:
        """The files of the days that are over and were not delivered yet.

        A day counts as delivered when all of its files were taken: if one fails, all come again.
        """
        catalog = catalog_of(self._community)
        while self._delivered < len(self._days):
            day = self._days[self._delivered]
            if catalog.day(day)[1] > self._clock.now():
                return
            yield from day_files(self._community, day, self._seed, faults=self._faults)
            self._delivered += 1


@dataclass(frozen=True, slots=True)
class SimulatorSource:
    """Readings made by the seeded simulator for `month` ("YYYY-MM"), with labelled faults or none."""

    seed: int
    month: str
    faults: bool

    def open(self, surroundings: Surroundings) -> Simulator:
        """The simulator as a source."""
        return Simulator(
            surroundings.community, self.month, self.seed, surroundings.clock, faults=self.faults
        )


def _read(section: Section) -> SimulatorSource:
    month = section.get("month", str)
    if not _MONTH.fullmatch(month):
        raise section.error("month", month, '"YYYY-MM"', "correct the value")
    return SimulatorSource(section.get("seed", int), month, section.get("faults", bool, True))


KIND = Kind(keys={"seed", "month", "faults"}, read=_read)
"""`kind = "simulator"`."""
