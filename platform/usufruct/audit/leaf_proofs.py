"""Whether leaves stand in their batches, and those on the chain."""

from __future__ import annotations

from usufruct.chain.client import ChainClient
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.leaf_proofs import AnchoredLeaves
from usufruct.core.merkle import verify_path
from usufruct.proof.context import broken, same

__all__ = ["require_anchored", "require_leaves"]


def require_anchored(anchored: AnchoredLeaves, client: ChainClient, from_block: int) -> None:
    """Refuses batches that the chain does not have.

    Raises:
        EvidenceError: One is not anchored.
        ChainError: The node cannot be reached.
    """
    domain = typed_data.Domain(anchored.chain_id, anchored.anchor)
    for seq, batch in anchored.batches.items():
        digest = typed_data.batch_digest(domain, batch)
        end = typed_data.Cursor(digest, batch.seq, batch.to, batch.first + batch.count)
        topics = [ta.BatchAnchored.TOPIC, _word(batch.stream), _word(seq)]
        logs = client.all_logs(from_block, anchored.anchor, topics)
        found = [ta.BatchAnchored.decode(log.topics, log.data).head for log in logs]
        if typed_data.head_of(end) not in found:
            raise broken(f"batches[{seq}]", "an anchored batch", digest)


def require_leaves(anchored: AnchoredLeaves) -> None:
    """Refuses leaves that do not stand in their batches, or twice.

    Raises:
        EvidenceError: One does not.
    """
    last = -1
    for each in anchored.leaves:
        reading, batch = each.reading, anchored.batches.get(each.batch)
        place = f"leaves[{reading.seq}]"
        if batch is None:
            raise broken(f"{place}.batch", "a batch of the file", each.batch)
        same(f"{place}.stream", batch.stream, reading.stream)
        index = reading.seq - batch.first
        if not verify_path(each.leaf, index, batch.count, each.path, batch.root):
            raise broken(place, "a leaf of the anchored tree", each.leaf)
        if reading.seq <= last:
            raise broken(f"{place}.seq", f"above {last}", reading.seq)
        last = reading.seq


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
