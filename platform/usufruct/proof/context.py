"""What the links of a proof share: the file, the chain, and the facts that earlier links established."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from usufruct.chain.client import ChainClient
from usufruct.chain.records import Log, Receipt
from usufruct.contracts import Event
from usufruct.core.encoding import canonical_json, hex0x, unhex
from usufruct.core.manifests import Manifest
from usufruct.core.tariffs import Tariff
from usufruct.errors import EvidenceError
from usufruct.proof.model import Proof

E = TypeVar("E", bound=Event)


@dataclass
class Context:
    """State of one verification.

    Attributes:
        proof: The parsed file.
        client: The chain; every answer is taken from here.
        pins: Contract addresses that the reader trusts, by name as in the file's `contracts`.
        from_block: First block in which the project's contracts may have events.
    """

    proof: Proof
    client: ChainClient
    pins: dict[str, str] = field(default_factory=dict)
    from_block: int = 0
    _receipts: dict[bytes, Receipt] = field(default_factory=dict)
    _times: dict[int, int] = field(default_factory=dict)

    def receipt(self, tx: str) -> Receipt:
        """Receipt of a successful transaction.

        Raises:
            EvidenceError: The chain does not know it, or it failed.
        """
        tx_hash = unhex(tx, 32)
        if tx_hash not in self._receipts:
            found = self.client.receipt(tx_hash)
            if found is None or found.status != 1:
                raise broken("transaction", "a successful transaction on this chain", tx)
            self._receipts[tx_hash] = found
        return self._receipts[tx_hash]

    def time_of(self, block: int) -> int:
        """Time of a block."""
        if block not in self._times:
            self._times[block] = self.client.block(block).timestamp
        return self._times[block]

    def event(
        self, tx: str, contract: str, event: type[E], wanted: Callable[[Log, E], bool]
    ) -> tuple[Log, E]:
        """The one event of `contract` in a transaction that is `wanted`; the transaction may hold others.

        Raises:
            EvidenceError: There is no such event, or more than one.
        """
        decoded = [
            (log, event.decode(log.topics, log.data))
            for log in self.receipt(tx).logs
            if log.address == contract and log.topics[:1] == [event.TOPIC]
        ]
        found = [pair for pair in decoded if wanted(*pair)]
        if len(found) != 1:
            expected = f"one such {event.NAME} of {contract} in {tx}"
            raise broken(event.NAME, expected, f"{len(found)} of {len(decoded)}")
        return found[0]

    def logs(
        self, contract: str, topics: list[bytes | list[bytes] | None], to_block: int
    ) -> list[Log]:
        """All logs of a contract from `from_block` to `to_block`, in order."""
        found = self.client.all_logs(self.from_block, contract, topics, to_block)
        return sorted(found, key=lambda log: (log.block_number, log.log_index))

    @cached_property
    def tariff(self) -> Tariff:
        """The tariff in the file."""
        return Tariff.from_json(canonical_json(self.proof.tariff))

    @cached_property
    def manifests(self) -> list[Manifest]:
        """The batch manifests in the file, in order."""
        return [Manifest.from_json(canonical_json(batch.manifest)) for batch in self.proof.batches]


def broken(field_name: str, expected: object, found: object) -> EvidenceError:
    """The error of a link that does not hold."""
    return EvidenceError(
        f"{field_name} does not hold",
        field=field_name,
        value=_text(found),
        rule=f"must be {_text(expected)}",
        remedy="do not rely on this proof; ask for it again and compare",
    )


def same(field_name: str, expected: object, found: object) -> None:
    """Refuse unless both are equal.

    Raises:
        EvidenceError: They differ.
    """
    if expected != found:
        raise broken(field_name, expected, found)


def _text(value: object) -> str:
    return hex0x(value) if isinstance(value, bytes) else str(value)
