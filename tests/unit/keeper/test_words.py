"""What the keeper says."""

from __future__ import annotations

from usufruct.keeper.push import as_addresses
from usufruct.keeper.site import when


def test_times_are_written_for_people() -> None:
    assert when(1_790_000_000) == "2026-09-21 14:13:20Z"


def test_addresses_have_their_checksum() -> None:
    raw = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")
    assert as_addresses([raw]) == ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]
