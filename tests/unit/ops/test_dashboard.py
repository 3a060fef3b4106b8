"""The example dashboard and alert rules ask for metrics that the programs have."""

from __future__ import annotations

import re
from typing import Any

import pytest
from prometheus_client import generate_latest
from tests.support.watched import asked, exposed, panels, rules
from typer.testing import CliRunner

from usufruct import cli as platform
from usufruct.api.metrics import Metrics as ApiMetrics
from usufruct.index.runner import Progress
from usufruct.keeper.metrics import KINDS
from usufruct.keeper.metrics import Metrics as KeeperMetrics
from usufruct.keeper.site import Outcome
from usufruct.keeper.status import Due
from usufruct_oracles import cli as oracles
from usufruct_oracles.metrics import Metrics as OracleMetrics


def every_text() -> str:
    parts = (
        generate_latest(ApiMetrics(Progress()).registry),
        generate_latest(OracleMetrics().registry),
        generate_latest(KeeperMetrics().registry),
    )
    return "".join(part.decode() for part in parts)


def labels_of_metrics() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    api = ApiMetrics(Progress())
    for registry in (api.registry, OracleMetrics().registry, KeeperMetrics().registry):
        for metric, names in registry._collector_to_names.items():
            labels = set(getattr(metric, "_labelnames", ()))
            for name in names:
                found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def test_every_metric_of_dashboard_and_rules_exists() -> None:
    assert len(asked()) > 25
    assert asked() - exposed(every_text()) == set()
    assert {name.split("_")[1] for name in asked()} >= {"index", "api", "oracle", "keeper", "chain"}


def test_a_metric_that_was_renamed_would_be_noticed() -> None:
    found = exposed(every_text())
    assert "usufruct_index_block" in found
    assert "usufruct_index_blocks" not in found


def test_every_label_that_is_asked_for_is_one_of_its_metric() -> None:
    known = labels_of_metrics()
    expressions = [*(target["expr"] for each in panels() for target in each["targets"])]
    expressions += [each["expr"] for each in rules()]
    for text in expressions:
        (*names,) = re.findall(r"usufruct_\w+", text)
        labels = {"instance"}.union(*(known.get(name, set()) for name in names))
        for group in re.findall(r"by \(([^)]*)\)", text):
            assert set(group.replace(" ", "").split(",")) <= labels, text
        for name, chosen in re.findall(r"(usufruct_\w+)\{([^}]*)\}", text):
            assert set(re.findall(r"(\w+)[=!]", chosen)) <= known[name], text


@pytest.mark.parametrize("rule", rules(), ids=lambda each: each["alert"])
def test_every_rule_has_what_prometheus_wants_and_a_remedy(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"Usufruct[A-Za-z]+", rule["alert"])
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"].keys() == {"summary", "remedy"}
    assert re.fullmatch(r"\d+[mhd]", rule.get("for", "1m"))
    assert rule["expr"].count("(") == rule["expr"].count(")")
    for program, command in re.findall(
        r"(usufruct-oracle|usufruct) ([a-z]+)\b", rule["annotations"]["remedy"]
    ):
        app = platform.build(command) if program == "usufruct" else oracles.app
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0, (program, command)


def test_names_of_rules_and_panels_are_unique() -> None:
    names = [each["alert"] for each in rules()]
    assert len(set(names)) == len(names)
    numbers = [each["id"] for each in panels()]
    assert len(set(numbers)) == len(numbers)
    places = [(p["x"], p["y"], p["w"], p["h"]) for p in (each["gridPos"] for each in panels())]
    for number, (x, y, w, h) in enumerate(places):
        assert x + w <= 24
        for other in places[number + 1 :]:
            apart = x + w <= other[0] or other[0] + other[2] <= x
            assert apart or y + h <= other[1] or other[1] + other[3] <= y


def test_a_keeper_s_figures_are_of_what_it_did_and_of_what_is_due() -> None:
    metrics = KeeperMetrics()
    metrics.told(Outcome("paid", "a page", {"holders": 3}))
    metrics.told(Outcome("paid", "somebody's arrears", {"payee": "0x"}))
    metrics.told(Outcome("withheld", "frozen", {}))
    metrics.told(Outcome("waiting", "money", {}))
    due = [Due("payout", "A", 70, ""), Due("payout", "B", 40, ""), Due("owed", "C", 90, "")]
    metrics.looked(due, due[1:2], 100)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"usufruct_keeper_{name}", labels)

    assert value("payees_total", outcome="paid") == 4
    assert value("payees_total", outcome="failed") == 1
    assert value("outcomes_total", kind="waiting") == 1
    assert (value("due", kind="payout"), value("due_oldest_seconds", kind="payout")) == (2, 60)
    assert (value("due", kind="owed"), value("due_oldest_seconds", kind="owed")) == (1, 10)
    assert value("alerts") == 1
    metrics.looked([], [], 200)
    for kind in KINDS:
        assert (value("due", kind=kind), value("due_oldest_seconds", kind=kind)) == (0, 0)
    assert value("alerts") == 0
