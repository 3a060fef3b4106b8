"""Each tree beside the contracts' tests is a specification: its leaves are tests, and every test is a leaf.

A leaf is a line without branches of its own. It says `it should …` and ends with the names of its tests:
`└── it should refuse an expired order [test_RevertWhen_OrderExpired]`. `Claim.tree` (or `claim.tree`) belongs to
`Claim.t.sol`; a tree without such a neighbour belongs to all tests of its folder.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2] / "contracts" / "test"
TREES = sorted(TESTS.rglob("*.tree"))
_LINE = re.compile(r"(?P<indent>(?:[│ ] {3})*)(?P<branch>[├└]── )(?P<text>.+)")
_LEAF = re.compile(r"it \S.*\S \[(?P<names>test\w+(?:, test\w+)*)\]")
_TEST = re.compile(r"function (test\w+)")
# What is no verb of a contract: figures, properties of whole systems, symbolic runs, and one table of currencies.
_WITHOUT_TREE = {"invariant", "symbolic", "currencies", "harness"}


def neighbours(tree: Path) -> list[Path]:
    """The files of tests whose specification the tree is."""
    files = sorted(tree.parent.glob("*.t.sol"))
    return [file for file in files if _verb(file) == _verb(tree)] or files


def _verb(path: Path) -> str:
    return re.sub(r"\W|_", "", path.name.removesuffix(".tree").removesuffix(".t.sol")).lower()


def leaves(tree: Path) -> list[str]:
    """The names on the leaves; fails where a line is neither root, condition nor leaf."""
    lines = [line for line in tree.read_text("utf-8").splitlines() if line]
    depths = [_depth(line) for line in lines]
    named = []
    for line, depth, after in zip(lines, depths, [*depths[1:], 0], strict=True):
        where = f"{tree.relative_to(TESTS)}: {line}"
        if depth == 0:
            assert "::" in line, f"a root reads Contract::verb: {where}"
            assert after == 1, f"a root without branches: {where}"
            continue
        match = _LINE.fullmatch(line)
        assert match, f"not drawn as a branch: {where}"
        assert after <= depth + 1, f"the next line is too deep: {where}"
        if after > depth:
            assert re.match(r"(given|when) ", match["text"]), (
                f"a condition says given/when: {where}"
            )
        else:
            leaf = _LEAF.fullmatch(match["text"])
            assert leaf, f"a leaf reads `it should … [test_Name]`: {where}"
            named += leaf["names"].split(", ")
    return named


def _depth(line: str) -> int:
    match = _LINE.match(line)
    return len(match["indent"]) // 4 + 1 if match else 0


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: str(tree.relative_to(TESTS)))
def test_leaves_are_tests_and_tests_are_leaves(tree: Path) -> None:
    named = leaves(tree)
    files = neighbours(tree)
    assert files, "no tests lie beside the tree"
    defined = [name for file in files for name in _TEST.findall(file.read_text("utf-8"))]
    assert sorted(set(named) - set(defined)) == [], "named, but there is no such test"
    if any(_verb(file) == _verb(tree) for file in files):
        assert sorted(set(defined) - set(named)) == [], "tests that no leaf names"


def test_every_verb_has_a_tree() -> None:
    files = [
        file
        for file in sorted(TESTS.rglob("*.t.sol"))
        if not _WITHOUT_TREE & set(file.relative_to(TESTS).parts) and "Gas" not in file.name
    ]
    covered = {(tree.parent, _verb(tree)) for tree in TREES}
    without = [file for file in files if (file.parent, _verb(file)) not in covered]
    assert [str(file.relative_to(TESTS)) for file in without] == []
