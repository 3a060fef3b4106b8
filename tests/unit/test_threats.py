"""docs/threats.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NAME = re.compile(r"`((?:test|invariant)\w*)`")
_DEFINED = re.compile(r"(?:def|function) ((?:test|invariant)\w*)\(")


def test_every_named_test_exists() -> None:
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "contracts" / "test").rglob("*.sol")]
    defined = {path.stem for path in files}
    for path in files:
        defined.update(_DEFINED.findall(path.read_text()))
    rows = [
        line
        for line in (ROOT / "docs" / "threats.md").read_text().splitlines()
        if line[:3].strip("| ").isdigit() or re.match(r"\| \d+ ", line)
    ]
    assert len(rows) >= 20
    for row in rows:
        named = _NAME.findall(row)
        assert named, f"no test is named: {row}"
        assert [name for name in named if name not in defined] == []
