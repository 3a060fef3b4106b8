"""What the example dashboard and the alert rules ask Prometheus for, and what a process exports."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

__all__ = ["asked", "exposed", "panels", "rules"]

_FOLDER = Path(__file__).parents[2] / "docs" / "operations"


def panels() -> list[dict[str, Any]]:
    """Panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads((_FOLDER / "grafana.json").read_bytes())["panels"]
    return found


def rules() -> list[dict[str, Any]]:
    """Alert rules."""
    groups = yaml.safe_load((_FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked() -> set[str]:
    """Names of all metrics of ours that they ask for."""
    expressions = [target["expr"] for each in panels() for target in each["targets"]]
    expressions += [each["expr"] for each in rules()]
    return set(re.findall(r"usufruct_\w+", " ".join(expressions)))


def exposed(text: str) -> set[str]:
    """Names of all series of an exposition as Prometheus would store them, with those nothing was counted for yet."""
    found = set()
    for name, kind in re.findall(r"# TYPE (\S+) (\S+)", text):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + ending for ending in endings}
    return found
