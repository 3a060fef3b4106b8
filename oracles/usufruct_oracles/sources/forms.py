"""The forms of messages that are understood, each with its decoder. A new form is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from usufruct.config import Meter
from usufruct_oracles.sources import alive, ocmf, ocpp
from usufruct_oracles.sources.alive import Heartbeat
from usufruct_oracles.sources.messages import Decoders

DECODERS: Final[Decoders] = {
    alive.FORM: alive.decode_heartbeat,
    ocmf.FORM: ocmf.decode,
    ocpp.FORM: ocpp.decode,
}
"""Decoders by form."""

HEARTBEATS: Final[Mapping[str, Callable[[bytes, Meter, str], Heartbeat | None]]] = {
    alive.FORM: alive.read_heartbeat,
    ocmf.FORM: ocmf.heartbeat,
}
"""By form, what finds the heartbeat that a message without readings is: payload, meter and the project's time zone."""
