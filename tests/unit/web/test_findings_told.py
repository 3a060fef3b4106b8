"""What workers find in deliveries, and a reconciliation in the ledger, has Chinese words for operators and auditors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.sentences import sentences

from usufruct.ledger.reconcile_report import Report
from usufruct.web.problems import translated

ROOT = Path(__file__).resolve().parents[3]
WORKER = ROOT / "oracles" / "usufruct_oracles"
_LISTING = ("findings", "message_findings", "page_findings", "doubts", "contradictions")
SOURCES = [
    *sorted((WORKER / "validation").glob("*.py")),
    *(WORKER / f"{name}.py" for name in _LISTING),
    *(path for path in sorted((WORKER / "sources").rglob("*.py")) if "push" not in path.parts),
]
_TOLD = {
    "Verdict": (1, 2),
    "Finding": (7, 8),
    "_finding": (4, 5),
    "_malformed": (0, 1),
    "malformed": (0, 1),
    "implausible": (0, 1),
    "not_a_number": (0,),
    "_incomplete": (0,),
    "twice": (0,),
}
"""Where calls say what was found, and what to do about it."""
_HAN = re.compile("[\u4e00-\u9fff]")


def told_by(source: Path) -> set[str]:
    """Details and remedies of a source; errors of its own calls are not a finding's."""
    named = ("detail", "remedy") if "sources" not in source.parts else ()
    return sentences(source, _TOLD, named)


def untold(texts: set[str]) -> list[str]:
    """Which of them have no Chinese words."""
    found = {text: translated(text, "zh") for text in texts}
    return sorted(text for text, told in found.items() if told is None or not _HAN.search(told))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_a_worker_finds_is_told_in_chinese(source: Path) -> None:
    assert untold(told_by(source)) == []


def test_the_sources_say_much() -> None:
    assert len(set().union(*map(told_by, SOURCES))) > 150


def test_what_a_reconciliation_finds_is_told_in_chinese() -> None:
    report = Report(1)
    report.same("LVPPS vault", 1, 2)
    (found,) = map(str, report.differences)
    assert translated(found, "zh") == "LVPPS vault：账本为 1，链上为 2"
    notes: set[str] = set()
    for name in ("reconcile", "reconcile_money", "reconcile_offerings"):
        notes |= sentences(ROOT / f"platform/usufruct/ledger/{name}.py", {"append": (0,)})
    assert len(notes) == 3
    assert untold(notes) == []


def test_values_within_what_was_found_stay_as_they_are() -> None:
    text = "unit 'm', but cistern-01 reports mm (1 m = 1000 mm)"
    assert translated(text, "zh") == "单位为 'm'，但 cistern-01 应报 mm (1 m = 1000 mm)"
