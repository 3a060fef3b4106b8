"""The forms of messages that are understood, each with its decoder. A new form is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from usufruct.config import Meter
from usufruct_oracles.sources import (
    alive,
    corrections,
    espi_records,
    json_readings,
    ocmf,
    ocpp,
    registers,
    sparkplug,
    table_cells,
)
from usufruct_oracles.sources.alive import Heartbeat
from usufruct_oracles.sources.messages import Decoders
from usufruct_oracles.sources.papers import folder as papers

DECODERS: Final[Decoders] = {
    alive.FORM: alive.decode_heartbeat,
    corrections.FORM: corrections.decode_corrections,
    espi_records.FORM: espi_records.decode_espi,
    json_readings.FORM: json_readings.decode_json,
    registers.FORM: registers.decode_registers,
    ocmf.FORM: ocmf.decode,
    ocpp.FORM: ocpp.decode,
    sparkplug.FORM: sparkplug.decode_sparkplug,
    table_cells.FORM: table_cells.decode_table,
    **papers.DECODERS,
}
"""Decoders by form."""

HEARTBEATS: Final[Mapping[str, Callable[[bytes, Meter, str], Heartbeat | None]]] = {
    alive.FORM: alive.read_heartbeat,
    ocmf.FORM: ocmf.heartbeat,
}
"""By form, what finds the heartbeat that a message without readings is: payload, meter and the project's time zone."""
