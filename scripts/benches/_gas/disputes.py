"""Gas of proving a fault of each kind, and of fetching the reward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from tests.support.village import Village

from benches._gas.world import DAY, TARIFF, put, statement_of
from benches._report import Row, at_most
from usufruct.chain.client import ChainClient
from usufruct.contracts import Address, Call
from usufruct.contracts import meter_registry as mr
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import operator_bond as ob
from usufruct.contracts import settlement_currency as sc
from usufruct.contracts import statement_book as sb
from usufruct.core import typed_data as td
from usufruct.core.encoding import ReadingLeaf, open_quantity
from usufruct.core.keccak import keccak256
from usufruct.core.merkle import MerkleTree, tree_root
from usufruct.core.signing import key_xy, public_key, sign_record
from usufruct.core.statements import StatementLine
from usufruct.disputes.calls import turns

_SCHEME, _KEY, _STRANGER = "device-secp256k1", b"\5" * 32, b"\6" * 32
_HOUR, _HOURS = 3_600, 24
_REWARD = 500_000


@dataclass
class _Court:
    """A village with a chamber, whose streams each have a meter and one period of one batch."""

    village: Village
    start: int
    stream: int = 0

    def open(self) -> None:
        """The next stream and its meter."""
        self.stream += 1
        self.village.open_stream(self.stream, self.start, TARIFF)
        x, y = key_xy(_SCHEME, public_key(_SCHEME, _KEY))
        until = self.start + 900 * DAY
        scheme = mr.Scheme.DEVICE_SECP256K1
        meter = mr.Registration(
            self.stream, self.stream, scheme, self.start, until, x, y, bytes(32)
        )
        self.village.do("MeterRegistry", mr.register([meter]))

    def leaf(self, seq: int, hour: int, record: bytes, duration: int = _HOUR) -> bytes:
        """A reading of the stream's meter."""
        end = self.start + _HOUR * hour
        return ReadingLeaf(
            open_quantity(10), sha256(record).digest(), self.stream, seq, end, duration, self.stream, 0, 0, 0, 1
        ).encode()  # fmt: skip

    def state(self, root: bytes, count: int, **changes: Any) -> od.Evidence:
        """Anchors a closing batch and attests its statement, with the changes."""
        to, content = self.start + DAY, keccak256(b"content")
        before = self.village.cursors[self.stream]
        batch = td.next_batch(
            before, stream=self.stream, to=to, count=count, closes=True, root=root, content=content
        )
        self.village.anchor(self.stream, to, count, root, content, closes=True)
        self.statement = replace(
            statement_of(self.village, self.stream, 1, self.start, to), **changes
        )
        self.village.attest(self.statement)
        b = batch
        link = od.Link(b.prev, b.from_, b.to, b.first, b.count, b.closes, b.root, b.content)
        return od.Evidence(self.stream, 1, batch.seq, (link,))

    def prove(self, call: Call[bytes]) -> tuple[int, bytes]:
        """Gas of a proof, and its fault."""
        fault = self.village.ask("ObjectiveDisputes", call)
        return self.village.do("ObjectiveDisputes", call).gas_used, fault


def rows(url: str) -> list[Row]:
    """A fault of each kind, each in a stream of its own."""
    village = Village(ChainClient(url))
    court = _Court(village, village.now() - 2 * DAY)
    bond = _found(village)
    used = {depth: _record(court, depth) for depth in (10, 20)}
    gap, _ = _gap(court)
    pair, _ = _pair(court, leaf=(2, 3, _HOUR + 1))
    duplicate, _ = _pair(court, leaf=(1, 3, _HOUR))
    total, fault = _total(court)
    _fill(village, bond, court.stream)
    reward = village.do("OperatorBond", ob.reward(fault)).gas_used
    figures = [
        at_most(f"prove a device record at depth {depth}", gas, "gas", 90_000)
        for depth, gas in used.items()
    ]
    return [
        *figures,
        at_most("prove a gap in the numbers of a day of 24 readings", gap, "gas", 90_000),
        at_most("prove a pair of readings with one number", duplicate, "gas", 136_000),
        at_most("prove a pair of readings that share time", pair, "gas", 136_000),
        at_most("prove that a total is not the sum of 3 lines", total, "gas", 103_000),
        at_most("fetch the reward of a fault", reward, "gas", 95_000),
    ]


def _found(village: Village) -> Address:
    """The chamber, and the operators' bonds."""
    at = village.at
    chamber = put(
        village, "ObjectiveDisputes", od.deploy_data(at["StatementBook"], at["MeterRegistry"])
    )
    bond = put(
        village,
        "OperatorBond",
        ob.deploy_data(at["AccessManager"], at["SettlementCurrency"], chamber, 14 * DAY),
    )
    village.do("StatementBook", sb.set_chamber(chamber))
    return bond


def _fill(village: Village, bond: Address, stream: int) -> None:
    village.do("OperatorBond", ob.open(stream, village.admin, _REWARD))
    village.do("SettlementCurrency", sc.mint(village.admin, 4 * _REWARD))
    village.do("SettlementCurrency", sc.approve(bond, 4 * _REWARD))
    village.do("OperatorBond", ob.deposit(stream, 4 * _REWARD))


def _record(court: _Court, depth: int) -> int:
    """A record signed with a stranger's key; its reading is the first of 2^depth, the others are hashes."""
    court.open()
    payload = b"usufruct/meter-day/1\nVPP\nmeter-%d\n2026-10-01\n" % court.stream
    record = payload + sign_record(_SCHEME, _STRANGER, payload)
    leaf = court.leaf(0, 1, record)
    path = [keccak256(b"sibling %d" % height) for height in range(depth)]
    node = keccak256(leaf)
    for sibling in path:
        node = keccak256(b"\1" + node + sibling)
    evidence = court.state(node, 1 << depth)
    return court.prove(od.prove_record(evidence, od.Reading(leaf, 0, tuple(path)), record))[0]


def _gap(court: _Court) -> tuple[int, bytes]:
    """A day of hours of which the last is numbered one too high."""
    court.open()
    leaves = [court.leaf(n, n + 1, b"day") for n in range(_HOURS)]
    leaves[-1] = court.leaf(_HOURS, _HOURS, b"day")
    evidence = court.state(tree_root(leaves), _HOURS)
    return court.prove(od.prove_reading(evidence, _reading(leaves, _HOURS - 1)))


def _pair(court: _Court, leaf: tuple[int, int, int]) -> tuple[int, bytes]:
    """A day of hours whose third reading has another number, hour or duration, shown with the second."""
    court.open()
    leaves = [court.leaf(n, n + 1, b"day") for n in range(_HOURS)]
    seq, hour, duration = leaf
    leaves[2] = court.leaf(seq, hour, b"day", duration)
    evidence = court.state(tree_root(leaves), _HOURS)
    return court.prove(od.prove_pair(evidence, 0, _reading(leaves, 2), _reading(leaves, 1)))


def _reading(leaves: Sequence[bytes], index: int) -> od.Reading:
    path = tuple(MerkleTree(leaves).path(index))
    return od.Reading(leaves[index], turns(index, len(leaves)), path)


def _total(court: _Court) -> tuple[int, bytes]:
    """A gross that is one more than its three lines."""
    court.open()
    lines = [StatementLine(n, "row", 3, 2, 20, 30, None, 1).leaf() for n in range(3)]
    court.state(tree_root([b"one"]), 1, lines_root=tree_root(lines), gross=91)
    fields = (getattr(court.statement, name) for name in td.Statement.__slots__)
    return court.prove(od.prove_lines(od.Statement(*fields), b"".join(lines)))
