"""What callers may ask."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from usufruct.api.params import PageQuery, PayoutQuery, moment_of, wallet_bytes
from usufruct.api.render import rfc3339
from usufruct.contracts import address
from usufruct.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(st.binary(min_size=20, max_size=20))
def test_addresses_in_lower_case_and_with_checksum_are_the_same(raw: bytes) -> None:
    assert wallet_bytes(address(raw)) == wallet_bytes("0x" + raw.hex()) == raw


@given(st.text(max_size=41))
def test_any_other_text_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(InputError) as caught:
        wallet_bytes(text)
    assert caught.value.remedy


def test_a_wrong_checksum_is_told_apart_from_a_malformed_address() -> None:
    right = address(bytes(range(0xA0, 0xB4)))
    flipped = right[:2] + right[2:].swapcase()
    with pytest.raises(InputError, match="checksum"):
        wallet_bytes(flipped)
    with pytest.raises(InputError, match="not an address"):
        wallet_bytes(right[:-1])


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-10-01", "2026-09-30T16:00:00Z", "2026-10-01T15:59:59Z"),
        ("2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-10-01t00:00:00z", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-10-01 08:00:00+08:00", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-10-01T08:00:00 08:00", "2026-10-01T00:00:00Z", "2026-10-01T00:00:00Z"),
        ("2026-10-01T00:00:00.75-01:30", "2026-10-01T01:30:00Z", "2026-10-01T01:30:00Z"),
    ],
)
def test_dates_are_days_of_the_project_and_times_are_exact(
    text: str, first: str, last: str
) -> None:
    assert tuple(rfc3339(each) for each in moment_of(text, SHANGHAI)) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2026",
            "2026-10",
            "2026-02-30",
            "2026-10-01T00:00:00",
            "2026-10-01T24:00:01Z",
            "20261001",
        ),
        *(
            "tomorrow",
            "2026-10-01Z",
            "２０２６-10-01",
            "2026-10-01T00:00Z",
            "-2026-10-01",
            "2026-W40-4",
        ),
        *("0001-01-01", "1970-01-01", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"),
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        moment_of(text, UTC)
    assert caught.value.field == "as_of_date"


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser_of_times(text: str) -> None:
    try:
        first, last = moment_of(text, SHANGHAI)
        assert first <= last
    except InputError:
        pass


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.0", "+1", "1_0", " 1", "", "١", "9" * 30])
def test_only_plain_limits_in_range_pass(limit: str) -> None:
    with pytest.raises(ValidationError):
        PageQuery(limit=limit)  # type: ignore[arg-type]


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError):
        PayoutQuery(order="amount")  # type: ignore[call-arg]
    assert PayoutQuery(limit="200").limit == 200  # type: ignore[arg-type]
