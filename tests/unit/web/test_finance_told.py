"""Every sentence of the finance engine that the workbench may have to tell has Chinese words."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.sentences import sentences

from usufruct.config.problems import ConfigErrors
from usufruct.config.tables import parse_document, shape
from usufruct.errors import ConfigError
from usufruct.finance.numbers import refused
from usufruct.finance.structures.tables import StructureTable
from usufruct.finance.workbench import played
from usufruct.web.problems import translated

ROOT = Path(__file__).resolve().parents[3]
FINANCE = ROOT / "platform" / "usufruct" / "finance"
EXAMPLE = (ROOT / "platform/usufruct/web/static/workbench/en.toml").read_text("utf-8")
SOURCES = [
    *sorted((FINANCE / "structures").glob("*.py")),
    FINANCE / "workbench.py",
    FINANCE / "numbers.py",
]
_TOLD = {"refused": (2, 3), "refusal": (0,), "flag": (0,)}
"""Where calls of the engine say something: rules and remedies, and clauses."""
_WRONG: tuple[Any, ...] = (
    *("", "x" * 500, "-5", "5 apples", "1/0", "%", "2026-13", "1969-01"),
    *(0, -1, 10**30, 1.5, True, [], {}, ["x"], {"x": 1}),
)
_HAN = re.compile("[\u4e00-\u9fff]")


def untold(texts: set[str]) -> list[str]:
    """Which of them have no Chinese words."""
    found = {text: translated(text, "zh") for text in texts}
    return sorted(text for text, told in found.items() if told is None or not _HAN.search(told))


def test_the_texts_of_a_source_are_found_however_they_are_put_together(tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(
        "def a(n, ok):\n"
        "    rule = f\"at most {n} {'is' if ok else 'was'} taken\"\n"
        "    refused('field', n, rule, 'take ' + ', '.join(n))\n"
        "    flag('one' if ok else 'two')\n"
    )
    assert sentences(source, _TOLD) == {
        *("at most 7 is taken", "at most 7 was taken", "take 7", "one", "two")
    }


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_what_the_engine_refuses_or_flags_is_told_in_chinese(source: Path) -> None:
    assert untold(sentences(source, _TOLD)) == []


def test_what_a_refusal_is_called_is_told_in_chinese() -> None:
    error = refused("pool.growth", 2, "x", "y")
    assert translated(f"{error.message}.", "zh") == "pool.growth 的值不可用。"


def test_the_sources_say_much() -> None:
    assert len(set().union(*(sentences(each, _TOLD) for each in SOURCES))) > 120


# --- Files that are wrong --------------------------------------------------------------------------


def whole() -> dict[str, Any]:
    """A structure with all tables that the examples have."""
    found: dict[str, Any] = tomllib.loads(EXAMPLE)
    for path in sorted((ROOT / "examples").glob("*.toml")):
        raw = tomllib.loads(path.read_text("utf-8"))
        if raw.get("kind") in ("abs", "reit", "fund_of_funds", "ppp"):
            found = raw | found
    return found


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of all values, of lists the first."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, each in value.items():
            yield from places(each, (*at, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def told_of(raw: dict[str, Any]) -> set[str]:
    """Rules and remedies of what is wrong with a file of these values."""
    document = parse_document("", "structure.toml")
    document.raw = raw
    try:
        shape(document, StructureTable)
    except ConfigErrors as error:
        return {str(text) for each in error.problems for text in (each.rule, each.remedy)}
    return set()


def test_wrong_values_missing_keys_and_strange_ones_are_told_in_chinese() -> None:
    said: set[str] = set()
    full = whole()
    for path in places(full):
        for wrong in _WRONG:
            raw = copy.deepcopy(full)
            inside: Any = raw
            for part in path[:-1]:
                inside = inside[part]
            inside[path[-1]] = wrong
            said |= told_of(raw)
        if isinstance(inside, dict):
            del inside[path[-1]]
            inside["notionall"] = 1
            said |= told_of(raw)
    assert len(said) > 90
    assert untold(said) == []


@pytest.mark.parametrize(
    "line",
    [
        *(
            "a",
            "a =",
            "= 1",
            "a = [1",
            "a = {b = 1",
            'a = "',
            "a = 1 2",
            "[a",
            "[[a]",
            "a = 2026-13-01",
        ),
        *(
            'a = "\\x"',
            "a = 0z",
            "a = 1\na = 2",
            "[a]\n[a]",
            "a = {b = 1, b = 2}",
            "a = {}\na.b = 1",
        ),
        *("a = [1]\n[a]", 'a = "\\ud800"', "a = '\n'", "a = \x01", "a = " + "1" * 5_000, "\x01"),
    ],
)
def test_what_is_no_toml_is_told_in_chinese(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_document(line, "structure.toml")
    assert (
        untold({str(caught.value.rule), str(caught.value.remedy), f"line 3: {caught.value.rule}"})
        == []
    )


# --- Findings --------------------------------------------------------------------------------------


def test_findings_come_in_parts_that_can_be_told_one_by_one() -> None:
    (found,) = played(EXAMPLE, ())["findings"]
    assert found == {
        "verdict": "flag",
        "clause": "coverage",
        "words": "tranche=A: the receipts do not cover what is due in period 4, 5, 6 of 12; "
        "lower what is due, or pay it later",
        "field": "tranche",
        "value": "A",
        "rule": "the receipts do not cover what is due in period 4, 5, 6 of 12",
        "remedy": "lower what is due, or pay it later",
    }
    assert translated(found["rule"], "zh") == "共 12 期，第 4, 5, 6 期的收款不足以支付应付额"
