"""Correlated Monte Carlo of the streams' incomes, vectorised over paths, years and streams.

Income of a stream and year = volume · occupancy · price − cost, and minus the cost alone while it is in default:

- price: geometric Brownian motion, P_t = P_0 · exp(Σ (ln(1+g) − σ²/2 + σ·z)), so that E[P_t] = P_0·(1+g)^t;
- volume: lognormal around its mean, independent from year to year, E = 1;
- occupancy: mean plus an AR(1) deviation, cut to [0, 1];
- default: a two-state chain, begun where a normal falls below the quantile of the default rate.

The normals of one year and kind are correlated between streams by the given matrix; all are drawn from one seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from usufruct.finance.numbers import refused
from usufruct.finance.risk.ranges import check_ranges
from usufruct.finance.risk.tables import CODES, AssumptionsTable, Code, ScenarioTable, StreamRisk

__all__ = ["Floats", "Paths", "correlation_of", "simulate_paths"]

Floats = npt.NDArray[np.float64]

_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Paths:
    """Simulated incomes in whole currency.

    Attributes:
        streams: Codes, in the order of the last axis.
        income: Incomes by path, year and stream.
    """

    streams: tuple[str, ...]
    income: Floats

    @property
    def total(self) -> Floats:
        """Income of all streams by path and year."""
        return np.asarray(self.income.sum(axis=2))


def correlation_of(table: AssumptionsTable) -> Floats:
    """The streams' correlation matrix; pairs that the file leaves out are independent.

    Raises:
        InputError: A pair that is stated twice differently, a value outside [−1, 1], or no possible matrix.
    """
    codes = _ordered(table)
    matrix = np.eye(len(codes))
    for one, others in table.correlation.items():
        for other, value in others.items():
            if one not in codes or other not in codes or one == other or not -1 <= value <= 1:
                raise refused(
                    f"correlation.{one}.{other}",
                    value,
                    "two different streams of the file, from −1 to 1",
                    "correct the pair",
                )
            i, j = codes.index(one), codes.index(other)
            if matrix[i, j] not in {0.0, float(value)}:
                raise refused(
                    f"correlation.{one}.{other}", value, "stated once", "remove one of them"
                )
            matrix[i, j] = matrix[j, i] = float(value)
    if np.linalg.eigvalsh(matrix).min() < -_NOISE:
        raise refused(
            "correlation",
            len(codes),
            "a positive semidefinite matrix",
            "no such streams can exist together",
        )
    return matrix


def _ordered(table: AssumptionsTable) -> tuple[Code, ...]:
    """The streams in one order, wherever they stand in the file: its hash does not know their order either."""
    return tuple(code for code in CODES if code in table.stream)


def simulate_paths(table: AssumptionsTable, scenario: ScenarioTable | None = None) -> Paths:
    """All paths; the same file gives the same numbers, with or without a scenario from the same draws.

    Raises:
        InputError: No streams, an assumption out of its range, or the correlation is impossible.
    """
    codes = _ordered(table)
    if not codes:
        raise refused("stream", "none", "at least one stream", "add [stream.CODE]")
    check_ranges(table)
    draws = _normals(table, correlation_of(table))
    risks = [table.stream[code] for code in codes]
    price = _prices(risks, draws[0])
    volume = _volumes(risks, draws[1])
    used = _occupancies(risks, draws[2])
    alive = ~_defaults(risks, draws[3])
    gross = _each(risks, "volume") * _each(risks, "price") * price * volume * used * alive
    cost = np.broadcast_to(_each(risks, "cost"), gross.shape)
    if scenario is not None:
        gross, cost = _stressed(codes, gross, cost, scenario)
    return Paths(codes, gross - cost)


def _normals(table: AssumptionsTable, correlation: Floats) -> Floats:
    """Standard normals by kind, path, year and stream, correlated between streams."""
    generator = np.random.Generator(np.random.PCG64(table.seed))
    shape = (4, table.paths, table.years, len(correlation))
    # The symmetric root exists for semidefinite matrices too, where a Cholesky factor does not.
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(generator.standard_normal(shape) @ root.T)


def _each(risks: Sequence[StreamRisk], name: str) -> Floats:
    return np.array([float(getattr(each, name)) for each in risks])


def _prices(risks: Sequence[StreamRisk], z: Floats) -> Floats:
    sigma = _each(risks, "price_volatility")
    drift = np.log1p(_each(risks, "price_growth")) - sigma**2 / 2
    steps = drift + sigma * z
    # The first year is sold at today's price.
    steps[:, 0, :] = 0.0
    return np.exp(np.cumsum(steps, axis=1))


def _volumes(risks: Sequence[StreamRisk], z: Floats) -> Floats:
    sigma = np.sqrt(np.log1p(_each(risks, "volume_volatility") ** 2))
    return np.exp(sigma * z - sigma**2 / 2)


def _occupancies(risks: Sequence[StreamRisk], z: Floats) -> Floats:
    mean, deviation = _each(risks, "occupancy"), _each(risks, "occupancy_deviation")
    memory = _each(risks, "occupancy_memory")
    fresh = np.sqrt(np.clip(1 - memory**2, 0, None))
    state = z[:, 0, :]
    found = np.empty_like(z)
    for year in range(z.shape[1]):
        state = state if year == 0 else memory * state + fresh * z[:, year, :]
        found[:, year, :] = state
    return np.clip(mean + deviation * found, 0.0, 1.0)


def _defaults(risks: Sequence[StreamRisk], z: Floats) -> npt.NDArray[np.bool_]:
    from scipy.special import ndtri  # noqa: PLC0415  # a slow import that only simulations need

    begins = z < ndtri(_each(risks, "default_rate"))
    # The upper tail ends a default: independent of the lower one unless both rates are large.
    ends = z > -ndtri(_each(risks, "recovery_rate"))
    state = np.zeros(z[:, 0, :].shape, dtype=bool)
    found = np.empty(z.shape, dtype=bool)
    for year in range(z.shape[1]):
        state = np.where(state, ~ends[:, year, :], begins[:, year, :])
        found[:, year, :] = state
    return found


def _stressed(
    codes: Sequence[str], gross: Floats, cost: Floats, scenario: ScenarioTable
) -> tuple[Floats, Floats]:
    start = scenario.from_year - 1
    gross, cost = gross.copy(), cost.copy()
    gross[:, start:, :] *= _factors(codes, scenario.price) * _factors(codes, scenario.volume)
    gross[:, start:, [codes.index(each) for each in scenario.off if each in codes]] = 0.0
    cost[:, start:, :] *= _factors(codes, scenario.cost)
    return gross, cost


def _factors(codes: Sequence[str], by_code: Mapping[Code, Decimal]) -> Floats:
    known = {str(code): float(value) for code, value in by_code.items()}
    return np.array([known.get(code, 1.0) for code in codes])
