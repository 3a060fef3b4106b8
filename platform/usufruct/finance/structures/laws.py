"""What the law and the graph of owners demand of a structure: pools, payers, investors, shares and leverage."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from usufruct.errors import InputError
from usufruct.finance.numbers import exact, refused, shown
from usufruct.finance.structures.finding import Finding, flag, outside, percent, refusal
from usufruct.finance.structures.lookthrough import PUBLIC_FLOOR, Graph
from usufruct.finance.structures.tables import GraphTable, PoolTable, StructureTable

__all__ = ["graph_laws", "graph_of", "investors", "negative_list"]

_MOST_CONCENTRATED: Final = Decimal("0.15")
_MOST_LEVERAGE: Final = Decimal("1.4")
_LEAST_IN_ABS: Final = Decimal("0.8")
_MOST_INVESTORS: Final = 200


def graph_of(table: GraphTable) -> Graph:
    """The look-through graph of a file."""
    return Graph(
        {
            node: {o: _fraction(share) for o, share in each.items()}
            for node, each in table.owners.items()
        },
        {node: _fraction(each) for node, each in table.payout.items()},
        dict.fromkeys(table.public, PUBLIC_FLOOR),
    )


def negative_list(table: StructureTable) -> Iterator[Finding]:
    """Streams that are not bundled, payers that weigh too much, vacancy above what was assumed."""
    pool = table.pool
    if pool is None:
        return
    if table.kind == "abs" and len(pool.streams) > 1:
        yield refusal(
            "PRC ABS negative list [law]",
            refused(
                "pool.streams",
                ", ".join(pool.streams),
                "unrelated streams are not bundled in one ABS",
                "make one series for each and pool them in a fund",
            ),
        )
    yield from _payers(pool)
    for name, share in (("vacancy", pool.vacancy), ("most_vacancy", pool.most_vacancy)):
        if share is not None and not 0 <= share <= 1:
            yield outside(f"pool.{name}", share)
    if (
        pool.vacancy is not None
        and pool.most_vacancy is not None
        and pool.vacancy > pool.most_vacancy
    ):
        yield flag(
            "vacancy",
            refused(
                "pool.vacancy",
                percent(pool.vacancy),
                f"at most {percent(pool.most_vacancy)}",
                "lower the receipts",
            ),
        )


def _payers(pool: PoolTable) -> Iterator[Finding]:
    if not pool.payers:
        return
    total = sum((each.share for each in pool.payers), Decimal(0))
    if total > 1:
        rule = "shares of payers are at most 100%"
        yield refusal("shares", refused("pool.payers", percent(total), rule, "correct them"))
    for each in pool.payers:
        if each.share < 0:
            yield outside(each.name, each.share)
        if each.share > _MOST_CONCENTRATED and each.defaulted:
            yield refusal(
                "PRC ABS negative list [law]: payer above 15% with a default",
                refused(
                    each.name,
                    percent(each.share),
                    "no payer above 15% who has defaulted",
                    "take it out of the pool",
                ),
            )
        elif each.share > _MOST_CONCENTRATED:
            yield flag(
                "concentration",
                refused(each.name, percent(each.share), "above 15% of the pool", "disclose it"),
            )


def investors(table: StructureTable) -> Iterator[Finding]:
    """The number of investors that the law allows."""
    for each in table.tranche:
        if table.kind == "abs" and len(each.holders) > _MOST_INVESTORS:
            yield refusal(
                "ABS: at most 200 qualified investors [law]",
                refused(
                    f"{each.code}.holders",
                    len(each.holders),
                    f"at most {_MOST_INVESTORS}",
                    "place with fewer",
                ),
            )


def graph_laws(table: StructureTable) -> Iterator[Finding]:
    """Shares that sum up without circles, nodes that exist, and the ratios of a public REIT."""
    graph = table.graph
    if graph is None:
        return
    try:
        graph_of(graph).check()
    except InputError as error:
        yield refusal("look-through", error)
    yield from _unknown(graph)
    yield from _leverage(graph)
    if graph.in_abs is not None and graph.in_abs > 1:
        yield outside("graph.in_abs", graph.in_abs)
    if graph.in_abs is not None and graph.in_abs < _LEAST_IN_ABS:
        yield refusal(
            "REIT: at least 80% of the fund in the ABS [law]",
            refused(
                "graph.in_abs",
                percent(graph.in_abs),
                f"at least {percent(_LEAST_IN_ABS)}",
                "hold less outside",
            ),
        )


def _leverage(graph: GraphTable) -> Iterator[Finding]:
    clause = "REIT: total assets at most 140% of net assets [law]"
    debt, assets = graph.debt, graph.net_assets
    if debt is not None and debt < 0:
        yield refusal(clause, refused("graph.debt", shown(debt), "not negative", "correct it"))
    if assets is not None and assets <= 0:
        error = refused("graph.net_assets", shown(assets), "positive", "repay debt")
        yield refusal(clause, error)
    elif debt is not None and assets is not None:
        with exact():
            leverage = (assets + debt) / assets
        if leverage > _MOST_LEVERAGE:
            rule = f"leverage {shown(leverage * 100, 1)}%"
            yield refusal(clause, refused("graph.debt", shown(debt), rule, "repay debt"))


def _unknown(graph: GraphTable) -> Iterator[Finding]:
    """A payout or a public fund that no owner's share leads to would be held to no floor."""
    for key, names in (("payout", graph.payout), ("public", graph.public)):
        for name in names:
            if name not in graph.owners:
                error = refused(f"graph.{key}", name, "a node of graph.owners", "correct the name")
                yield refusal("look-through", error)


def _fraction(value: Decimal) -> Fraction:
    """The fraction that a decimal was written for: thirds stand in files as "1/3"."""
    return Fraction(value).limit_denominator(10**9)
