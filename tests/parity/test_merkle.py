"""merkle.py equals the RFC's recursive definition and its verification in Solidity."""

from hypothesis import given
from hypothesis import strategies as st
from tests.parity.conftest import Harness

from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.merkle import MerkleTree, tree_root, verify_path


def leaves_of(count: int) -> list[bytes]:
    return [
        ReadingLeaf(open_quantity(n * n), bytes(32), 1, n, n, 3600, 101, 0, 17, 0, 1).encode()
        for n in range(count)
    ]


def test_roots_of_all_small_trees(harness: Harness):
    for count in range(34):
        leaves = leaves_of(count)
        assert harness.call("rootOf", leaves) == (tree_root(leaves),)


@given(st.data())
def test_both_accept_and_refuse_the_same_paths(harness: Harness, data: st.DataObject):
    count = data.draw(st.integers(1, 200))
    leaves = leaves_of(count)
    tree = MerkleTree(leaves)
    place = data.draw(st.integers(0, count - 1))
    path = tree.path(place)
    index = data.draw(st.just(place) | st.integers(0, count))
    size = data.draw(st.just(count) | st.integers(1, 250))
    cut = data.draw(st.just(len(path)) | st.integers(0, len(path)))
    claim = (leaves[place], index, size, path[:cut], tree.root)
    assert harness.call("verify", *claim) == (verify_path(*claim),)
    assert harness.call("verify", leaves[place], place, count, path, tree.root) == (True,)
