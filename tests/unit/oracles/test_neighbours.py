"""Duplicates, conflicts, late readings and overlapping sessions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.oracles.kit import at, meter, row
from tests.unit.oracles.test_rules import place_of, reading_of

from usufruct_oracles.validation.neighbours import (
    Neighbours,
    duplicate,
    is_known,
    late,
    overlap,
)
from usufruct_oracles.validation.rules import Reading
from usufruct_oracles.validation.verdicts import Rule

HOME, CHARGER = "home-01", "charger-01"


def test_the_same_reading_of_an_earlier_file_is_known() -> None:
    reading = reading_of(row(HOME, at(12), "1.5"))
    id_ = meter(HOME).id
    near = Neighbours([(id_, reading.end, 3600, 1500, 0)], 0)
    assert is_known(reading, near.same(reading, id_))
    assert not is_known(reading, near.same(reading, id_ + 1))
    other_quality = reading_of(row(HOME, at(12), "1.5", quality=8))
    assert not is_known(other_quality, near.same(other_quality, id_))


def test_the_same_row_twice_in_a_file_is_a_duplicate() -> None:
    reading = reading_of(row(HOME, at(12), "1.5"))
    near = Neighbours([], 0)
    assert duplicate(reading, near.same(reading, 101), place_of(HOME)) is None
    near.add(reading, 101)
    same = near.same(reading, 101)
    verdict = duplicate(reading, same, place_of(HOME))
    assert verdict is not None
    assert verdict.rule is Rule.DUPLICATE


def test_another_value_is_a_conflict_and_names_both() -> None:
    reading = reading_of(row(HOME, at(12), "2"))
    near = Neighbours([(101, reading.end, 3600, 1500, 0)], 0)
    verdict = duplicate(reading, near.same(reading, 101), place_of(HOME))
    assert verdict is not None
    assert verdict.rule is Rule.CONFLICT
    assert "2000 Wh" in verdict.detail
    assert "1500" in verdict.detail


def test_late_is_what_ends_by_the_last_anchored_moment() -> None:
    reading = reading_of(row(HOME, at(12), "2"))
    assert late(reading, reading.end - 1, place_of(HOME)) is None
    verdict = late(reading, reading.end, place_of(HOME))
    assert verdict is not None
    assert verdict.rule is Rule.LATE


def test_an_overlap_names_both_sessions() -> None:
    first = reading_of(row(CHARGER, at(12), "2", duration=3600))
    near = Neighbours([], 0)
    near.add(first, 401)
    second = reading_of(row(CHARGER, at(12, 30), "2", duration=3600))
    verdict = overlap(second, near.overlapping(second, 401), place_of(CHARGER))
    assert verdict is not None
    assert verdict.rule is Rule.OVERLAP
    assert "T12:00" in verdict.detail
    after = reading_of(row(CHARGER, at(13), "2", duration=3600))
    assert near.overlapping(after, 401) is None
    assert near.overlapping(second, 402) is None


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), max_size=20),
    st.tuples(st.integers(0, 500), st.integers(1, 60)),
)
def test_overlaps_are_found_like_by_comparing_all(
    spans: list[tuple[int, int]], probe: tuple[int, int]
) -> None:
    template = reading_of(row(CHARGER, at(12), "2", duration=3600))

    def reading(span: tuple[int, int]) -> Reading:
        start, length = span
        return Reading(template.row, start, start + length, length, 1)

    near, kept = Neighbours([], 0), []
    for each in map(reading, spans):
        if near.overlapping(each, 1) is None:
            near.add(each, 1)
            kept.append(each)
    wanted = reading(probe)
    clash = any(each.start < wanted.end and wanted.start < each.end for each in kept)
    assert (near.overlapping(wanted, 1) is not None) == clash
