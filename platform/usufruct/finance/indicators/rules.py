"""The twenty indicators of P4 ("industrial upstairs"): five families of four, 0 to 5 points each.

以上, 以下, 以内 and 不低于 include the edge, 超过 and 低于 exclude it. Where the printed paper
lost a rule, the indicator is `not_scored` and leaves the maximum: no rule is invented for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from usufruct.finance.numbers import refused

__all__ = ["INDICATORS", "MOST", "Indicator"]

MOST: Final = 5
"""Points of an indicator at best."""

Facts = Mapping[str, Any]
"""The inputs of an indicator by name; numbers are Decimal."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator.

    Attributes:
        id: Family and place, such as "2.1".
        name: Its name.
        facts: The inputs that its rule takes, with the values that a choice allows, or () for numbers and counts.
        clause: The rule in one sentence.
        rule: Points from the inputs; None where the paper lost the rule.
    """

    id: str
    name: str
    facts: Mapping[str, Sequence[str]]
    clause: str
    rule: Callable[[Facts], int] | None


_LEVELS: Final = ("below", "limit", "encouraged")


def _fit(facts: Facts) -> int:
    levels = sorted(_LEVELS.index(facts[name]) for name in ("load", "height"))
    return {(2, 2): 5, (1, 2): 4, (1, 1): 3, (0, 2): 1, (0, 1): 1, (0, 0): 0}[levels[0], levels[1]]


def _walk(facts: Facts) -> int:
    near, far = sorted((facts["housing_min"], facts["retail_min"]))
    steps = ((10, 10, 5), (10, 15, 4), (15, 15, 3), (15, 20, 2), (20, 20, 1))
    return next((points for one, other, points in steps if near <= one and far <= other), 0)


_BESIDE: Final = 5
_NEAR: Final = 15


def _access(facts: Facts) -> int:
    metro, bus = facts["metro_min"], facts["bus_min"]
    if metro <= _BESIDE:
        return 5
    if metro <= _NEAR or bus <= _BESIDE:
        return 3
    return 1 if bus <= _NEAR else 0


def _ecology(facts: Facts) -> int:
    return 0 if facts["breach"] == "yes" else min(MOST, _count(facts["kinds"]))


_LARGE: Final = 5_000


def _incubator(facts: Facts) -> int:
    if facts["area_m2"] <= 0:
        return 0
    large, is_open = facts["area_m2"] >= _LARGE, facts["open"] == "yes"
    return {(True, True): 5, (False, True): 4, (True, False): 3, (False, False): 2}[large, is_open]


_FUND_SIZES: Final = ((100_000_000, 5), (30_000_000, 4))
_FUND: Final = {"none": 0, "matching": 2, "third_party": 3}


def _fund(facts: Facts) -> int:
    if facts["kind"] != "own":
        return _FUND[facts["kind"]]
    return next((points for least, points in _FUND_SIZES if facts["size"] >= least), 0)


def _rent(facts: Facts) -> int:
    if facts["slow_take_up"] == "yes":
        return 0
    return _at_most(facts["to_market"], ("0.6", "0.7", "0.8", "0.9", "1.0"))


_BEST: Final = (Decimal(4), Decimal("4.5"))
_ABOVE: Final = ((_BEST[1], 5), (Decimal(5), 4), (Decimal(6), 3), (Decimal(7), 2), (Decimal(8), 1))


def _return(facts: Facts) -> int:
    """The band around 4–4.5 % is best; towards it the lower edge counts, away from it the upper one."""
    rate = facts["irr_percent"]
    if rate < 0:
        return 0
    if rate < _BEST[0]:
        return int(rate) + 1
    return next((points for edge, points in _ABOVE if rate <= edge), 0)


def _securitisation(facts: Facts) -> int:
    plan, eligible = facts["plan"] == "yes", facts["eligible"] == "yes"
    return {(True, True): 5, (False, True): 4, (True, False): 2, (False, False): 0}[plan, eligible]


def _social(facts: Facts) -> int:
    return _at_least(facts["uplift"], ("2.5", "2", "1.5", "1", "0.5"))


def _anchors(facts: Facts) -> int:
    return _at_least(facts["area_share"], ("0.5", "0.4", "0.3", "0.2", "0.1"))


def _budget(facts: Facts) -> int:
    share = facts["of_income"]
    return next((points for points in range(5, 0, -1) if share > Decimal(points) / 100), 0)


def _each(name: str) -> Callable[[Facts], int]:
    return lambda facts: min(MOST, _count(facts[name]))


def _at_most(value: Decimal, edges: Sequence[str]) -> int:
    return next((MOST - at for at, edge in enumerate(edges) if value <= Decimal(edge)), 0)


def _at_least(value: Decimal, edges: Sequence[str]) -> int:
    return next((MOST - at for at, edge in enumerate(edges) if value >= Decimal(edge)), 0)


def _count(value: Decimal) -> int:
    if value != value.to_integral_value() or value < 0:
        raise refused("count", value, "a whole number, not negative", "count whole things")
    return int(value)


_YES: Final = ("yes", "no")
_NUMBER: Final[tuple[str, ...]] = ()

_ALL: Final = (
    Indicator(
        "1.1",
        "load and floor height",
        {"load": _LEVELS, "height": _LEVELS},
        "both encouraged 5; one encouraged, other ≥ limit 4; both ≥ limit 3; one < limit 1; both < limit 0",
        _fit,
    ),
    Indicator(
        "1.2",
        "shared industrial facilities",
        {"state": ("none", "reserved", "installed")},
        "installed 5; ducts reserved 3; none 0",
        lambda facts: {"installed": 5, "reserved": 3, "none": 0}[facts["state"]],
    ),
    Indicator("1.3", "product fit, third", {}, "the printed rule is lost", None),
    Indicator("1.4", "product fit, fourth", {}, "the printed rule is lost", None),
    Indicator(
        "2.1",
        "housing and retail on foot",
        {"housing_min": _NUMBER, "retail_min": _NUMBER},
        "both ≤10 min 5; one ≤10, other ≤15 4; both ≤15 3; one ≤15, other ≤20 2; both ≤20 1; else 0",
        _walk,
    ),
    Indicator(
        "2.2",
        "access",
        {"metro_min": _NUMBER, "bus_min": _NUMBER},
        "metro ≤5 min 5; metro ≤15 or bus ≤5 3; bus ≤15 1; else 0",
        _access,
    ),
    Indicator(
        "2.3",
        "ecology",
        {"kinds": _NUMBER, "breach": _YES},
        "1 for each of 5 kinds within 15 min; any breach of a limit 0",
        _ecology,
    ),
    Indicator("2.4", "city node", {"nodes": _NUMBER}, "1 for each of 5", _each("nodes")),
    Indicator(
        "3.1",
        "incubator",
        {"area_m2": _NUMBER, "open": _YES},
        "≥5000 ㎡ and open 5; smaller and open 4; ≥5000 ㎡ closed 3; smaller, closed 2; none 0",
        _incubator,
    ),
    Indicator(
        "3.2",
        "equity fund",
        {"kind": ("none", "matching", "third_party", "own"), "size": _NUMBER},
        "own ≥1亿 5; own ≥3000万 4; third-party agreement 3; regular matching 2; else 0",
        _fund,
    ),
    Indicator(
        "3.3",
        "sources of innovation",
        {"agreements": _NUMBER},
        "1 for each agreement, at most 5",
        _each("agreements"),
    ),
    Indicator("3.4", "exchange spaces", {"spaces": _NUMBER}, "1 for each of 5", _each("spaces")),
    Indicator(
        "4.1",
        "rent against the market",
        {"to_market": _NUMBER, "slow_take_up": _YES},
        "slow take-up 0; ≤0.6 5; ≤0.7 4; ≤0.8 3; ≤0.9 2; ≤1.0 1; else 0",
        _rent,
    ),
    Indicator(
        "4.2",
        "IRR",
        {"irr_percent": _NUMBER},
        "[4,4.5] 5; [3,4)∪(4.5,5] 4; [2,3)∪(5,6] 3; [1,2)∪(6,7] 2; [0,1)∪(7,8] 1; else 0",
        _return,
    ),
    Indicator(
        "4.3",
        "securitisation",
        {"plan": _YES, "eligible": _YES},
        "plan and eligible 5; eligible, not started 4; plan, not eligible 2; else 0",
        _securitisation,
    ),
    Indicator(
        "4.4",
        "social contribution",
        {"uplift": _NUMBER},
        "uplift ≥2.5 5; ≥2 4; ≥1.5 3; ≥1 2; ≥0.5 1; else 0",
        _social,
    ),
    Indicator("5.1", "clustering", {}, "the printed rule is lost", None),
    Indicator(
        "5.2",
        "anchor firms",
        {"area_share": _NUMBER},
        "by area: ≥50% 5; ≥40% 4; ≥30% 3; ≥20% 2; ≥10% 1; else 0",
        _anchors,
    ),
    Indicator("5.3", "service groups", {"groups": _NUMBER}, "1 for each of 5", _each("groups")),
    Indicator(
        "5.4",
        "operating budget",
        {"of_income": _NUMBER},
        ">5% 5; >4% 4; >3% 3; >2% 2; >1% 1; else 0",
        _budget,
    ),
)
INDICATORS: Final[Mapping[str, Indicator]] = MappingProxyType({each.id: each for each in _ALL})
"""The indicators by id, in the paper's order."""
