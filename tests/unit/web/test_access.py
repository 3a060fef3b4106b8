"""Filters of the access log: days with an end, and texts that a database takes."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.web.access import LogQuestion, filters


@pytest.mark.parametrize("day", ["0001-01-01", "1970-01-01", "9999-12-31", "2026-02-30", "soon"])
@pytest.mark.parametrize("field", ["since", "until"])
def test_days_that_no_clock_reaches_are_refused_by_name(field: str, day: str) -> None:
    with pytest.raises(InputError) as caught:
        filters(LogQuestion(**{field: day}), ZoneInfo("Asia/Shanghai"))  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.value) == (field, day)


def test_the_last_day_counts_to_its_end() -> None:
    found = filters(LogQuestion(since="2026-10-01", until="2026-10-01"), UTC)
    assert int(found["until"]) - int(found["since"]) == 86_400


@given(st.text(max_size=80))
def test_texts_have_nothing_that_a_database_refuses(text: str) -> None:
    found = str(filters(LogQuestion(resource=text), UTC).get("resource", ""))
    assert found == "".join(each for each in text if each.isprintable()).strip()
    assert "\x00" not in found
    found.encode()
