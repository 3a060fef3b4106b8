import numpy as np
import pytest
import sha3
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core import keccak
from usufruct.core.merkle import EMPTY_ROOT, MerkleTree, tree_root, verify_path


def h(data):
    return sha3.keccak_256(data).digest()


def recursive_root(leaves):
    """RFC 9162 §2.1.1, word for word, with the leaf prefix already in the leaves."""
    if not leaves:
        return h(b"")
    if len(leaves) == 1:
        return h(leaves[0])
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    return h(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:]))


def recursive_path(index, leaves):
    """RFC 9162 §2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    split = 1
    while 2 * split < len(leaves):
        split *= 2
    if index < split:
        return [*recursive_path(index, leaves[:split]), recursive_root(leaves[split:])]
    return [*recursive_path(index - split, leaves[split:]), recursive_root(leaves[:split])]


def leaves_of(count, length=102):
    return [b"\x00" + number.to_bytes(length - 1, "big") for number in range(count)]


def test_the_empty_tree():
    assert tree_root([]) == EMPTY_ROOT == h(b"")
    assert MerkleTree([]).root == EMPTY_ROOT
    assert tree_root(np.empty((0, 102), np.uint8)) == EMPTY_ROOT


def test_the_tree_of_seven_leaves_of_the_rfc():
    d = leaves_of(7)
    a, b, c, e, f, g, j = map(h, d)
    k, m, n = h(b"\x01" + a + b), h(b"\x01" + c + e), h(b"\x01" + f + g)
    left, right = h(b"\x01" + k + m), h(b"\x01" + n + j)
    tree = MerkleTree(d)
    assert tree.root == h(b"\x01" + left + right)
    assert tree.path(0) == [b, m, right]
    assert tree.path(3) == [c, k, right]
    assert tree.path(4) == [g, j, left]
    assert tree.path(6) == [n, left]


@pytest.mark.parametrize("count", range(66))
def test_level_by_level_is_the_recursive_definition(count):
    leaves = leaves_of(count)
    tree = MerkleTree(leaves)
    assert tree_root(leaves) == tree.root == recursive_root(leaves)
    assert [tree.path(index) for index in range(count)] == [
        recursive_path(index, leaves) for index in range(count)
    ]


@given(st.integers(1, 700), st.sampled_from([33, 92, 102]), st.booleans())
def test_the_kernel_builds_the_same_tree(count, length, as_array):
    keccak.warm()
    leaves = leaves_of(count, length)
    rows = np.frombuffer(b"".join(leaves), np.uint8).reshape(count, length) if as_array else leaves
    assert tree_root(rows) == MerkleTree(rows).root == recursive_root(leaves)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_leaves_may_differ_in_length(leaves):
    assert tree_root(leaves) == recursive_root(leaves)


@given(st.data())
def test_paths_verify_and_nothing_else_does(data):
    count = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, count - 1))
    leaves = leaves_of(count)
    tree = MerkleTree(leaves)
    path, leaf = tree.path(index), leaves[index]
    assert verify_path(leaf, index, count, path, tree.root)
    assert not verify_path(leaf + b"x", index, count, path, tree.root)
    assert not verify_path(leaf, index, count, [*path, bytes(32)], tree.root)
    assert not verify_path(leaf, count, count, path, tree.root)
    assert not verify_path(leaf, -1, count, path, tree.root)
    other = data.draw(st.integers(0, count - 1))
    assert verify_path(leaf, other, count, path, tree.root) == (other == index)
    if path:
        place = data.draw(st.integers(0, len(path) - 1))
        flipped = bytes([path[place][0] ^ 1]) + path[place][1:]
        assert not verify_path(leaf, index, count, path[:-1], tree.root)
        assert not verify_path(
            leaf, index, count, [*path[:place], flipped, *path[place + 1 :]], tree.root
        )
        assert not verify_path(leaf, index, count, [path[0][:31], *path[1:]], tree.root)


def test_a_node_is_no_leaf():
    leaves = leaves_of(4)
    tree = MerkleTree(leaves)
    node = b"\x01" + h(leaves[0]) + h(leaves[1])
    # A node's preimage hashes to an inner node: the size of the tree tells that it is none of its leaves.
    assert not verify_path(node, 0, 4, tree.path(0)[1:], tree.root)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_path_to_a_missing_leaf(index):
    with pytest.raises(IndexError):
        MerkleTree(leaves_of(3)).path(index)


@given(st.integers(1, 70), st.data())
def test_many_paths_are_the_single_ones(count, data):
    tree = MerkleTree([b"\x00" + bytes([each]) for each in range(count)])
    some = data.draw(st.lists(st.integers(0, count - 1), max_size=20))
    nodes, lengths = tree.paths(some)
    found = [
        [node.tobytes() for node in path[:length]]
        for path, length in zip(nodes, lengths, strict=True)
    ]
    assert found == [tree.path(index) for index in some]


@pytest.mark.parametrize("wrong", [[-1], [0, 5]])
def test_leaves_that_are_not_there_have_no_paths(wrong):
    with pytest.raises(IndexError):
        MerkleTree([b"\x00", b"\x00x", b"\x00y", b"\x00z", b"\x00!"]).paths(wrong)
