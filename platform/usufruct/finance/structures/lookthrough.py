"""Look-through (P2): income passes by shares from tenants over properties, companies, plan and fund to holders.

The graph is many-to-many. Each layer passes on by cumulated floors, so that every payment conserves to the
minor unit; the exact shares, as fractions, are those of the product of the layers' matrices. A layer
may keep back what its payout ratio leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from types import MappingProxyType
from typing import Final

from usufruct.finance.numbers import refused, spread

__all__ = ["PUBLIC_FLOOR", "Graph", "Passed", "capacity"]

_MOST_LAYERS: Final = 100
PUBLIC_FLOOR: Final = Fraction(9, 10)
"""Least payout ratio of a public REIT (P2; to be read again in the law before it is relied on)."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a pass-through came to, minor units.

    Attributes:
        received: What arrived at each node.
        kept: What each node kept back by its payout ratio.
        final: What reached the nodes that nobody owns a share of: the holders.
    """

    received: Mapping[str, int]
    kept: Mapping[str, int]
    final: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Graph:
    """Who owns which share of whose income.

    Attributes:
        owners: For each node its owners and their shares, as fractions of 1.
        payout: Payout ratio of a node, 1 unless stated.
        floors: Least payout ratio of a node by law, such as `PUBLIC_FLOOR` for a public fund.
    """

    owners: Mapping[str, Mapping[str, Fraction]]
    payout: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))
    floors: Mapping[str, Fraction] = field(default_factory=lambda: MappingProxyType({}))

    def check(self) -> None:
        """All of the graph's laws.

        Raises:
            InputError: Shares that do not sum to 1, a cycle, or a payout ratio out of range or below its floor.
        """
        for node, shares in self.owners.items():
            total = sum(shares.values(), Fraction(0))
            if total != 1 or any(each <= 0 for each in shares.values()):
                raise refused(
                    f"shares of {node}",
                    str(total),
                    "positive shares that sum to 1",
                    "correct the shares; what nobody owns belongs to somebody",
                )
        for node, ratio in self.payout.items():
            least = self.floors.get(node, Fraction(0))
            if not least <= ratio <= 1:
                raise refused(
                    f"payout of {node}", str(ratio), f"from {least} to 1", "pay out more of it"
                )
        self.order()

    def order(self) -> list[str]:
        """The nodes, each after all nodes it owns a share of.

        Raises:
            InputError: Somebody owns a share of themselves, over others or directly; the circle is named.
            Or there are too many layers.
        """
        nodes = dict.fromkeys([*self.owners, *(o for each in self.owners.values() for o in each)])
        below: dict[str, list[str]] = {node: [] for node in nodes}
        for node, shares in self.owners.items():
            for owner in shares:
                below[owner].append(node)
        ordered: list[str] = []
        done: set[str] = set()
        for node in nodes:
            self._visit(node, below, done, ordered, [])
        return ordered

    def _visit(
        self,
        node: str,
        below: Mapping[str, Sequence[str]],
        done: set[str],
        ordered: list[str],
        path: list[str],
    ) -> None:
        if node in path:
            circle = " → ".join([*path[path.index(node) :], node])
            raise refused(
                "owners", circle, "ownership has no circles", "remove one of these shares"
            )
        if node in done:
            return
        if len(path) >= _MOST_LAYERS:
            rule = f"at most {_MOST_LAYERS} layers between an income and its holders"
            raise refused("owners", node, rule, "leave out layers that only pass income on")
        for each in below[node]:
            self._visit(each, below, done, ordered, [*path, node])
        done.add(node)
        ordered.append(node)

    def pass_through(self, incomes: Mapping[str, int]) -> Passed:
        """Pass incomes on, layer by layer, until they reach holders.

        Args:
            incomes: What each node earns itself, minor units.

        Raises:
            InputError: As for `check`; or a negative income, or one of an unknown node.
        """
        self.check()
        order = self.order()
        for node, income in incomes.items():
            if node not in order or income < 0:
                raise refused(
                    f"income of {node}", income, "a known node, not negative", "correct it"
                )
        received = {node: incomes.get(node, 0) for node in order}
        kept: dict[str, int] = {}
        for node in order:
            shares = self.owners.get(node)
            if not shares:
                continue
            ratio = self.payout.get(node, Fraction(1))
            out = received[node] * ratio.numerator // ratio.denominator
            kept[node] = received[node] - out
            for owner, amount in zip(shares, _parts(out, shares), strict=True):
                received[owner] += amount
        final = {node: received[node] for node in order if node not in self.owners}
        return Passed(received, kept, final)

    def shares(self, source: str) -> dict[str, Fraction]:
        """What part of a unit earned at `source` reaches each holder, exactly.

        Raises:
            InputError: As for `check`, or an unknown node.
        """
        self.check()
        order = self.order()
        if source not in order:
            raise refused("source", source, "a node of the graph", "name one of its nodes")
        part = dict.fromkeys(order, Fraction(0))
        part[source] = Fraction(1)
        for node in order:
            for owner, share in self.owners.get(node, {}).items():
                part[owner] += part[node] * self.payout.get(node, Fraction(1)) * share
        return {node: part[node] for node in order if node not in self.owners and part[node]}


def capacity(parent: int, shares: Sequence[Fraction]) -> int:
    """What a fund of funds can move: the parent's money over the product of its shares at each level (P2).

    Raises:
        InputError: No money, or a share outside (0, 1].
    """
    if parent <= 0 or any(not 0 < each <= 1 for each in shares):
        raise refused(
            "shares", [str(each) for each in shares], "money > 0, shares in (0, 1]", "correct them"
        )
    product = Fraction(1)
    for each in shares:
        product *= each
    return int(parent / product)


def _parts(total: int, shares: Mapping[str, Fraction]) -> tuple[int, ...]:
    common = lcm(*(each.denominator for each in shares.values()))
    return spread(total, tuple(int(each * common) for each in shares.values()))
