"""Signed messages: what protocols deliver that do not write day files.

A message is one record of one meter: the bytes that were signed, verbatim, and the signature over them. Its
`form` names the decoder that finds the readings in the bytes; a decoder is a pure function, so that whoever has the
record finds the same readings. Messages that no device signs are signed by the gateway that took
them in, over an envelope that names stream, meter and form before the device's bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, runtime_checkable

from usufruct.config import Meter
from usufruct_oracles.validation.rows import Row

ENVELOPE = "usufruct/message/1"
"""First line of what a gateway signs."""

_HEADING = 4


@dataclass(frozen=True, slots=True)
class Message:
    """One signed record of one meter, exactly as it was received.

    Attributes:
        source: Where it came from, for people: a topic, a peer, a path.
        stream: Code of the stream.
        meter: Code of the meter.
        form: Name of the payload's format, such as "ocmf/1"; see `Decoder`.
        payload: The bytes that are signed, verbatim.
        scheme: Scheme of the signature, "" if there is none.
        signature: The signature in the scheme's own form, empty if there is none.
    """

    source: str
    stream: str
    meter: str
    form: str
    payload: bytes = field(repr=False)
    scheme: str
    signature: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """sha256 of payload ‖ signature (32 bytes): the `record` of its leaves, and the message's identity."""
        return sha256(self.payload + self.signature).digest()


class Decoder(Protocol):
    """Finds the readings in a payload of one form.

    Never raises for what the payload says: a reading that cannot be read is a `Row` with a `fault`, and a payload
    that cannot be read at all is one such row with number 0 and its first characters as line.
    """

    def __call__(self, payload: bytes, meter: Meter) -> Sequence[Row]:
        """The readings of the meter, in the order of the payload, numbered from 1."""
        ...


@runtime_checkable
class MessageSource(Protocol):
    """Delivers messages."""

    def poll(self) -> Iterable[Message]:
        """The messages to take in now. One may be delivered more than once: the journal knows what it has."""
        ...

    def taken(self, messages: Sequence[Message]) -> None:
        """The journal has stored these for good: the source may acknowledge them and forget them."""
        ...


Decoders = Mapping[str, Decoder]
"""Decoders by form."""


def envelope(stream: str, meter: str, form: str, raw: bytes) -> bytes:
    """What a gateway signs for a device that does not sign: a heading, then the device's bytes, verbatim."""
    return f"{ENVELOPE}\n{stream}\n{meter}\n{form}\n".encode() + raw


def device_bytes(payload: bytes) -> bytes:
    """What stands in an envelope, verbatim; the payload itself if it is a device's own."""
    if not payload.startswith(f"{ENVELOPE}\n".encode()):
        return payload
    return payload.split(b"\n", _HEADING)[-1]
