"""Ingests a drop folder and the chargers' heartbeats in a process of its own, which a test may kill.

Arguments: COMMUNITY INBOX JOURNAL
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from usufruct.clock import FixedClock
from usufruct.config import Community, Meter, load_community
from usufruct.core.signing import sign_record
from usufruct.keys import dev_meter_key
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources import alive
from usufruct_oracles.sources.csv_folder import CsvFolder
from usufruct_oracles.sources.messages import Message


class Heartbeats:
    """Delivers the same heartbeats of the charging stations again and again."""

    def __init__(self, community: Community) -> None:
        self._meters = [each for each in community.meters if each.stream == "EV"]

    def poll(self) -> Sequence[Message]:
        return [_heartbeat(each) for each in self._meters]

    def taken(self, messages: Sequence[Message]) -> None:
        pass


def _heartbeat(meter: Meter) -> Message:
    payload = alive.heartbeat_payload(meter.stream, meter.code, "2026-09-01", 1)
    signature = sign_record(meter.scheme, dev_meter_key(meter.code), payload)
    return Message("test", meter.stream, meter.code, alive.FORM, payload, meter.scheme, signature)


def run() -> None:
    """Ingests everything there is."""
    community_file, inbox, journal = sys.argv[1:]
    community = load_community(Path(community_file))
    clock = FixedClock(1_800_000_000)
    source = CsvFolder(Path(inbox), community.project.timezone, clock)
    sources = [source, Heartbeats(community)]
    Journal(journal, community, clock=clock, sources=sources, privacy_secret=b"s" * 32).poll()
