"""Looking a period through and proving what is wrong: the chain's registry, the ledger's evidence, a sender."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from usufruct.chain.client import ChainClient
from usufruct.chain.sender import Sender
from usufruct.contracts import Address, Call
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import operator_bond as ob
from usufruct.core.encoding import ReadingLeaf, hex0x
from usufruct.core.signing import SCHEMES
from usufruct.disputes.calls import proof_of
from usufruct.disputes.evidence import PeriodEvidence
from usufruct.disputes.faults import Candidate, MeterFacts, find

__all__ = ["Desk", "Provable", "read_records"]

_SIGNING_TIME = 86_400
_SCHEME_NAMES = {number: name for name, number in SCHEMES.items()}


@dataclass(frozen=True, slots=True)
class Provable:
    """A candidate that the contract itself, asked without a transaction, finds to be a fault."""

    candidate: Candidate
    call: Call[bytes]
    fault: bytes
    """Its id."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where disputes are looked for and submitted.

    Attributes:
        client: The chain.
        chamber: ObjectiveDisputes.
        meters: MeterRegistry.
        bond: OperatorBond.
    """

    client: ChainClient
    chamber: Address
    meters: Address
    bond: Address

    def scan(
        self, evidence: PeriodEvidence, records: dict[bytes, bytes] | None = None
    ) -> list[Provable]:
        """The faults of a period that can be proven now, each confirmed by the contract."""
        found = []
        for candidate in find(evidence, self._facts(evidence), records):
            call = proof_of(evidence, candidate)
            try:
                fault = self.client.call(self.chamber, call)
            except (od.NoFault, od.ProvenBefore):
                continue
            found.append(Provable(candidate, call, fault))
        return found

    def submit(self, sender: Sender, provable: Provable) -> bytes | None:
        """Proves a fault; the transaction's hash, None if an earlier run did."""
        receipt = sender.submit(
            f"dispute:{self.chamber}:{hex0x(provable.fault)}",
            self.chamber,
            provable.call.data,
            done=lambda: self._is_proven(provable.fault),
        )
        return receipt.tx_hash if receipt else None

    def reward(self, sender: Sender, fault: bytes) -> int:
        """Fetches the reward of a proven fault, or what is still owed of it; what the bond paid, 0 if nothing."""
        try:
            amount = self.client.call(self.bond, ob.reward(fault))
        except (ob.NothingToPay, ob.PaidBefore):
            return 0
        sender.submit(
            f"reward:{self.bond}:{hex0x(fault)}:{amount}",
            self.bond,
            ob.reward(fault).data,
            done=lambda: self.client.call(self.bond, ob.is_paid(fault)),
        )
        return amount

    def _is_proven(self, fault: bytes) -> bool:
        return self.client.call(self.chamber, od.proven_of(fault)).kind != od.Fault.NONE

    def _facts(self, evidence: PeriodEvidence) -> dict[int, MeterFacts]:
        """What the registry says of the meters that the readings name."""
        stated = evidence.statement
        ids = {ReadingLeaf.decode(leaf).meter for each in evidence.batches for leaf in each.leaves}
        facts = {}
        for number in sorted(ids):
            try:
                meter = self.client.call(self.meters, mr.meter_of(number))
            except mr.UnknownMeter:
                continue
            until = stated.to + _SIGNING_TIME
            keys = self.client.call(self.meters, mr.keys_within(number, stated.from_, until))
            facts[number] = MeterFacts(
                meter.stream,
                meter.calibrated_until,
                tuple((_SCHEME_NAMES[int(key.scheme)], _compressed(key.x, key.y)) for key in keys),
            )
        return facts


def read_records(folder: Path | None) -> dict[bytes, bytes]:
    """Device records by their sha256: each file of the folder is one, payload ‖ signature."""
    files = sorted(each for each in folder.iterdir() if each.is_file()) if folder else []
    found = [each.read_bytes() for each in files]
    return {sha256(each).digest(): each for each in found}


def _compressed(x: bytes, y: bytes) -> bytes:
    return bytes([2 + (y[-1] & 1)]) + x
