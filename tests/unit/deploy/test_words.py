from __future__ import annotations

import pytest

from usufruct.core.periods import parse_duration
from usufruct.deploy.words import day, moment, percentage, shortened, span
from usufruct.keys import dev_address


@pytest.mark.parametrize("text", ["1s", "90s", "1m", "15m", "1h", "36h", "1d", "3d", "7d", "2w"])
def test_durations_are_written_as_the_file_writes_them(text: str) -> None:
    assert span(parse_duration(text)) == text


def test_no_time_at_all_is_no_seconds() -> None:
    assert span(0) == "0s"


@pytest.mark.parametrize(
    ("points", "text"), [(0, "0%"), (1, "0.01%"), (600, "6%"), (1_250, "12.5%"), (10_000, "100%")]
)
def test_shares_are_written_as_the_file_writes_them(points: int, text: str) -> None:
    assert percentage(points) == text


def test_times_are_dates() -> None:
    assert day(22_279) == "2030-12-31"
    assert moment(1_788_192_000) == "2026-08-31 16:00 UTC"


def test_addresses_are_cut() -> None:
    assert shortened(f"to {dev_address(0)}; and") == "to 0xf39F…2266; and"
