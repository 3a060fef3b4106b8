"""The next payment: what is known is never mixed with what is only expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.web.coming import Past, Stated, coming, expected_amount

DAY = 86_400
PERIOD = (30 * DAY, 60 * DAY)
WINDOW = 3 * DAY
PAST = [Past(30 * DAY, 34 * DAY), Past(0, 5 * DAY), Past(-30 * DAY, 0)]
"""Four, five and thirty days after the end of their periods."""


@pytest.mark.parametrize(
    ("now", "stated", "stage", "earliest", "expected"),
    [
        (40 * DAY, None, "running", 63 * DAY, 65 * DAY),
        (61 * DAY, None, "awaited", 64 * DAY, 65 * DAY),
        (90 * DAY, None, "awaited", 93 * DAY, 93 * DAY),
        (61 * DAY, Stated("attested", 64 * DAY), "attested", 64 * DAY, 65 * DAY),
        (61 * DAY, Stated("attested", 70 * DAY), "attested", 70 * DAY, 70 * DAY),
        (71 * DAY, Stated("final", 70 * DAY), "final", 71 * DAY, 71 * DAY),
        (61 * DAY, Stated("disputed", 64 * DAY), "disputed", None, None),
        (61 * DAY, Stated("voided", 64 * DAY), "awaited", 64 * DAY, 65 * DAY),
    ],
)
def test_each_stage_says_what_is_known_and_what_to_expect(
    now: int, stated: Stated | None, stage: str, earliest: int | None, expected: int | None
) -> None:
    found = coming(now, PERIOD, WINDOW, stated, PAST, over=False)
    assert (found.stage, found.earliest, found.expected) == (stage, earliest, expected)


def test_without_a_calendar_or_payments_nothing_is_expected() -> None:
    assert coming(0, None, WINDOW, None, PAST, over=False).expected is None
    found = coming(40 * DAY, PERIOD, WINDOW, None, [], over=False)
    assert (found.earliest, found.expected, found.payments) == (63 * DAY, None, 0)
    assert coming(0, PERIOD, WINDOW, None, PAST, over=True).earliest is None


@given(
    st.integers(0, 200 * DAY),
    st.none()
    | st.builds(
        Stated,
        st.sampled_from(["attested", "final", "disputed", "voided"]),
        st.integers(0, 99 * DAY),
    ),
    st.lists(st.builds(Past, st.integers(0, 99 * DAY), st.integers(0, 99 * DAY)), max_size=9),
)
def test_nothing_is_expected_before_it_is_possible(
    now: int, stated: Stated | None, past: list[Past]
) -> None:
    found = coming(now, PERIOD, WINDOW, stated, past, over=False)
    if found.expected is not None:
        assert found.earliest is not None
        assert found.expected >= found.earliest >= now
    assert (found.expected is None) or found.payments


def test_an_amount_is_expected_by_what_each_unit_got_and_rounded_down() -> None:
    assert expected_amount(50, [(100, 901), (100, 900)]) == 450
    assert expected_amount(0, [(100, 900)]) is None
    assert expected_amount(50, []) is None
    assert expected_amount(50, [(0, 0)]) is None
    assert expected_amount(10, [(10, 7), (10, 7), (10, 7), (10, 10**9)]) == 7
