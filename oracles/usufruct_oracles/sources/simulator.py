"""A source that makes a synthetic month up as it goes, without a folder."""

from __future__ import annotations

from collections.abc import Generator

from usufruct.clock import Clock
from usufruct.config import Community
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.simulate import day_files, month_days
from usufruct_oracles.sources.base import SourceFile


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
