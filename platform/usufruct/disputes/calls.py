"""The calls that prove a candidate: leaves with paths, batches walked back from the period's last head."""

from __future__ import annotations

from collections.abc import Sequence

from usufruct.contracts import Call
from usufruct.contracts import objective_disputes as od
from usufruct.core.merkle import MerkleTree
from usufruct.disputes.evidence import PeriodEvidence
from usufruct.disputes.faults import Candidate, Place

__all__ = ["proof_of", "turns"]


def proof_of(evidence: PeriodEvidence, candidate: Candidate) -> Call[bytes]:
    """The call of ObjectiveDisputes that proves a candidate."""
    if candidate.verb == "lines":
        lines = b"".join(line.leaf() for line in evidence.lines or ())
        return od.prove_lines(od.Statement(*evidence.statement.values()), lines)
    # The first of a pair is the older one, whose batch the contract wants last.
    oldest = candidate.places[0]
    walked = _walked(evidence, oldest.batch)
    if candidate.verb == "reading":
        return od.prove_reading(walked, _reading(evidence, oldest))
    if candidate.verb == "record":
        return od.prove_record(walked, _reading(evidence, oldest), candidate.record)
    newer = candidate.places[1]
    index = len(evidence.batches) - 1 - newer.batch
    return od.prove_pair(walked, index, _reading(evidence, newer), _reading(evidence, oldest))


def turns(index: int, size: int) -> int:
    """Bit i is set where the node at height i of the path of leaf `index` is a right child."""
    bits, height = 0, 0
    while size > 1:
        if index ^ 1 < size:
            bits |= (index & 1) << height
            height += 1
        index, size = index >> 1, (size + 1) >> 1
    return bits


def _reading(evidence: PeriodEvidence, place: Place) -> od.Reading:
    leaves = evidence.batches[place.batch].leaves
    path: Sequence[bytes] = MerkleTree(leaves).path(place.index)
    return od.Reading(leaves[place.index], turns(place.index, len(leaves)), tuple(path))


def _walked(evidence: PeriodEvidence, oldest: int) -> od.Evidence:
    """From the period's last batch back to the one at `oldest`."""
    batches = [each.batch for each in evidence.batches[oldest:]][::-1]
    links = tuple(
        od.Link(b.prev, b.from_, b.to, b.first, b.count, b.closes, b.root, b.content)
        for b in batches
    )
    stated = evidence.statement
    return od.Evidence(stated.stream, stated.period, batches[0].seq, links)
