"""Checking a structure: what is refused, what is only doubtful, each with its clause, value and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from usufruct.errors import InputError
from usufruct.finance.numbers import exact, shown
from usufruct.finance.structures.concession import Concession
from usufruct.finance.structures.deal import compile_deal, minor
from usufruct.finance.structures.debt import Shelf, put_dates
from usufruct.finance.structures.lockup import Locked, calendar
from usufruct.finance.structures.lookthrough import PUBLIC_FLOOR, Graph
from usufruct.finance.structures.simulate import simulate
from usufruct.finance.structures.stages import Asset, Registry, Right
from usufruct.finance.structures.tables import (
    GraphTable,
    LockupTable,
    PoolTable,
    StructureTable,
)
from usufruct.money import BASIS, Currency

__all__ = ["Finding", "check", "graph_of", "locked", "staged"]

_MOST_CONCENTRATED: Final = Decimal("0.15")
_MOST_LEVERAGE: Final = Decimal("1.4")
_LEAST_IN_ABS: Final = Decimal("0.8")
_MOST_INVESTORS: Final = 200
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a reader must know.

    Attributes:
        verdict: "refused" if the structure may not be used as it is, "flag" if it should be looked at.
        clause: Where the rule comes from.
        words: Field, value, rule and remedy in one line.
    """

    verdict: Literal["refused", "flag"]
    clause: str
    words: str


def check(table: StructureTable) -> list[Finding]:
    """Everything that is wrong or doubtful, refusals first."""
    found = [finding for rule in _RULES for finding in rule(table)]
    return sorted(found, key=lambda each: each.verdict != "refused")


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


def locked(table: LockupTable) -> list[Locked]:
    """The holders of an issue of a file."""
    return [Locked(each.name, each.share, each.role) for each in table.holders]


def staged(table: StructureTable) -> Asset:
    """The asset after the stages of a file.

    Raises:
        InputError: A stage is unknown or skipped, or lacks documents.
    """
    asset = Asset(table.title)
    for each in table.stage:
        asset = asset.enter(each.name, each.documents)
    return asset


def _fraction(value: Decimal) -> Fraction:
    """The fraction that a decimal was written for: thirds stand in files as "1/3"."""
    return Fraction(value).limit_denominator(10**9)


def _refused(clause: str, error: InputError) -> Finding:
    return Finding("refused", clause, error.one_line())


def _outside(field: str, share: Decimal) -> Finding:
    words = f"{field}={shown(share * 100)}%: a share lies in [0%, 100%]; correct it"
    return Finding("refused", "shares", words)


def _not_reached(table: StructureTable) -> Iterator[Finding]:
    """Behind a step that always takes all that is left, nothing is paid but from reserves."""
    labels = [each.label for each in table.step[:-1]]
    ends = [each.kind == "residual" and each.when is None for each in table.step[:-1]]
    if True not in ends:
        return
    first = ends.index(True)
    if labels[first + 1 :]:
        yield Finding(
            "flag",
            "waterfall",
            f"{', '.join(labels[first + 1 :])}: behind the residual {labels[first]}, which always takes all; "
            "move it to the end",
        )


def _waterfall(table: StructureTable) -> Iterator[Finding]:
    if not table.step and table.kind in {"fund_of_funds", "ppp", "reit"}:
        return
    try:
        deal = compile_deal(table)
    except InputError as error:
        yield _refused("waterfall", error)
        return
    projection = simulate(deal)
    for code, schedule in deal.schedules.items():
        short = [
            at
            for at, cover in enumerate(projection.coverage(code), 1)
            if cover is not None and cover < BASIS
        ]
        if short:
            periods = ", ".join(map(str, short[:_SHOWN])) + (" …" if len(short) > _SHOWN else "")
            yield Finding(
                "flag",
                "coverage",
                f"{code}: the receipts do not cover what is due in period {periods} of {len(schedule)}",
            )


def _shelf(table: StructureTable) -> Iterator[Finding]:
    if table.shelf is None:
        return
    currency = Currency(table.currency.code, table.currency.decimals)
    try:
        shelf = Shelf(minor(table.shelf.amount, currency, "shelf.amount"))
        for draw in table.shelf.draws:
            shelf = shelf.draw(minor(draw, currency, "shelf.draws"))
    except InputError as error:
        yield _refused("P2: shelf", error)


def _puts(table: StructureTable) -> Iterator[Finding]:
    for each in table.tranche:
        if each.puts:
            try:
                put_dates(each.puts, table.periods // table.per_year)
            except InputError as error:
                yield _refused(f"P2: put dates of {each.code}", error)


def _declared(table: StructureTable) -> Iterator[Finding]:
    """A declared rate must not promise more than the pool brings."""
    if not table.declared or not table.step:
        return
    try:
        projection = simulate(compile_deal(table))
    except InputError:
        return  # reported by the waterfall's own rule
    for code, rate in table.declared.items():
        if rate < 0:
            yield _outside(f"declared.{code}", rate)
            continue
        tranche = next((each for each in table.tranche if each.code == code), None)
        if tranche is None or tranche.notional is None:
            yield Finding(
                "refused",
                "declared rate",
                f"declared.{code}: a tranche with a notional; correct the code",
            )
            continue
        with exact():
            promised = (
                rate * minor(tranche.notional, projection.deal.currency, code) / table.per_year
            )
        least = min(projection.tranches[code])
        if promised > least:
            yield Finding(
                "refused",
                "domain §4: a declared rate whose sum is above the pool is refused",
                f"declared.{code}={shown(rate * 100)}%: promises {shown(promised, 0)} minor units a period, "
                f"the pool brings {least} in its worst; declare less",
            )


def _negative_list(table: StructureTable) -> Iterator[Finding]:
    pool = table.pool
    if pool is None:
        return
    if table.kind == "abs" and len(pool.streams) > 1:
        yield Finding(
            "refused",
            "PRC ABS negative list [law]",
            f"pool.streams={', '.join(pool.streams)}: unrelated streams are not bundled in one ABS; "
            "make one series for each and pool them in a fund",
        )
    yield from _payers(pool)
    for name, share in (("vacancy", pool.vacancy), ("most_vacancy", pool.most_vacancy)):
        if share is not None and not 0 <= share <= 1:
            yield _outside(f"pool.{name}", share)
    if (
        pool.vacancy is not None
        and pool.most_vacancy is not None
        and pool.vacancy > pool.most_vacancy
    ):
        yield Finding(
            "flag",
            "vacancy",
            f"pool.vacancy={shown(pool.vacancy * 100)}%: at most {shown(pool.most_vacancy * 100)}%; lower the receipts",
        )


def _payers(pool: PoolTable) -> Iterator[Finding]:
    if not pool.payers:
        return
    total = sum((each.share for each in pool.payers), Decimal(0))
    if total > 1:
        yield Finding(
            "refused",
            "shares",
            f"pool.payers={shown(total * 100)}%: shares of payers are at most 100%; correct them",
        )
    for each in pool.payers:
        if each.share < 0:
            yield _outside(each.name, each.share)
        if each.share > _MOST_CONCENTRATED and each.defaulted:
            yield Finding(
                "refused",
                "PRC ABS negative list [law]: payer above 15% with a default",
                f"{each.name}={shown(each.share * 100)}%: no payer above 15% who has defaulted; "
                "take it out of the pool",
            )
        elif each.share > _MOST_CONCENTRATED:
            yield Finding(
                "flag",
                "concentration",
                f"{each.name}={shown(each.share * 100)}%: above 15% of the pool; disclose it",
            )


def _investors(table: StructureTable) -> Iterator[Finding]:
    for each in table.tranche:
        if table.kind == "abs" and len(each.holders) > _MOST_INVESTORS:
            yield Finding(
                "refused",
                "ABS: at most 200 qualified investors [law]",
                f"{each.code}.holders={len(each.holders)}: at most {_MOST_INVESTORS}; place with fewer",
            )


def _graph(table: StructureTable) -> Iterator[Finding]:
    graph = table.graph
    if graph is None:
        return
    try:
        graph_of(graph).check()
    except InputError as error:
        yield _refused("P2: look-through", error)
    yield from _unknown(graph)
    yield from _leverage(graph)
    if graph.in_abs is not None and graph.in_abs > 1:
        yield _outside("graph.in_abs", graph.in_abs)
    if graph.in_abs is not None and graph.in_abs < _LEAST_IN_ABS:
        yield Finding(
            "refused",
            "REIT: at least 80% of the fund in the ABS [law]",
            f"graph.in_abs={shown(graph.in_abs * 100)}%; hold less outside",
        )


def _leverage(graph: GraphTable) -> Iterator[Finding]:
    clause = "REIT: total assets at most 140% of net assets [law]"
    debt, assets = graph.debt, graph.net_assets
    if debt is not None and debt < 0:
        yield Finding("refused", clause, f"graph.debt={shown(debt)}: not negative; correct it")
    if assets is not None and assets <= 0:
        yield Finding("refused", clause, f"graph.net_assets={shown(assets)}: positive; repay debt")
    elif debt is not None and assets is not None:
        with exact():
            leverage = (assets + debt) / assets
        if leverage > _MOST_LEVERAGE:
            words = f"graph.debt: leverage {shown(leverage * 100, 1)}%; repay debt"
            yield Finding("refused", clause, words)


def _unknown(graph: GraphTable) -> Iterator[Finding]:
    """A payout or a public fund that no owner's share leads to would be held to no floor."""
    for key, names in (("payout", graph.payout), ("public", graph.public)):
        for name in names:
            if name not in graph.owners:
                yield Finding(
                    "refused",
                    "P2: look-through",
                    f"graph.{key}={name}: a node of graph.owners; correct the name",
                )


def _concession(table: StructureTable) -> Iterator[Finding]:
    each = table.concession
    if each is None:
        return
    currency = Currency(table.currency.code, table.currency.decimals)
    try:
        Concession(minor(each.investment, currency, "investment"), each.term, each.right).years([])
    except InputError as error:
        yield _refused("P2: PPP", error)
    if each.horizon > each.term:
        yield Finding(
            "flag",
            "P2: PPP",
            f"horizon={each.horizon}: after year {each.term} the asset is handed back and nothing is paid",
        )


def _rights(table: StructureTable) -> Iterator[Finding]:
    registry = Registry()
    for each in table.right:
        try:
            registry = registry.grant(
                Right(each.holder, each.parcel, each.stratum, each.first, each.last, each.exclusive)
            )
        except InputError as error:
            yield _refused("P2: stratified rights", error)


def _lockup(table: StructureTable) -> Iterator[Finding]:
    if table.lockup is None:
        return
    try:
        calendar(table.lockup.listed, locked(table.lockup))
    except InputError as error:
        yield _refused("REIT: lock-up [law]", error)


def _stages(table: StructureTable) -> Iterator[Finding]:
    try:
        staged(table)
    except InputError as error:
        yield _refused("P2: stages of stock assets", error)


_RULES: Final = (
    _waterfall,
    _not_reached,
    _shelf,
    _puts,
    _declared,
    _negative_list,
    _investors,
    _graph,
    _concession,
    _rights,
    _lockup,
    _stages,
)
