"""A tree of readings with the path of every leaf: ours, a plain loop over pysha3, OpenZeppelin's JavaScript package
and, where a compiler is, plain C, in one run.

scripts/bench merkle [number of readings, by default 1 000 000]

OpenZeppelin's package takes minutes for a million leaves: it is measured on OPENZEPPELIN of them and scaled up
linearly, which flatters it (its paths grow with the logarithm). It gives a proof for each leaf, as we do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sha3 import keccak_256

from benches._report import Row, at_least, at_most, best_of, report
from usufruct.core import keccak
from usufruct.core.encoding import LEAF_LENGTH
from usufruct.core.keccak import Bytes2D
from usufruct.core.merkle import MerkleTree, tree_root, verify_path

READINGS = 1_000_000
MOST_SECONDS = 1.0
LEAST_RATIO = 4.0
LEAST_OPENZEPPELIN = 100.0
MOST_FLOOR = 1.5
OPENZEPPELIN = 20_000
VERIFIED = 1000
_BLOCK = 16_384
_HERE = Path(__file__).parent / "_merkle"


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


def with_paths(rows: Bytes2D) -> MerkleTree:
    """The tree, and the path of every leaf."""
    tree = MerkleTree(rows)
    for start in range(0, len(rows), _BLOCK):
        tree.paths(np.arange(start, min(start + _BLOCK, len(rows))))
    return tree


def openzeppelin(count: int) -> float | None:
    """CPU seconds for a tree of `count` readings with all proofs, by the JavaScript package; None without Node."""
    node = shutil.which("node")
    if node is None:
        return None
    some = min(count, OPENZEPPELIN)
    command = [node, str(_HERE / "openzeppelin.cjs"), str(some)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return float(found["tree"] + found["proofs"]) * count / some


def floor(rows: Bytes2D, root: bytes) -> float | None:
    """CPU seconds of the same work in plain C, None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "floor"
        source = str(_HERE / "floor.c")
        subprocess.run([compiler, "-O3", "-march=native", "-o", str(program), source], check=True)
        data, best = rows.tobytes(), float("inf")
        for _ in range(2):
            done = subprocess.run(
                [str(program), str(len(rows))], input=data, capture_output=True, check=True
            )
            tree, paths, theirs, _ = done.stdout.split()
            if bytes.fromhex(theirs.decode()) != root:
                message = "the C program computes another root"
                raise AssertionError(message)
            best = min(best, float(tree) + float(paths))
        return best


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
    whole = best_of(3, lambda: cpu(lambda: with_paths(rows)))
    plain = best_of(2, lambda: cpu(lambda: plain_root(leaves)))
    if tree_root(rows) != plain_root(leaves):
        print("the roots differ", file=sys.stderr)
        return 1
    tree = MerkleTree(rows)
    figures = [
        at_most(f"tree of {count:,} readings", ours, "CPU s", MOST_SECONDS * count / READINGS),
        Row("the same with the paths of all leaves", whole, "CPU s"),
        Row("the tree by a plain loop over pysha3", plain, "CPU s"),
        at_least("ratio to the plain loop", plain / ours, "×", LEAST_RATIO),
        *_against(count, rows, tree, whole),
        Row("hashes a second", (2 * count - 1) / ours, "1/s"),
        Row("verification of one path", _verification(tree, leaves), "µs"),
    ]
    report("merkle", figures)
    return 0 if all(row.ok for row in figures) else 1


def _against(count: int, rows: Bytes2D, tree: MerkleTree, whole: float) -> list[Row]:
    """The rows of the other implementations that can be had here."""
    found, theirs, least = [], openzeppelin(count), floor(rows, tree.root)
    if theirs is not None:
        some = min(count, OPENZEPPELIN)
        name = "tree and proofs by OpenZeppelin's JavaScript package"
        scaled = f" (measured on {some:,}, scaled)" if some < count else ""
        ratio = theirs / whole
        found = [
            Row(name + scaled, theirs, "CPU s"),
            at_least("ratio to OpenZeppelin's package", ratio, "×", LEAST_OPENZEPPELIN),
        ]
    if least is not None:
        found += [
            Row("tree and paths in plain C, -O3 -march=native", least, "CPU s"),
            at_most("ratio to plain C", whole / least, "×", MOST_FLOOR),
        ]
    return found


def _verification(tree: MerkleTree, leaves: list[bytes]) -> float:
    """Microseconds for one path."""
    some = range(min(VERIFIED, len(leaves)))
    paths = [tree.path(index) for index in some]

    def verify() -> None:
        for index, path in zip(some, paths, strict=True):
            if not verify_path(leaves[index], index, len(leaves), path, tree.root):
                message = "a path does not hold"
                raise AssertionError(message)

    return cpu(verify) / len(some) * 1e6


if __name__ == "__main__":
    sys.exit(main())
