"""Keccak trees of RFC 9162 shape (protocol §2): leaf hash keccak(preimage), node keccak(1 ‖ l ‖ r).

The recursive definition splits n leaves at the largest power of two below n. Pairing neighbours
level by level and lifting an odd last node unchanged gives the same tree, and is what we do.

    tree = MerkleTree([b"\\x00" + each for each in entries])   # leaves with the prefix 0x00
    tree.root, tree.path(3), verify_path(leaf, 3, len(tree), path, tree.root)

With sha256 in Keccak's place these are the trees and inclusion proofs of RFC 9162 §2.1. Trees of
@openzeppelin/merkle-tree are in `usufruct.core.standard_tree`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from usufruct.core.keccak import DIGEST, Bytes2D, keccak256, keccak256_nodes, keccak256_rows

EMPTY_ROOT = keccak256(b"")
"""Root of no leaves."""

Bytes3D = npt.NDArray[np.uint8]
"""An array of bytes of shape [rows, nodes, 32]."""
Lengths = npt.NDArray[np.int64]
"""Numbers of nodes."""

_NODE_PREFIX = b"\x01"
_WORDS = DIGEST // 8


class MerkleTree:
    """A tree with all its levels, for paths. Memory: 64 bytes a leaf.

    Args:
        leaves: Preimages, each with its 0x00 prefix: byte strings or an array [n, length].
    """

    def __init__(self, leaves: Sequence[bytes] | Bytes2D) -> None:
        self._levels = _levels(leaf_hashes(leaves))
        self.root: bytes = self._levels[-1].tobytes() if len(self) else EMPTY_ROOT

    def __len__(self) -> int:
        return len(self._levels[0])

    def path(self, index: int) -> list[bytes]:
        """Sibling hashes from the leaf up to the root, 32 bytes each.

        Raises:
            IndexError: No such leaf.
        """
        if not 0 <= index < len(self):
            message = f"leaf {index} of a tree with {len(self)}"
            raise IndexError(message)
        path = []
        for level in self._levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling].tobytes())
            index >>= 1
        return path

    def paths(self, indices: Sequence[int] | npt.NDArray[np.int64]) -> tuple[Bytes3D, Lengths]:
        """The paths of many leaves at once, at memory speed.

        Returns:
            Siblings of shape [leaves, height, 32], each path packed at the front, and the paths' lengths:
            `nodes[k, :lengths[k]]` is `path(indices[k])`.

        Raises:
            IndexError: No such leaf.
        """
        at = np.asarray(indices, np.int64)
        if at.size and not (0 <= at.min() and at.max() < len(self)):
            message = f"leaves {at.min()} to {at.max()} of a tree with {len(self)}"
            raise IndexError(message)
        nodes = np.zeros((len(at), len(self._levels) - 1, _WORDS), np.uint64)
        lengths = np.zeros(len(at), np.int64)
        whole = True  # while no path has left out a level, all stand at the same height
        for height, level in enumerate(self._levels[:-1]):
            words, siblings = level.view(np.uint64), at ^ 1
            present = siblings < len(level)
            if whole and present.all():
                nodes[:, height] = words[siblings]
                lengths += 1
            else:
                whole, rows = False, np.flatnonzero(present)
                nodes[rows, lengths[rows]] = words[siblings[rows]]
                lengths[rows] += 1
            at = at >> 1
        return nodes.view(np.uint8), lengths


def tree_root(leaves: Sequence[bytes] | Bytes2D) -> bytes:
    """Root over leaf preimages: byte strings or an array [n, length]."""
    level = leaf_hashes(leaves)
    if not len(level):
        return EMPTY_ROOT
    while len(level) > 1:
        level = _above(level)
    return level.tobytes()


def leaf_hashes(leaves: Sequence[bytes] | Bytes2D) -> Bytes2D:
    """Hashes of leaf preimages, shape [n, 32]."""
    if isinstance(leaves, np.ndarray):
        return keccak256_rows(leaves)
    lengths = {len(leaf) for leaf in leaves}
    if len(lengths) == 1:
        rows = np.frombuffer(b"".join(leaves), np.uint8).reshape(len(leaves), lengths.pop())
        return keccak256_rows(rows)
    hashes = b"".join(map(keccak256, leaves))
    return np.frombuffer(hashes, np.uint8).reshape(-1, DIGEST)


def verify_path(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the preimage `leaf` stands at `index` of the tree with `size` leaves and `root`.

    After RFC 9162 §2.1.3.2; a path that is too short or too long is refused.
    """
    if not 0 <= index < size:
        return False
    node = keccak256(leaf)
    last = size - 1
    for sibling in path:
        if last == 0 or len(sibling) != DIGEST:
            return False
        # A node that is the last of an odd level has been lifted, up to where it has a left neighbour.
        while index == last and not index & 1:
            index >>= 1
            last >>= 1
        left, right = (sibling, node) if index & 1 else (node, sibling)
        node = keccak256(_NODE_PREFIX + left + right)
        index >>= 1
        last >>= 1
    return last == 0 and node == root


def _above(level: Bytes2D) -> Bytes2D:
    even = len(level) & ~1
    nodes = keccak256_nodes(level[:even])
    return nodes if even == len(level) else np.concatenate((nodes, level[even:]))


def _levels(leaves: Bytes2D) -> list[Bytes2D]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return levels
