"""Pagination of OCMF meters: what was never received is told, whatever the order of arrival."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.oracles.kit import SECRET, community
from tests.unit.oracles.ocmf_kit import of_meter, payload, reading

from usufruct.clock import FixedClock
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.sources.gateway import Gateway
from usufruct_oracles.sources.grouping import Delivery
from usufruct_oracles.validation.verdicts import Rule

NOW = 1_795_000_000
OCTOBER = 2


def record(page: int, hour: int, energy: int = 1) -> str:
    begin = reading("B", 100 + page, f"{hour:02d}:00:00")
    end = reading("E", 100 + page + energy, f"{hour:02d}:30:00")
    return of_meter(payload(PG=f"T{page}", RD=[begin, end]))


def findings_of(folder: Path, waves: Iterable[Iterable[str]]) -> list[tuple[str, str, int]]:
    gateway = Gateway(catalog_of(community()).meters, None, {})
    journal = Journal(
        folder / "journal.sqlite", community(), clock=FixedClock(NOW), privacy_secret=SECRET
    )
    for wave in waves:
        found = [Delivery("test", "charger-01", "ocmf/1", each.encode()) for each in wave]
        journal.ingest_messages([message for message, _ in gateway.messages(found)])
    verdicts: Any = journal.verdicts(4, OCTOBER)
    journal.close()
    wanted = {Rule.MISSING_PAGES, Rule.PAGE_CLASH}
    return [
        (each["rule"], each["detail"], each["count"])
        for each in verdicts["streams"][0]["open"]
        if each["rule"] in wanted
    ]


def test_a_gap_is_told_with_its_pages(tmp_path: Path) -> None:
    found = findings_of(tmp_path, [[record(3, 8), record(4, 9), record(7, 11)]])
    assert found == [("missing-pages", "T5 to T6 never received", 2)]


def test_a_page_that_comes_late_closes_its_gap(tmp_path: Path) -> None:
    assert findings_of(tmp_path, [[record(3, 8), record(5, 11)], [record(4, 9)]]) == []


def test_a_page_without_a_reading_that_counts_was_received_all_the_same(tmp_path: Path) -> None:
    half = of_meter(payload(PG="T4", RD=[reading("B", 104, "09:00:00")]))
    assert findings_of(tmp_path, [[record(3, 8), half, record(5, 11)]]) == []


def test_a_forged_record_closes_no_gap(tmp_path: Path) -> None:
    forged = record(4, 9).replace("105", "999")
    found = findings_of(tmp_path, [[record(3, 8), forged, record(5, 11)]])
    assert found == [("missing-pages", "T4 never received", 1)]


def test_two_records_on_one_page_are_told(tmp_path: Path) -> None:
    found = findings_of(tmp_path, [[record(3, 8), record(3, 9)]])
    assert found == [("page-clash", "2 different records on page T3", 1)]


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(1, 7)), st.sets(st.integers(2, 5), max_size=3))
def test_the_findings_do_not_depend_on_the_order_of_arrival(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], lost: set[int]
) -> None:
    kept = [page for page in order if page not in lost]
    waves = [
        [record(page, 6 + page) for page in kept[:3]],
        [record(page, 6 + page) for page in kept[3:]],
    ]
    found = findings_of(tmp_path_factory.mktemp("pages"), waves)
    assert sum(count for _, _, count in found) == len(lost)
