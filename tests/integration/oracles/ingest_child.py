"""Ingests a drop folder in a process of its own, which a test may kill.

Usage: python ingest_child.py COMMUNITY INBOX JOURNAL
"""

from __future__ import annotations

import sys
from pathlib import Path

from usufruct.clock import FixedClock
from usufruct.config import load_community
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.csv_folder import CsvFolder


def main(community_file: str, inbox: str, journal: str) -> None:
    """Ingests everything there is."""
    community = load_community(Path(community_file))
    clock = FixedClock(1_800_000_000)
    source = CsvFolder(Path(inbox), community.project.timezone, clock)
    Journal(journal, community, clock=clock, sources=[source], privacy_secret=b"s" * 32).poll()


if __name__ == "__main__":
    main(*sys.argv[1:])
