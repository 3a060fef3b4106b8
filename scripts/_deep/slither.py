"""Compares what slither finds with docs/security/slither.md: `python -m _deep.slither REPORT.json`.

Every finding must be answered there, by detector and place; a place `*` answers a detector everywhere. An answer to
which nothing is found any more fails too, so that the list stays true.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ANSWERS = Path(__file__).resolve().parents[2] / "docs" / "security" / "slither.md"
_ROW = re.compile(r"\| `(?P<check>[\w-]+)` \| (?P<places>[^|]+) \| (?P<reason>[^|]*\S[^|]*) \|")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What a detector found.

    Attributes:
        check: The detector.
        place: `Contract.function`, or what else it is about, without line numbers.
    """

    check: str
    place: str


def findings(report: dict[str, object]) -> Counter[Finding]:
    """The findings of slither's JSON.

    Raises:
        ValueError: slither did not finish.
    """
    results = report.get("results")
    if not report.get("success") or not isinstance(results, dict):
        raise ValueError(f"slither failed: {report.get('error')}")
    return Counter(
        Finding(found["check"], _place(found["elements"])) for found in results.get("detectors", [])
    )


def _place(elements: list[dict[str, object]]) -> str:
    names: list[str] = []
    element: object = elements[0] if elements else None
    while isinstance(element, dict) and element.get("type") != "file" and "name" in element:
        names.insert(0, str(element["name"]))
        fields = element.get("type_specific_fields", {})
        element = fields.get("parent") if isinstance(fields, dict) else None
    return ".".join(names)


def answered(text: str) -> dict[Finding, str]:
    """The rows of the document: what is answered, and why it stays."""
    answers = {}
    for row in _ROW.finditer(text):
        for place in re.findall(r"`([^`]+)`", row["places"]):
            answers[Finding(row["check"], place)] = row["reason"].strip()
    return answers


def compare(found: Counter[Finding], answers: dict[Finding, str]) -> tuple[list[str], list[str]]:
    """What is new, and which answers have become idle."""
    new = [
        f"{finding.check}: {finding.place} ({count})"
        for finding, count in sorted(found.items())
        if finding not in answers and Finding(finding.check, "*") not in answers
    ]
    checks = {finding.check for finding in found}
    idle = [
        f"{answer.check}: {answer.place}"
        for answer in sorted(answers)
        if answer not in found and not (answer.place == "*" and answer.check in checks)
    ]
    return new, idle


def main(path: str) -> int:
    """Compare and tell; 1 if a finding is not answered or an answer idle."""
    found = findings(json.loads(Path(path).read_text("utf-8")))
    new, idle = compare(found, answered(ANSWERS.read_text("utf-8")))
    for line in new:
        print(f"not answered in {ANSWERS.name}: {line}")
    for line in idle:
        print(f"answered in {ANSWERS.name}, but no longer found: {line}")
    print(f"{found.total()} findings, {len(new)} not answered, {len(idle)} idle answers")
    return 1 if new or idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
