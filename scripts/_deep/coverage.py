"""Line and branch coverage of contracts/src from forge's lcov file: `python -m _deep.coverage lcov.info`.

Below LEAST per cent of lines or of branches it fails. Interfaces have nothing to cover. What is not covered is listed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

LEAST = 98.0


@dataclass(slots=True)
class File:
    """What is covered of one contract.

    Attributes:
        lines: For each line with code, whether a test runs it.
        branches: For each branch, by line, block and number, whether a test takes it.
    """

    lines: dict[int, bool] = field(default_factory=dict)
    branches: dict[tuple[int, str, str], bool] = field(default_factory=dict)

    def missed(self) -> str:
        """The lines and branches that no test reaches, for people."""
        lines = [str(line) for line, hit in sorted(self.lines.items()) if not hit]
        branches = [str(at[0]) for at, hit in sorted(self.branches.items()) if not hit]
        parts = [f"lines {', '.join(lines)}"] if lines else []
        parts += [f"branches in lines {', '.join(branches)}"] if branches else []
        return "; ".join(parts)


def read(text: str) -> dict[str, File]:
    """The files below src/ of an lcov report; what is counted twice is covered if it is once."""
    files: dict[str, File] = {}
    current = File()
    for row in text.splitlines():
        kind, _, rest = row.partition(":")
        values = rest.split(",")
        if kind == "SF":
            current = files.setdefault(rest, File()) if rest.startswith("src/") else File()
        elif kind == "DA":
            line = int(values[0])
            current.lines[line] = current.lines.get(line, False) or values[1] != "0"
        elif kind == "BRDA":
            at = (int(values[0]), values[1], values[2])
            hit = values[3] not in {"0", "-"}
            current.branches[at] = current.branches.get(at, False) or hit
    return files


def share(hits: list[bool]) -> float:
    """Per cent that is covered."""
    return 100.0 * sum(hits) / len(hits) if hits else 100.0


def main(path: str) -> int:
    """Tell the figures; 1 if they are too low."""
    files = read(Path(path).read_text("utf-8"))
    for name, file in sorted(files.items()):
        if missed := file.missed():
            print(f"{name}: {missed}")
    lines = share([hit for file in files.values() for hit in file.lines.values()])
    branches = share([hit for file in files.values() for hit in file.branches.values()])
    print(f"lines {lines:.2f} %, branches {branches:.2f} %, at least {LEAST} % each")
    return 1 if min(lines, branches) < LEAST or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
