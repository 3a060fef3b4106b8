"""The operator's multiplier before a settlement, where rules with and without KPIs took turns."""

from types import SimpleNamespace

import pytest

from usufruct.contracts import address
from usufruct.contracts import waterfall as wf
from usufruct.proof.money_links import _last_multiplier

WATERFALL = address("0x" + "11" * 20)
KPI = wf.Kpi(0, 0, 10_000, 10_000, 10_000)
PLAIN, SCORED = 1, 2


class Client:
    """Knows two versions of the rules: without KPIs and with one."""

    def __init__(self):
        self.asked = []

    def call(self, target, call):
        assert target == WATERFALL
        version = next(v for v in (PLAIN, SCORED) if call.data == wf.rules_at(7, v).data)
        self.asked.append(version)
        kpis = (KPI,) if version == SCORED else ()
        return SimpleNamespace(rules=wf.Rules((), kpis, (), (), 0, 10_000, 0))


def context():
    proof = SimpleNamespace(
        contracts=SimpleNamespace(waterfall=WATERFALL), settlement=SimpleNamespace(stream=7)
    )
    return SimpleNamespace(proof=proof, client=Client())


def settled(*versions_and_multipliers):
    return [
        SimpleNamespace(rules_version=version, multiplier_bp=m)
        for version, m in versions_and_multipliers
    ]


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], None),
        ([(PLAIN, 0), (PLAIN, 0)], None),
        ([(SCORED, 9_000)], 9_000),
        ([(SCORED, 9_000), (SCORED, 8_500)], 8_500),
        ([(SCORED, 9_000), (PLAIN, 0), (PLAIN, 0)], 9_000),
        ([(PLAIN, 0), (SCORED, 0), (PLAIN, 0)], 0),
    ],
    ids=["first", "never scored", "scored", "newest counts", "rules without KPIs keep it", "zero"],
)
def test_only_rules_with_kpis_set_the_multiplier(earlier, expected):
    assert _last_multiplier(context(), settled(*earlier)) == expected


def test_each_version_is_asked_for_once():
    ctx = context()
    _last_multiplier(ctx, settled((PLAIN, 0), (PLAIN, 0), (PLAIN, 0)))
    assert ctx.client.asked == [PLAIN]
