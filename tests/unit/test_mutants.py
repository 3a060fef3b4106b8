"""The changes scripts/mutate.py makes, and that its answers still fit the contracts."""

from __future__ import annotations

import pytest

from _mutate.answers import load, places
from _mutate.operators import mutants
from mutate import ANSWERS, ROOT

_HEAD = "pragma solidity ^0.8.30;\ncontract C {\n"


def changes(body: str) -> set[str]:
    return {mutant.change for mutant in mutants(f"{_HEAD}{body}\n}}\n")}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return a + b;", "+ → -"),
        ("return a < b;", "< → <="),
        ("return a <= b && c;", "&& → ||"),
        ("return a / f(b);", "rounded down → up"),
        ("return min(a, b);", "min → max"),
        ("return min(a, b);", "a, b swapped"),
        ("if (!a) revert No();", "left out: if (!a) revert No()"),
        ("if (!a) revert No();", "! removed"),
        ("if (a) { b = c; }", "if → if (false)"),
        ("a = 10_000;", "10_000 → 9999"),
        ("emit Paid(a, b);", "left out: emit Paid(a, b)"),
        ("assembly { x := add(y, z) }", "add → sub"),
        ("paused = true;", "true → false"),
    ],
)
def test_changes_what_a_slip_would(code: str, expected: str) -> None:
    assert expected in changes(f"function f(uint256 a) external {{ {code} }}")


def test_guards_of_functions_are_left_out() -> None:
    assert "restricted left out" in changes("function f() external restricted returns (bool) {}")


@pytest.mark.parametrize(
    "text",
    ["// a + b", 'string constant A = "a + b";', "event Paid(uint8 a);", "error No(uint256 a);"],
)
def test_what_does_nothing_is_left_alone(text: str) -> None:
    assert changes(text) == set()


def test_declarations_and_headers_of_loops_are_no_statements() -> None:
    body = "function f() external { uint256 x = y; for (uint256 i; i < x; ++i) {} }"
    assert not {change for change in changes(body) if change.startswith("left out")}


def test_a_mutant_differs_in_one_place() -> None:
    source = (
        f"{_HEAD}function f(uint256 a) external returns (bool) {{ return a > 1 || a < 3; }}\n}}"
    )
    results = [mutant.apply(source) for mutant in mutants(source)]
    assert len(set(results)) == len(results)
    assert source not in results


def test_answers_name_mutants_and_tests_that_exist() -> None:
    answers = load(ANSWERS)
    known = set()
    for file, tests in answers.tests.items():
        source = (ROOT / "contracts" / file).read_text("utf-8")
        known |= set(places(file, source, mutants(source)))
        for test in tests:
            assert list((ROOT / "contracts").glob(test)), f"{file}: no test {test}"
    assert [str(place) for place in answers.equivalent if place not in known] == []


def test_all_money_code_is_mutated() -> None:
    answers = load(ANSWERS)
    folders = ("distribution", "rights", "settlement", "market", "funds", "disputes")
    files = [
        path.relative_to(ROOT / "contracts").as_posix()
        for folder in folders
        for path in sorted((ROOT / "contracts" / "src" / folder).glob("*.sol"))
    ]
    assert [file for file in files if file not in answers.tests] == []
