"""Daylight-saving rules of LocalTimeParameters, against the time-zone database."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct_oracles.sources.espi_time import LocalTime, parse_rule

NEW_YORK = LocalTime(-18_000, 3600, parse_rule("360E2000"), parse_rule("B40E2000"))
BERLIN = LocalTime(3600, 3600, parse_rule("3E0E2000"), parse_rule("AE0E3000"))
SYDNEY = LocalTime(36_000, 3600, parse_rule("A40E2000"), parse_rule("440E3000"))


@pytest.mark.parametrize(
    ("time", "name"),
    [(NEW_YORK, "America/New_York"), (BERLIN, "Europe/Berlin"), (SYDNEY, "Australia/Sydney")],
)
@given(moment=st.integers(int(datetime(2009, 1, 1, tzinfo=UTC).timestamp()), 2_000_000_000))
def test_rules_agree_with_the_time_zone_database(time: LocalTime, name: str, moment: int) -> None:
    offset = datetime.fromtimestamp(moment, ZoneInfo(name)).utcoffset()
    assert offset is not None
    assert time.offset_at(moment) == offset.total_seconds()


def test_no_rule_means_no_daylight_saving() -> None:
    assert parse_rule("FFFFFFFF") is None
    assert LocalTime(28_800, 3600, None, None).offset_at(1_700_000_000) == 28_800


@pytest.mark.parametrize(
    "text", ["", "0", "GGGGGGGG", "060E2000", "D60E2000", "361FF000", "30000000", "36002000"]
)
def test_other_texts_are_no_rules(text: str) -> None:
    with pytest.raises(InputError, match="daylight-saving"):
        parse_rule(text)
