"""The example dashboard asks for metrics that the programs have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from usufruct.api.metrics import Metrics as ApiMetrics
from usufruct.index.runner import Progress
from usufruct_oracles.metrics import Metrics as OracleMetrics

DASHBOARD = Path(__file__).parents[3] / "docs" / "operations" / "grafana.json"


def exposed() -> set[str]:
    """Names of all series, as Prometheus would store them, with those of labels that nothing was counted for."""
    text = ApiMetrics(Progress()).text() + OracleMetrics().render()[0]
    found = set()
    for name, kind in re.findall(r"# TYPE (\S+) (\S+)", text.decode()):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + ending for ending in endings}
    return found


def asked() -> set[str]:
    panels = json.loads(DASHBOARD.read_bytes())["panels"]
    expressions = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    return set(re.findall(r"usufruct_\w+", expressions))


def test_every_metric_of_the_dashboard_exists() -> None:
    assert len(asked()) > 15
    assert asked() <= exposed()


def test_a_metric_that_was_renamed_would_be_noticed() -> None:
    assert "usufruct_index_block" in exposed()
    assert "usufruct_index_blocks" not in exposed()


def test_every_label_of_a_sum_is_a_label_of_the_metric() -> None:
    panels = json.loads(DASHBOARD.read_bytes())["panels"]
    source = "".join(
        (Path(__file__).parents[3] / path).read_text()
        for path in ("platform/usufruct/api/metrics.py", "oracles/usufruct_oracles/metrics.py")
    )
    for panel in panels:
        for target in panel["targets"]:
            for labels in re.findall(r"by \(([^)]*)\)", target["expr"]):
                for label in labels.replace(" ", "").split(","):
                    assert label in ("le", "instance") or f'"{label}"' in source
