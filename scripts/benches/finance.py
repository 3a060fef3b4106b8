"""Correlated simulation of incomes and the waterfall of all paths, in CPU seconds, beside a plain Python loop.

scripts/bench finance

The loop draws the same kinds of numbers for the same streams, one path, year and stream at a time; it is measured on
PLAIN_PATHS paths and told per path. The waterfall's baseline is the mirror of the contract, path by path.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path

from benches._report import Row, at_least, at_most, best_of, report
from usufruct.core.waterfall import Start, Term, run
from usufruct.finance.risk.model import correlation_of, simulate_paths
from usufruct.finance.risk.study import load_assumptions, receipts_from
from usufruct.finance.risk.tables import AssumptionsTable
from usufruct.finance.risk.vectors import Ints, run_paths
from usufruct.finance.structures.cli import load_structure
from usufruct.finance.structures.deal import Deal, compile_deal

MOST_SECONDS = 2.0
PLAIN_PATHS = 100
MIRROR_PATHS = 200
LEAST_RATIO = 10.0
_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def plain(table: AssumptionsTable, paths: int) -> float:
    """Sum of incomes by a loop, as one writes it first."""
    dice = random.Random(table.seed)  # noqa: S311  # a simulation
    root = _cholesky(correlation_of(table).tolist())
    streams = list(table.stream.values())
    total = 0.0
    for _ in range(paths):
        price = [1.0] * len(streams)
        state = [0.0] * len(streams)
        down = [False] * len(streams)
        for year in range(table.years):
            draws = [_correlated(root, dice) for _ in range(4)]
            for at, each in enumerate(streams):
                sigma = float(each.price_volatility)
                if year:
                    drift = math.log1p(float(each.price_growth)) - sigma**2 / 2
                    price[at] *= math.exp(drift + sigma * draws[0][at])
                spread = math.sqrt(math.log1p(float(each.volume_volatility) ** 2))
                volume = math.exp(spread * draws[1][at] - spread**2 / 2)
                memory = float(each.occupancy_memory)
                fresh = math.sqrt(1 - memory**2)
                state[at] = memory * state[at] + fresh * draws[2][at] if year else draws[2][at]
                used = float(each.occupancy) + float(each.occupancy_deviation) * state[at]
                chance = 0.5 * math.erfc(draws[3][at] / math.sqrt(2))
                down[at] = (
                    chance > float(each.recovery_rate)
                    if down[at]
                    else chance < float(each.default_rate)
                )
                if not down[at]:
                    earned = float(each.volume) * float(each.price) * price[at] * volume
                    total += earned * min(1.0, max(0.0, used))
                total -= float(each.cost)
    return total


def _correlated(root: list[list[float]], dice: random.Random) -> list[float]:
    plain_draws = [dice.gauss(0, 1) for _ in root]
    return [sum(a * b for a, b in zip(row, plain_draws, strict=False)) for row in root]


def _cholesky(matrix: list[list[float]]) -> list[list[float]]:
    size = len(matrix)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            left = matrix[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = math.sqrt(max(left, 0)) if i == j else left / root[j][j]
    return root


def mirror(deal: Deal, receipts: Ints, terms: list[Term | None]) -> None:
    """The same waterfall by the mirror of the contract, path by path."""
    for path in receipts.tolist():
        balances: dict[int, int] = {}
        breached = 0
        for period, amount in enumerate(path, 1):
            start = Start(period, amount, b"\xff" * 32, terms, balances, None, breached)
            result = run(deal.rules, start)
            balances, breached = dict(result.balances), result.breached


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Measures and reports."""
    table = load_assumptions(_EXAMPLES / "assumptions.toml")
    deal = compile_deal(load_structure(_EXAMPLES / "six-streams.toml"))
    ours = best_of(3, lambda: cpu(lambda: simulate_paths(table)))
    loop = cpu(lambda: plain(table, PLAIN_PATHS)) * table.paths / PLAIN_PATHS
    receipts = receipts_from(simulate_paths(table), deal, table.currency)
    last = deal.table.periods
    terms = [Term(1, last, last) if step.to_series else None for step in deal.rules.steps]
    all_paths = best_of(3, lambda: cpu(lambda: run_paths(deal.rules, receipts, terms)))
    each = cpu(lambda: mirror(deal, receipts[:MIRROR_PATHS], terms)) * table.paths / MIRROR_PATHS
    size = f"{table.paths:,} paths × {table.years} years × {len(table.stream)} streams"
    report(
        "finance",
        [
            at_most(size, ours, "CPU s", MOST_SECONDS),
            Row("paths", table.paths / ours, "paths/CPU s"),
            at_least("simulation, ratio to a plain Python loop", loop / ours, "×", LEAST_RATIO),
            Row(f"waterfall of all paths, {last} periods", all_paths, "CPU s"),
            at_least(
                "waterfall, ratio to the mirror path by path", each / all_paths, "×", LEAST_RATIO
            ),
        ],
    )


if __name__ == "__main__":
    main()
