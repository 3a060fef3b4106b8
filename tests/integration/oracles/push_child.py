"""Serves the push listener of a worker's configuration in a process of its own, which a test may kill.

Usage: python push_child.py CONFIG COMMUNITY
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from pathlib import Path

from usufruct.clock import FixedClock
from usufruct.config import load_community
from usufruct_oracles.settings import read_document
from usufruct_oracles.sources.kinds import KINDS
from usufruct_oracles.sources.opening import Surroundings


def main(config: str, community: str) -> None:
    """Serves until it is killed."""
    (section,) = read_document(Path(config)).one_or_more("source")
    with ExitStack() as stack:
        clock = FixedClock(1_800_000_000)
        around = Surroundings(load_community(Path(community)), clock, 31_337, stack)
        KINDS["push"].read(section).open(around)
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
