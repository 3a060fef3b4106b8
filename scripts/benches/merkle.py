"""A tree of readings: our builder against a plain loop over pysha3, in one run.

scripts/bench merkle [number of readings, by default 1 000 000]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from sha3 import keccak_256

from benches._report import Row, at_least, at_most, best_of, report
from usufruct.core import keccak
from usufruct.core.encoding import LEAF_LENGTH
from usufruct.core.merkle import MerkleTree, tree_root, verify_path

READINGS = 1_000_000
MOST_SECONDS = 1.0
LEAST_RATIO = 4.0
PATHS = 1000


def plain_root(leaves: list[bytes]) -> bytes:
    """The root as one writes it first: a loop over pysha3, level by level."""
    level: list[bytes] = [keccak_256(leaf).digest() for leaf in leaves]
    while len(level) > 1:
        above = [
            keccak_256(b"\x01" + level[at] + level[at + 1]).digest()
            for at in range(0, len(level) - 1, 2)
        ]
        level = above + level[len(above) * 2 :]
    return level[0]


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> int:
    """Measures and reports; 1 if a target is missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else READINGS
    rows = np.random.default_rng(1).integers(0, 256, (count, LEAF_LENGTH), dtype=np.uint8)
    rows[:, 0] = 0
    leaves = [row.tobytes() for row in rows]
    if not keccak.warm():
        print(
            "the compiled kernel is switched off here: this measures the fallback", file=sys.stderr
        )
    tree_root(rows[: 2 * keccak.KERNEL_ROWS])
    ours = best_of(3, lambda: cpu(lambda: tree_root(rows)))
    plain = best_of(2, lambda: cpu(lambda: plain_root(leaves)))
    if tree_root(rows) != plain_root(leaves):
        print("the roots differ", file=sys.stderr)
        return 1
    tree = MerkleTree(rows)
    paths = [tree.path(index) for index in range(PATHS)]
    verify = cpu(
        lambda: [
            verify_path(leaves[index], index, count, path, tree.root)
            for index, path in enumerate(paths)
        ]
    )
    figures = [
        at_most(f"tree of {count:,} readings", ours, "CPU s", MOST_SECONDS * count / READINGS),
        Row("the same by a plain loop over pysha3", plain, "CPU s"),
        at_least("ratio to the plain loop", plain / ours, "×", LEAST_RATIO),
        Row("hashes a second", (2 * count - 1) / ours, "1/s"),
        Row("verification of one path", verify / PATHS * 1e6, "µs"),
    ]
    report("merkle", figures)
    return 0 if all(row.ok for row in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
