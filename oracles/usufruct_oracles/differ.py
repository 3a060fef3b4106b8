"""Says how two workers' batches or statements differ, without telling a reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from usufruct.core.encoding import load_json
from usufruct.core.manifests import Manifest
from usufruct.core.typed_data import Statement
from usufruct_oracles.wire import Json, describe_leaf, fingerprints

_TEXT = 200
FIRST = 5
"""Differing leaves that are shown, on each side."""
MOST_FINGERPRINTS = 40_000
"""Leaves beyond which a proposal carries no fingerprints, so that it stays below 1 MB."""


def same_but_version(one: Statement, other: Statement) -> bool:
    """Whether two statements say the same, their versions apart."""
    return replace(one, version=0) == replace(other, version=0)


def differing(mine: Mapping[str, object], yours: Mapping[str, object]) -> list[str]:
    """Names of the fields that differ, sorted."""
    names = mine.keys() | yours.keys()
    return sorted(name for name in names if mine.get(name) != yours.get(name))


def manifest_object(manifest: Manifest) -> Json:
    """A manifest as the JSON object that is hashed."""
    found = load_json(manifest.canonical())
    if not isinstance(found, dict):
        raise AssertionError("a manifest is an object")  # noqa: TRY004  # not a caller's mistake
    return found


def leaves_summary(mine: Sequence[bytes], yours: Sequence[str]) -> Json:
    """What only one side has.

    Args:
        mine: This side's leaves.
        yours: The other side's fingerprints.

    Returns:
        `only_mine`: this side's first differing readings; `only_yours`: places of the other side's first
        differing readings in its batch, which only it can show; and how many there are of each.
    """
    own = fingerprints(mine)
    missing, surplus = Counter(own) - Counter(yours), Counter(yours) - Counter(own)
    only_mine = [
        describe_leaf(leaf) for leaf, mark in zip(mine, own, strict=True) if mark in missing
    ]
    only_yours = [at for at, mark in enumerate(yours) if mark in surplus]
    return {
        "only_mine": only_mine[:FIRST],
        "only_yours": only_yours[:FIRST],
        "only_mine_count": len(only_mine),
        "only_yours_count": len(only_yours),
    }


def seen_from_here(body: Mapping[str, object], leaves: Sequence[bytes]) -> Json:
    """A peer's account of a disagreement with the sides exchanged, and this side's readings filled in.

    Only known parts are taken over, cut to a bounded size: a peer's text must not fill the log.
    """
    found: Json = {
        "mine": str(body.get("yours"))[:_TEXT],
        "yours": str(body.get("mine"))[:_TEXT],
        "differs": _names(body.get("differs")),
        "manifest": _names(body.get("manifest")),
    }
    summary = body.get("leaves")
    if isinstance(summary, dict):
        places = summary.get("only_yours")
        found["only_mine"] = [
            describe_leaf(leaves[at])
            for at in (places if isinstance(places, list) else [])[:FIRST]
            if isinstance(at, int) and 0 <= at < len(leaves)
        ]
        theirs = summary.get("only_mine")
        found["only_yours"] = [
            str(each)[: 2 * _TEXT] for each in (theirs if isinstance(theirs, list) else [])[:FIRST]
        ]
    return found


def _names(value: object) -> list[str]:
    names = value if isinstance(value, list) else []
    return [str(each)[:_TEXT] for each in names[: 4 * FIRST]]
