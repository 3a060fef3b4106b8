"""A careless quorum attests a total that is not the sum of its lines; anyone proves it, and the chain voids it.

The demo holds one stream's last day back, stops mining at will, and gets the faulty statement in before the workers'
right one. It signs with two workers' keys, which meanwhile stand still: had they signed the right statement for the
same place, they would have signed two things, and nobody would listen to them any more. After the proof the workers
attest the corrected version on their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from demonstrate.anvil import Anvil
from demonstrate.hands import CHALLENGER, ISSUER, OPERATOR, TREASURER, Hands, wallet
from demonstrate.processes import ProcessFailed, Stack
from usufruct.config import Community, Stream
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import operator_bond as ob
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.contracts import telemetry_anchor as ta
from usufruct.core import typed_data
from usufruct.core.encoding import canonical_json, hex0x
from usufruct.core.manifests import Manifest
from usufruct.core.signing import address_of, pack_signatures, sign_digest
from usufruct.core.statements import StatementLine, build_statement, lines_from_manifests
from usufruct.deploy.record import Deployment
from usufruct.keys import dev_account

STREAM = "WATER"
_CARELESS = (5, 6)
_STILL = ("worker-1", "worker-2")
_SLIP = 1_000_000_000
"""Minor units that the faulty total is too high by."""
_BOND = 500_000_000
_REWARD = 100_000_000
_FEE = 100 * 10**9
_PATIENCE = 120.0


class Dispute:
    """The faulty statement of a period of one stream, and its end."""

    def __init__(
        self,
        hands: Hands,
        anvil: Anvil,
        community: Community,
        deployment: Deployment,
        worker: str,
        processes: Stack,
    ) -> None:
        self._hands, self._anvil, self._worker = hands, anvil, worker
        self._processes = processes
        self._community, self._deployment = community, deployment
        self.stream: Stream = next(each for each in community.streams if each.code == STREAM)
        self.facts: dict[str, Any] = {}

    def holds_back(self, csv: Path, last_day: str) -> bool:
        """Whether a file is the one that the demo hands over last."""
        return csv.parent.name == STREAM and csv.stem == last_day

    def put_up_bond(self) -> None:
        """The operator's bond for the stream, out of which a proven fault is rewarded."""
        act, number = self._hands.act, self.stream.id
        bond, currency = (
            self._deployment.address(name) for name in ("OperatorBond", "SettlementCurrency")
        )
        act(ISSUER, "bond/open", bond, ob.open(number, wallet(OPERATOR), _REWARD))
        act(TREASURER, "bond/mint", currency, sc.mint(wallet(OPERATOR), _BOND))
        act(OPERATOR, "bond/approve", currency, sc.approve(bond, _BOND))
        act(OPERATOR, "bond/deposit", bond, ob.deposit(number, _BOND))

    def attest_wrongly(
        self, period: int, bounds: tuple[int, int], hand_over: Callable[[], object]
    ) -> None:
        """Hand over the day that was held back and get a wrong total attested before the right one.

        Raises:
            ProcessFailed: The period was not closed in time, or the workers were faster.
        """
        if self._record(period).version:
            return
        self._anvil.client.rpc("evm_setAutomine", False)
        try:
            hand_over()
            limit = time.monotonic() + _PATIENCE
            while not self._mine_still(bounds[1]):
                if time.monotonic() > limit:
                    raise ProcessFailed(f"{STREAM} was not closed within {_PATIENCE:.0f} s")
                self._processes.freeze(_STILL, frozen=False)
                time.sleep(0.3)
            self._send(self._forged(period, bounds)[0])
            self._anvil.client.rpc("evm_mine")
        finally:
            self._processes.freeze(_STILL, frozen=False)
            self._anvil.client.rpc("evm_setAutomine", True)
        if self._digest(period) != self._digest_of(self._forged(period, bounds)[0]):
            raise ProcessFailed(
                "the workers attested before the careless quorum; run again with --fresh"
            )

    def _mine_still(self, end: int) -> bool:
        """Mine while the careless workers stand still; whether the period is closed then."""
        self._processes.freeze(_STILL, frozen=True)
        self._anvil.client.rpc("evm_mine")
        return bool(int.from_bytes(self._head_at(end)))

    def prove(self, period: int, bounds: tuple[int, int]) -> None:
        """Prove the fault, which voids the statement, and pay the challenger's reward out of the bond."""
        statement, lines = self._forged(period, bounds)
        proof = od.prove_lines(
            sb.Statement(*statement.values()), b"".join(line.leaf() for line in lines)
        )
        where = self._deployment.address("ObjectiveDisputes")
        receipt = self._hands.act(CHALLENGER, f"prove/{period}", where, proof)
        if receipt is None:
            return
        found = next(
            od.FaultProven.decode(log.topics, log.data)
            for log in receipt.logs
            if log.topics[0] == od.FaultProven.TOPIC
        )
        bond = self._deployment.address("OperatorBond")
        self._hands.act(CHALLENGER, f"reward/{period}", bond, ob.reward(found.fault))
        currency = self._deployment.address("SettlementCurrency")
        self.facts = {
            "stream": STREAM,
            "fault": od.Fault(found.kind).name.lower().replace("_", "-"),
            "version": statement.version,
            "stated": str(statement.gross),
            "sum_of_lines": str(sum(line.amount for line in lines)),
            "digest": hex0x(self._digest_of(statement)),
            "challenger": wallet(CHALLENGER),
            "gas": receipt.gas_used,
            "transaction": hex0x(receipt.tx_hash),
            "reward": str(self._hands.client.call(currency, sc.balance_of(wallet(CHALLENGER)))),
        }

    # --- The faulty statement ---

    def _forged(
        self, period: int, bounds: tuple[int, int]
    ) -> tuple[typed_data.Statement, list[StatementLine]]:
        """The right statement as the workers' evidence has it, with a total that is too high."""
        manifests = [
            each for each in self._manifests() if bounds[0] <= each.from_ and each.to <= bounds[1]
        ]
        tariff = self.stream.tariff
        lines = lines_from_manifests(tariff, manifests, committed=False)
        right = build_statement(
            stream=self.stream.id,
            period=period,
            version=1,
            bounds=bounds,
            heads=(self._head_at(bounds[0]), self._head_at(bounds[1])),
            tariff=tariff,
            lines=lines,
            manifests=manifests,
        )
        return replace(right, gross=right.gross + _SLIP), lines

    def _manifests(self) -> list[Manifest]:
        """Manifests of all anchored batches of the stream; the newest may take the worker a moment."""
        found: list[Manifest] = []
        last = self._last_seq()
        limit = time.monotonic() + _PATIENCE
        with httpx.Client(base_url=self._worker, timeout=30) as http:
            while len(found) < last:
                answer = http.get(f"/v1/batches/{self.stream.id}/{len(found) + 1}")
                if answer.status_code == httpx.codes.OK:
                    found.append(Manifest.from_json(canonical_json(answer.json()["manifest"])))
                elif time.monotonic() > limit:
                    raise ProcessFailed(f"no evidence of batch {len(found) + 1} of {STREAM}")
                else:
                    time.sleep(0.05)
        return found

    def _last_seq(self) -> int:
        topics: list[bytes | list[bytes] | None] = [
            ta.BatchAnchored.TOPIC,
            self.stream.id.to_bytes(32, "big"),
        ]
        anchor = self._deployment.address("TelemetryAnchor")
        logs = self._anvil.client.logs(
            self._deployment.block, self._anvil.client.block_number(), [anchor], topics
        )
        return max(ta.BatchAnchored.decode(log.topics, log.data).seq for log in logs)

    def _send(self, statement: typed_data.Statement) -> None:
        digest = self._digest_of(statement)
        signatures = {
            address_of(dev_account(n)): sign_digest(dev_account(n), digest) for n in _CARELESS
        }
        call = sb.attest(
            sb.Statement(*statement.values()),
            *pack_signatures(list(self._community.oracle.signers), signatures),
        )
        request = {
            "from": wallet(OPERATOR),
            "to": self._deployment.address("StatementBook"),
            "data": hex0x(call.data),
            "gas": hex(1_000_000),
            "maxFeePerGas": hex(2 * _FEE),
            "maxPriorityFeePerGas": hex(_FEE),
        }
        self._anvil.client.rpc("eth_sendTransaction", request)

    def _digest_of(self, statement: typed_data.Statement) -> bytes:
        book = self._deployment.address("StatementBook")
        domain = typed_data.Domain(self._anvil.client.chain_id, book)
        return typed_data.statement_digest(domain, statement)

    def _digest(self, period: int) -> bytes:
        book = self._deployment.address("StatementBook")
        return self._anvil.client.call(book, sb.digest_of(self.stream.id, period))

    def _record(self, period: int) -> sb.Record:
        book = self._deployment.address("StatementBook")
        return self._anvil.client.call(book, sb.record_of(self.stream.id, period))

    def _head_at(self, boundary: int) -> bytes:
        anchor = self._deployment.address("TelemetryAnchor")
        return self._anvil.client.call(anchor, ta.head_at(self.stream.id, boundary))
