"""The kinds of sources that a worker's configuration may name. A new kind is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from usufruct_oracles.sources import csv_folder, feed_kinds, simulator
from usufruct_oracles.sources.opening import Kind
from usufruct_oracles.sources.push import settings as push

KINDS: Final[Mapping[str, Kind]] = {
    "csv": csv_folder.KIND,
    "documents": feed_kinds.DOCUMENTS,
    "green-button": feed_kinds.GREEN_BUTTON,
    "mqtt": feed_kinds.MQTT,
    "push": push.KIND,
    "rent-rolls": feed_kinds.RENT_ROLLS,
    "simulator": simulator.KIND,
    "table": feed_kinds.TABLE,
}
"""Kinds by the name that `kind` in `[source]` or `[[source]]` gives."""
