"""Trees of @openzeppelin/merkle-tree: the JavaScript package itself says what is right."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.core.standard_tree import (
    MultiProof,
    StandardMerkleTree,
    leaf_hash,
    verify_multi_proof,
    verify_proof,
)
from usufruct.errors import EvidenceError, InputError

ROOT = Path(__file__).resolve().parents[3]
TYPES = ["address", "uint256"]
ASK = """
const { StandardMerkleTree, SimpleMerkleTree } = require('@openzeppelin/merkle-tree');
const answers = JSON.parse(require('fs').readFileSync(0)).map(ask => {
  const options = { sortLeaves: ask.sort };
  const tree = ask.dump ? (ask.types ? StandardMerkleTree : SimpleMerkleTree).load(ask.dump)
    : ask.types ? StandardMerkleTree.of(ask.values, ask.types, options)
    : SimpleMerkleTree.of(ask.values, options);
  return { dump: tree.dump(), root: tree.root, proof: tree.getProof(ask.some[0]), multi: tree.getMultiProof(ask.some) };
});
console.log(JSON.stringify(answers));
"""


def payments(count):
    return [[f"0x{7 * i + 1:040x}", str(10**18 * i + 5)] for i in range(count)]


def words(count):
    return [f"0x{13 * i + 1:064x}" for i in range(count)]


MIXED = ["string", "bytes", "bool", "int64", "uint8[]", "bytes32", "address[2]"]
MIXED_VALUES = [
    ["ü", "0x0102", True, "-5", ["1", "2"], "0x" + "ab" * 32, ["0x" + "11" * 20, "0x" + "22" * 20]],
    ["", "0x", False, "5", [], "0x" + "00" * 32, ["0x" + "33" * 20, "0x" + "44" * 20]],
]
CASES = [
    *((payments(n), TYPES, True, [n // 2, *({0, n - 1} - {n // 2})]) for n in (1, 2, 3, 7, 8, 33)),
    (payments(7), TYPES, False, [5, 1, 2]),
    (payments(3) + payments(3), TYPES, True, [0, 3]),
    (words(9), None, True, [4, 8]),
    (words(6), None, False, [0]),
    (MIXED_VALUES, MIXED, True, [1]),
]


@pytest.fixture(scope="module")
def answers():
    node = shutil.which("node")
    assert node, "Node is needed by this project"
    asked = [
        {"values": values, "types": types, "sort": sort, "some": some}
        for values, types, sort, some in CASES
    ]
    asked += [
        ask
        | {
            "dump": StandardMerkleTree.of(
                ask["values"], ask["types"], sort_leaves=ask["sort"]
            ).dump()
        }
        for ask in asked
    ]
    found = subprocess.run(
        [node, "-e", ASK],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return json.loads(found.stdout)


def hexed(parts):
    return ["0x" + each.hex() for each in parts]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_trees_and_proofs_are_the_packages_own(answers, number):
    values, types, sort, some = CASES[number]
    mine, theirs = StandardMerkleTree.of(values, types, sort_leaves=sort), answers[number]
    assert json.dumps(mine.dump()) == json.dumps(theirs["dump"])
    assert "0x" + mine.root.hex() == theirs["root"]
    proof = mine.proof(some[0])
    assert hexed(proof) == theirs["proof"]
    assert verify_proof(mine.root, leaf_hash(values[some[0]], types), proof)
    multi = mine.multi_proof(some)
    hashes = [leaf_hash(each, types) for each in theirs["multi"]["leaves"]]
    assert list(multi.leaves) == hashes
    assert hexed(multi.proof) == theirs["multi"]["proof"]
    assert list(multi.flags) == theirs["multi"]["proofFlags"]
    assert verify_multi_proof(mine.root, multi)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_package_loads_our_dumps_and_we_load_its(answers, number):
    theirs = answers[len(CASES) + number]
    assert theirs == answers[number]
    loaded = StandardMerkleTree.load(theirs["dump"])
    assert "0x" + loaded.root.hex() == theirs["root"]
    assert loaded.dump() == theirs["dump"]
    assert len(loaded) == len(CASES[number][0])


@given(st.integers(1, 40), st.data())
def test_every_selection_has_a_proof(count, data):
    tree = StandardMerkleTree.of(words(count))
    some = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    assert verify_multi_proof(tree.root, tree.multi_proof(some))
    for index in some:
        leaf = leaf_hash(tree.values[index], None)
        assert verify_proof(tree.root, leaf, tree.proof(index))
        assert count == 1 or not verify_proof(tree.root, leaf, tree.proof(index)[1:])


def test_numbers_and_words_may_be_given_as_they_are():
    texts = StandardMerkleTree.of([["0x" + "11" * 20, "5"]], TYPES)
    assert StandardMerkleTree.of([["0x" + "11" * 20, 5]], TYPES).dump() == texts.dump()
    assert (
        StandardMerkleTree.of([bytes(31) + b"\x01"]).dump()["values"][0]["value"] == f"0x{1:064x}"
    )


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ([], TYPES),
        ([["0x11", "5"]], TYPES),
        ([["0x" + "11" * 20]], TYPES),
        ([["0x" + "11" * 20, "-1"]], TYPES),
        ([["0x" + "11" * 20, "x"]], TYPES),
        ([["1"]], ["uint257"]),
        (["0x11"], None),
        ([b"short"], None),
    ],
)
def test_values_that_do_not_fit_are_refused(values, types):
    with pytest.raises(InputError):
        StandardMerkleTree.of(values, types)


def test_a_tampered_dump_is_refused():
    for place in range(5):
        dump = StandardMerkleTree.of(payments(3), TYPES).dump()
        dump["tree"][place] = "0x" + "00" * 32
        with pytest.raises(EvidenceError):
            StandardMerkleTree.load(dump)
    dump = StandardMerkleTree.of(payments(3), TYPES).dump()
    dump["values"][0]["value"][1] = "6"
    with pytest.raises(EvidenceError):
        StandardMerkleTree.load(dump)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other-v1"},
        {"tree": []},
        {"leafEncoding": None},
        {"values": [{"value": 1}]},
        {"values": [{"value": ["0x" + "11" * 20, "1"], "treeIndex": 7}]},
        {"more": 1},
    ],
)
def test_what_is_no_dump_is_refused(change):
    with pytest.raises(InputError):
        StandardMerkleTree.load(StandardMerkleTree.of(payments(2), TYPES).dump() | change)
    with pytest.raises(InputError):
        StandardMerkleTree.load([])
    with pytest.raises(InputError):
        StandardMerkleTree.load(StandardMerkleTree.of(words(2)).dump() | {"hash": "custom"})
    with pytest.raises(InputError):
        StandardMerkleTree.load({"format": "standard-v1", "tree": [], "values": []})


def test_malformed_proofs_are_false():
    tree = StandardMerkleTree.of(words(4))
    leaf = leaf_hash(words(4)[0], None)
    assert not verify_proof(tree.root, leaf, [b"short"])
    assert not verify_multi_proof(tree.root, MultiProof((leaf,), (), (True, False)))
    assert not verify_multi_proof(tree.root, MultiProof((), (leaf, leaf), (True,)))
    assert not verify_multi_proof(tree.root, MultiProof((leaf, leaf), (), (False,)))


@pytest.mark.parametrize("index", [-1, 4])
def test_values_that_are_not_there_have_no_proof(index):
    tree = StandardMerkleTree.of(words(4))
    with pytest.raises(IndexError):
        tree.proof(index)
    with pytest.raises(IndexError):
        tree.multi_proof([index])
    with pytest.raises(InputError):
        tree.multi_proof([1, 1])
