"""The forms of messages that are understood, each with its decoder. A new form is one line here."""

from __future__ import annotations

from typing import Final

from usufruct_oracles.sources import (
    alive,
    espi_records,
    json_readings,
    ocmf,
    ocpp,
    sparkplug,
    table_cells,
)
from usufruct_oracles.sources.messages import Decoders
from usufruct_oracles.sources.papers import folder as papers

DECODERS: Final[Decoders] = {
    alive.FORM: alive.decode_heartbeat,
    espi_records.FORM: espi_records.decode_espi,
    json_readings.FORM: json_readings.decode_json,
    ocmf.FORM: ocmf.decode,
    ocpp.FORM: ocpp.decode,
    sparkplug.FORM: sparkplug.decode_sparkplug,
    table_cells.FORM: table_cells.decode_table,
    **papers.DECODERS,
}
"""Decoders by form."""
