"""The forms of messages that are understood, each with its decoder. A new form is one line here."""

from __future__ import annotations

from typing import Final

from usufruct_oracles.sources import alive, corrections, ocmf, ocpp
from usufruct_oracles.sources.messages import Decoders

DECODERS: Final[Decoders] = {
    alive.FORM: alive.decode_heartbeat,
    corrections.FORM: corrections.decode_corrections,
    ocmf.FORM: ocmf.decode,
    ocpp.FORM: ocpp.decode,
}
"""Decoders by form."""
