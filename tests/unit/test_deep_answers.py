"""How scripts/deep reads what slither and coverage report."""

from __future__ import annotations

from collections import Counter

from _deep.coverage import read, share
from _deep.slither import ANSWERS, Finding, answered, compare, findings


def test_a_finding_is_named_by_contract_and_function() -> None:
    contract = {"type": "contract", "name": "Waterfall", "type_specific_fields": {}}
    element = {
        "type": "function",
        "name": "settle",
        "type_specific_fields": {"parent": contract},
    }
    report = {
        "success": True,
        "results": {"detectors": [{"check": "timestamp", "elements": [element]}]},
    }
    assert findings(report) == Counter([Finding("timestamp", "Waterfall.settle")])


def test_new_findings_and_idle_answers_fail() -> None:
    found = Counter([Finding("a", "C.f"), Finding("b", "C.g"), Finding("c", "C.h")])
    answers = {Finding("a", "C.f"): "so", Finding("b", "*"): "so", Finding("d", "C.i"): "so"}
    assert compare(found, answers) == (["c: C.h (1)"], ["d: C.i"])


def test_every_answer_has_a_reason() -> None:
    answers = answered(ANSWERS.read_text("utf-8"))
    assert answers
    assert all(len(reason) > 10 for reason in answers.values())


def test_coverage_counts_lines_and_branches_of_the_contracts() -> None:
    text = "SF:src/A.sol\nDA:3,1\nDA:4,0\nBRDA:3,0,0,2\nBRDA:3,0,1,-\nend_of_record\nSF:test/B.sol\nDA:1,0\n"
    files = read(text)
    assert list(files) == ["src/A.sol"]
    assert files["src/A.sol"].missed() == "lines 4; branches in lines 3"
    assert share(list(files["src/A.sol"].lines.values())) == 50.0
