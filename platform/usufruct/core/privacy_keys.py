"""The key from which the secrets of all meters derive, and which can forget single meters (protocol §3).

The secrets of the meters are the leaves of a binary tree over the 64 bits of a meter id, each node's
seed hashed from its parent's (the construction of Goldreich, Goldwasser and Micali). Whoever has a
seed has all leaves below it and no other. A key that forgets a meter is replaced by the seeds beside
the path to its leaf: every other meter keeps its secret, the forgotten one's cannot be had again, and
holders of equal keys who forget the same meters have equal keys, in whatever order they do it.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from usufruct.core.documents import integer, items, keyed, natural, text, wrong
from usufruct.core.encoding import canonical_json, hex0x, load_json, unhex
from usufruct.errors import EvidenceError, InputError

DEPTH = 64
"""Bits of a meter id."""
VERSION = 1
"""Version of the written form of a key that has forgotten meters."""

_ROOT = b"usufruct/meter/2"
_SIDES = (b"\x00", b"\x01")
_SEED = 32
_MOST_NODES = 1 << 20
_KEYS = {"v", "seeds"}
_NODE_KEYS = {"depth", "prefix", "seed"}


@dataclass(frozen=True, slots=True, order=True)
class Seed:
    """A node of the tree: the ids whose first `depth` bits are `prefix`, and the seed (32 bytes)."""

    depth: int
    prefix: int
    seed: bytes

    def __repr__(self) -> str:
        return f"Seed({self.depth}, {self.prefix}, …)"

    def covers(self, meter: int) -> bool:
        """Whether the meter's leaf is below this node, or is it."""
        return meter >> (DEPTH - self.depth) == self.prefix


class PrivacyKey:
    """What is left of a community's privacy secret.

    Args:
        seeds: Nodes none of which is below another.

    Raises:
        InputError: One is.
    """

    def __init__(self, seeds: Iterable[Seed]) -> None:
        # By place in the tree, so that equal keys are written equally.
        self._seeds = tuple(sorted(seeds, key=lambda each: each.prefix << (DEPTH - each.depth)))
        self._secrets: dict[int, bytes] = {}
        for left, right in zip(self._seeds, self._seeds[1:], strict=False):
            if (left.prefix + 1) << (DEPTH - left.depth) > right.prefix << (DEPTH - right.depth):
                raise wrong("seeds", f"{left!r}, {right!r}", "no seed is below another")

    def __repr__(self) -> str:
        return "PrivacyKey(…)"

    @classmethod
    def parse(cls, data: bytes) -> "PrivacyKey":
        """The key that is written in a secret file: any bytes, or what `written` makes.

        Raises:
            InputError: It begins like a written key and is none.
        """
        if not data.startswith(b"{"):
            return cls([Seed(0, 0, hmac.digest(data, _ROOT, "sha256"))])
        top = keyed(load_json(data), _KEYS, "privacy key")
        if integer(top["v"], "privacy key.v") != VERSION:
            raise wrong("privacy key.v", top["v"], f"the version is {VERSION}")
        given = items(top["seeds"], "seeds")
        if len(given) > _MOST_NODES:
            raise wrong("seeds", len(given), f"at most {_MOST_NODES}")
        return cls(_seed(each) for each in given)

    def written(self) -> bytes:
        """The key as it is kept in a file. It is secret."""
        seeds = [
            {"depth": each.depth, "prefix": str(each.prefix), "seed": hex0x(each.seed)}
            for each in self._seeds
        ]
        return canonical_json({"v": VERSION, "seeds": seeds})

    def has(self, meter: int) -> bool:
        """Whether the meter's secret has not been forgotten."""
        return any(each.covers(meter) for each in self._seeds)

    def meter_secret(self, meter: int) -> bytes:
        """The secret of one meter (32 bytes).

        Raises:
            EvidenceError: It has been forgotten.
            InputError: Not an id of a meter.
        """
        known = self._secrets.get(meter)
        if known is not None:
            return known
        _require_id(meter)
        for each in self._seeds:
            if each.covers(meter):
                seed = each.seed
                for height in range(DEPTH - each.depth - 1, -1, -1):
                    seed = _child(seed, meter >> height & 1)
                self._secrets[meter] = seed
                return seed
        raise EvidenceError(
            f"the secret of meter {meter} was destroyed",
            field="meter",
            value=meter,
            rule="blindings and openings need the meter's secret",
            remedy="the household was erased: roots, sums and proofs of before stand, no reading can be shown",
        )

    def without(self, meter: int) -> "PrivacyKey":
        """The key that has forgotten this meter, too; the same key if it had already.

        Raises:
            InputError: Not an id of a meter.
        """
        _require_id(meter)
        return PrivacyKey(kept for each in self._seeds for kept in _beside(each, meter))


def meter_secret(privacy_secret: bytes, meter_id: int) -> bytes:
    """The secret of one meter (32 bytes), of the bytes of a secret or a written key.

    Raises:
        As `PrivacyKey.parse` and `PrivacyKey.meter_secret`.
    """
    return privacy_key(privacy_secret).meter_secret(meter_id)


@lru_cache(maxsize=4)
def privacy_key(privacy_secret: bytes) -> PrivacyKey:
    """The key of the bytes of a secret, the last few kept; InputError as for `PrivacyKey.parse`."""
    return PrivacyKey.parse(privacy_secret)


def _child(seed: bytes, side: int) -> bytes:
    return hmac.digest(seed, _SIDES[side], "sha256")


def _beside(node: Seed, meter: int) -> Iterable[Seed]:
    """The node itself, or the nodes beside the path from it to the meter's leaf."""
    if not node.covers(meter):
        yield node
        return
    seed = node.seed
    for depth in range(node.depth + 1, DEPTH + 1):
        prefix = meter >> (DEPTH - depth)
        yield Seed(depth, prefix ^ 1, _child(seed, prefix & 1 ^ 1))
        seed = _child(seed, prefix & 1)


def _seed(value: object) -> Seed:
    node = keyed(value, _NODE_KEYS, "seeds")
    depth, prefix = natural(node["depth"], "seeds.depth"), text(node["prefix"], "seeds.prefix")
    plain = prefix.isascii() and prefix.isdecimal() and len(prefix) <= _SEED
    if depth > DEPTH or not plain or int(prefix) >> depth:
        raise wrong("seeds", f"{depth}, {prefix}", f"depth ≤ {DEPTH} and prefix < 2^depth")
    return Seed(depth, int(prefix), unhex(text(node["seed"], "seeds.seed"), _SEED))


def _require_id(meter: int) -> None:
    if not 0 <= meter < 1 << DEPTH:
        raise InputError(
            "not an id of a meter",
            field="meter",
            value=meter,
            rule=f"0 ≤ id < 2^{DEPTH}",
            remedy="use the number of the community file",
        )
