"""One function per event of ObjectiveDisputes and OperatorBond."""

from __future__ import annotations

from typing import Final

from usufruct.contracts import Event
from usufruct.contracts import objective_disputes as od
from usufruct.contracts import operator_bond as ob
from usufruct.index.projection import Handler, Projection
from usufruct.ledger import models as m

__all__ = ["DISPUTED"]


def _proven(p: Projection, pos: int, _: bytes, e: od.FaultProven) -> None:
    p.add(m.fault, pos, e.fault, e.stream, e.period, int(e.kind), _raw(e.challenger), e.evidence)


def _opened(p: Projection, pos: int, _: bytes, e: ob.BondOpened) -> None:
    _bond(p, pos, e.stream, "opened", e.operator, e.reward)


def _deposited(p: Projection, pos: int, _: bytes, e: ob.BondDeposited) -> None:
    _bond(p, pos, e.stream, "deposited", e.from_, e.amount)


def _announced(p: Projection, pos: int, _: bytes, e: ob.WithdrawalAnnounced) -> None:
    p.add(m.bond_event, pos, e.stream, "announced", None, str(e.amount), None, e.leaves_at)


def _withdrawn(p: Projection, pos: int, _: bytes, e: ob.BondWithdrawn) -> None:
    _bond(p, pos, e.stream, "withdrawn", e.operator, e.amount)


def _rewarded(p: Projection, pos: int, _: bytes, e: ob.RewardPaid) -> None:
    _bond(p, pos, e.stream, "rewarded", e.challenger, e.amount, e.fault)


def _bond(
    p: Projection,
    pos: int,
    stream: int,
    kind: str,
    account: str,
    amount: int,
    fault: bytes | None = None,
) -> None:
    p.add(m.bond_event, pos, stream, kind, _raw(account), str(amount), fault, None)


def _raw(account: str) -> bytes:
    return bytes.fromhex(account[2:])


DISPUTED: Final[dict[type[Event], Handler]] = {
    od.FaultProven: _proven,
    ob.BondOpened: _opened,
    ob.BondDeposited: _deposited,
    ob.WithdrawalAnnounced: _announced,
    ob.BondWithdrawn: _withdrawn,
    ob.RewardPaid: _rewarded,
}
"""Events of disputes that the ledger keeps."""
