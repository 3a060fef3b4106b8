"""Every rule is documented, as a rejection or as a doubt."""

from __future__ import annotations

import re

from tests.unit.oracles.kit import ROOT

from usufruct_oracles.validation.verdicts import DOUBTS, Rule


def rules_in(text: str) -> set[str]:
    """Names in the first column of the tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row)}


def test_each_rule_stands_in_the_table_that_says_what_it_does() -> None:
    text = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    rejections, _, doubts = text.partition("## Doubts")
    assert rules_in(rejections) == {str(rule) for rule in set(Rule) - DOUBTS}
    assert rules_in(doubts) == {str(rule) for rule in DOUBTS}
