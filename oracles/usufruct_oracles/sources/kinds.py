"""The kinds of sources that a worker's configuration may name. A new kind is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usufruct_oracles.sources import csv_folder, simulator
from usufruct_oracles.sources.opening import Kind
from usufruct_oracles.sources.push import settings as push

KINDS: Final[Mapping[str, Kind]] = {
    "csv": csv_folder.KIND,
    "push": push.KIND,
    "simulator": simulator.KIND,
}
"""Kinds by the name that `kind` in `[source]` or `[[source]]` gives."""
