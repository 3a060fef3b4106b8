"""Trees of @openzeppelin/merkle-tree, bit for bit: StandardMerkleTree, and SimpleMerkleTree over words.

    tree = StandardMerkleTree.of([["0x…", "5000000000000000000"]], ["address", "uint256"])
    tree.root, tree.proof(0), tree.multi_proof([0]), json.dumps(tree.dump())
    tree = StandardMerkleTree.load(json.loads(text))          # every node is checked
    verify_proof(tree.root, leaf_hash(value, types), proof)   # and verify_multi_proof

For lists that stock tools and contracts (`MerkleProof.sol`) verify, e.g. of payments to holders. A
leaf is keccak(keccak(abi.encode(values))), or the word itself; the leaves, sorted by their hashes
unless told otherwise, stand at the end of an array of 2n − 1 nodes in reverse order; node i is
keccak of its children 2i + 1 and 2i + 2, the smaller first.

Trees of readings have another shape: see `usufruct.core.merkle`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError, ParseError

from usufruct.core.documents import integer, items, text, wrong
from usufruct.core.encoding import hex0x, unhex
from usufruct.core.keccak import DIGEST, keccak256
from usufruct.errors import EvidenceError, InputError

STANDARD: Final = "standard-v1"
"""`format` of a dump of a StandardMerkleTree."""
SIMPLE: Final = "simple-v1"
"""`format` of a dump of a SimpleMerkleTree."""


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several leaves at once, as `MerkleProof.multiProofVerify` takes it.

    Attributes:
        leaves: Hashes of the leaves, in the order the proof needs them.
        proof: Hashes of the siblings that do not follow from them.
        flags: For each step whether the second operand is one that was computed.
    """

    leaves: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


class StandardMerkleTree:
    """A tree with its values.

    Attributes:
        root: Its root (32 bytes).
        values: The values in the order they were given.
        types: ABI types of a value's parts, None for a tree over words.
    """

    def __init__(
        self,
        tree: Sequence[bytes],
        values: Sequence[object],
        places: Sequence[int],
        types: tuple[str, ...] | None,
    ) -> None:
        self._tree = tuple(tree)
        self._places = tuple(places)
        self.values = tuple(values)
        self.types = types
        self.root = self._tree[0]

    @classmethod
    def of(
        cls, values: Sequence[Any], types: Sequence[str] | None = None, *, sort_leaves: bool = True
    ) -> "StandardMerkleTree":
        """The tree over values.

        Args:
            values: Lists of ABI values (addresses as text, integers as numbers or decimal text), or
                words (32 bytes or hex) if there are no types.
            types: ABI types such as ("address", "uint256").
            sort_leaves: Whether leaves are ordered by their hashes, as OpenZeppelin does by default.

        Raises:
            InputError: No values, or one does not fit the types.
        """
        kinds = None if types is None else tuple(types)
        if not values:
            raise wrong("values", "[]", "a tree has at least one leaf")
        hashes = [leaf_hash(value, kinds) for value in values]
        order = (
            sorted(range(len(values)), key=hashes.__getitem__)
            if sort_leaves
            else range(len(values))
        )
        size = 2 * len(values) - 1
        tree = [b""] * size
        places = [0] * len(values)
        for rank, index in enumerate(order):
            places[index] = size - 1 - rank
            tree[size - 1 - rank] = hashes[index]
        for at in range(size - len(values) - 1, -1, -1):
            tree[at] = _pair(tree[2 * at + 1], tree[2 * at + 2])
        return cls(tree, values, places, kinds)

    @classmethod
    def load(cls, dump: object) -> "StandardMerkleTree":
        """The tree of a dump that `dump()` of either implementation made; every node is checked.

        Raises:
            InputError: Not a dump of a known format.
            EvidenceError: A node or leaf does not follow from the values.
        """
        top = _dumped(dump)
        types = None
        if top["format"] == STANDARD:
            types = tuple(
                text(each, "leafEncoding") for each in items(top["leafEncoding"], "leafEncoding")
            )
        elif top["format"] != SIMPLE:
            raise wrong("format", top["format"], f"{STANDARD} or {SIMPLE}")
        elif "hash" in top:
            raise wrong("hash", top["hash"], "the standard node hash")
        tree = [unhex(text(each, "tree"), DIGEST) for each in items(top["tree"], "tree")]
        values, places = [], []
        for each in items(top["values"], "values"):
            if not isinstance(each, dict) or set(each) != {"value", "treeIndex"}:
                raise wrong("values", each, "objects with value and treeIndex")
            values.append(each["value"])
            places.append(integer(each["treeIndex"], "treeIndex"))
        if len(tree) != 2 * len(values) - 1 or sorted(places) != list(
            range(len(values) - 1, len(tree))
        ):
            raise wrong("treeIndex", places[:8], "each leaf of an array of 2n − 1 nodes once")
        found = cls(tree, values, places, types)
        found.validate()
        return found

    def dump(self) -> dict[str, object]:
        """The JSON document that the JavaScript package's `load` takes."""
        form: dict[str, object] = {"format": SIMPLE}
        if self.types is not None:
            form = {"format": STANDARD, "leafEncoding": list(self.types)}
        tree = [hex0x(node) for node in self._tree]
        values = [
            {"value": _shown(value), "treeIndex": place}
            for value, place in zip(self.values, self._places, strict=True)
        ]
        return form | {"tree": tree, "values": values}

    def validate(self) -> None:
        """Checks that every leaf is its value's and every node its children's.

        Raises:
            EvidenceError: One is not.
        """
        for value, place in zip(self.values, self._places, strict=True):
            if leaf_hash(value, self.types) != self._tree[place]:
                raise _broken(f"tree[{place}]", self._tree[place], "the hash of its value")
        for at in range(len(self._tree) // 2):
            if _pair(self._tree[2 * at + 1], self._tree[2 * at + 2]) != self._tree[at]:
                raise _broken(f"tree[{at}]", self._tree[at], "the hash of its children")

    def __len__(self) -> int:
        return len(self.values)

    def proof(self, index: int) -> list[bytes]:
        """Siblings from the leaf of value number `index` up to the root.

        Raises:
            IndexError: No such value.
        """
        at, found = self._place(index), []
        while at:
            found.append(self._tree[_sibling(at)])
            at = (at - 1) // 2
        return found

    def multi_proof(self, indices: Sequence[int]) -> MultiProof:
        """One proof for the values with these numbers.

        Raises:
            IndexError: No such value.
            InputError: A number twice.
        """
        places = sorted((self._place(each) for each in indices), reverse=True)
        if len(set(places)) != len(places):
            raise wrong("indices", list(indices), "each value once")
        stack, proof, flags = list(places), [], []
        while stack and stack[0]:
            at = stack.pop(0)
            sibling = _sibling(at)
            is_known = bool(stack) and stack[0] == sibling
            flags.append(is_known)
            if is_known:
                stack.pop(0)
            else:
                proof.append(self._tree[sibling])
            stack.append((at - 1) // 2)
        if not places:
            proof.append(self.root)
        return MultiProof(tuple(self._tree[at] for at in places), tuple(proof), tuple(flags))

    def _place(self, index: int) -> int:
        if not 0 <= index < len(self.values):
            message = f"value {index} of a tree with {len(self.values)}"
            raise IndexError(message)
        return self._places[index]


def leaf_hash(value: Any, types: Sequence[str] | None) -> bytes:
    """Hash of a leaf: keccak(keccak(abi.encode(values))), or the word itself without types.

    Raises:
        InputError: The value does not fit the types.
    """
    if types is None:
        return _word(value)
    try:
        encoded = encode(
            list(types), [_abi(each, kind) for each, kind in zip(value, types, strict=True)]
        )
    except (EncodingError, ParseError, ValueError, TypeError) as error:
        raise InputError(
            "the value does not fit its types",
            field="value",
            value=value,
            rule="ABI values of " + ", ".join(types),
            remedy="correct the value or the types",
        ) from error
    return keccak256(keccak256(encoded))


def verify_proof(root: bytes, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the leaf with that hash is in the tree, as `MerkleProof.verify` decides."""
    if any(len(each) != DIGEST for each in (root, leaf, *proof)):
        return False
    return reduce(_pair, proof, leaf) == root


def verify_multi_proof(root: bytes, given: MultiProof) -> bool:
    """Whether the leaves are in the tree, as `MerkleProof.multiProofVerify` decides.

    A flag that asks for more than there is makes it false, also where OpenZeppelin reverts.
    """
    if len(given.leaves) + len(given.proof) != len(given.flags) + 1:
        return False
    stack, proof = list(given.leaves), list(given.proof)
    for is_known in given.flags:
        if len(stack) < 1 + is_known or (not is_known and not proof):
            return False
        first = stack.pop(0)
        stack.append(_pair(first, stack.pop(0) if is_known else proof.pop(0)))
    return len(rest := stack + proof) == 1 and rest[0] == root


def _pair(left: bytes, right: bytes) -> bytes:
    return keccak256(left + right if left < right else right + left)


def _sibling(at: int) -> int:
    return at + 1 if at & 1 else at - 1


def _abi(value: Any, kind: str) -> Any:
    """A value of a dump as eth_abi takes it: numbers may be decimal text, bytes are hex."""
    if kind.endswith("]") and isinstance(value, (list, tuple)):
        inner = kind[: kind.rindex("[")]
        return [_abi(each, inner) for each in value]
    if isinstance(value, str) and "int" in kind.partition("[")[0]:
        return int(value, 0)
    if isinstance(value, str) and kind.startswith("bytes"):
        return bytes.fromhex(value.removeprefix("0x"))
    return value


def _word(value: object) -> bytes:
    word = value if isinstance(value, bytes) else unhex(text(value, "value"), DIGEST)
    if len(word) != DIGEST:
        raise wrong("value", value, "32 bytes")
    return word


def _shown(value: object) -> object:
    """A value as JSON holds it: words as hex, numbers of any size as decimal text."""
    if isinstance(value, bytes):
        return hex0x(value)
    if isinstance(value, (list, tuple)):
        return [_shown(each) for each in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _dumped(dump: object) -> dict[str, object]:
    needed = {"format", "tree", "values"}
    if not isinstance(dump, dict) or not needed <= set(dump) <= needed | {"leafEncoding", "hash"}:
        raise wrong("dump", dump, "an object with format, tree, values and leafEncoding")
    if dump["format"] == STANDARD and "leafEncoding" not in dump:
        raise wrong("leafEncoding", None, "the ABI types of a value")
    return dump


def _broken(name: str, value: bytes, rule: str) -> EvidenceError:
    return EvidenceError(
        "the tree does not hold",
        field=name,
        value=value,
        rule=f"must be {rule}",
        remedy="do not rely on this dump; make it again from its values",
    )
