"""`docs/security/mutants.toml`: which tests prove which contract, and the mutants that no test can tell."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from _mutate.operators import Mutant


@dataclass(frozen=True, slots=True)
class Place:
    """A mutant named so that it is found again after lines have moved.

    Attributes:
        file: The contract, below `contracts/`.
        line: The text of its line, without the blanks around it.
        change: What was changed, in the words of `Mutant.change`.
        at: Which of several such changes in lines of this text, counted from 1.
    """

    file: str
    line: str
    change: str
    at: int = 1

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.file}: {self.line}  [{self.change}{f' #{self.at}' if self.at > 1 else ''}]"


@dataclass(frozen=True, slots=True)
class Answers:
    """The file.

    Attributes:
        tests: For each contract its tests, below `contracts/`, those that fail soonest first.
        equivalent: For each mutant that behaves as the original, why it does.
    """

    tests: dict[str, tuple[str, ...]]
    equivalent: dict[Place, str]


def load(path: Path) -> Answers:
    """Reads the file.

    Raises:
        ValueError: an entry lacks a part, or is there twice.
    """
    document = tomllib.loads(path.read_text("utf-8"))
    tests = {file: tuple(paths) for file, paths in document["tests"].items()}
    equivalent: dict[Place, str] = {}
    for entry in document.get("equivalent", []):
        place = Place(entry["file"], entry["line"], entry["change"], entry.get("at", 1))
        if not entry.get("reason") or place in equivalent:
            raise ValueError(f"{path}: no reason, or answered twice: {place}")
        equivalent[place] = entry["reason"]
    return Answers(tests, equivalent)


def places(file: str, source: str, found: list[Mutant]) -> list[Place]:
    """The names of the mutants of one file, in their order."""
    counts: dict[tuple[str, str], int] = {}
    named = []
    for mutant in found:
        begin = source.rfind("\n", 0, mutant.start) + 1
        line = source[begin : source.find("\n", mutant.start)].strip()
        key = (line, mutant.change)
        counts[key] = counts.get(key, 0) + 1
        named.append(Place(file, line, mutant.change, counts[key]))
    return named
