"""What a request of OCPP 2.x says about a meter."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from usufruct.errors import InputError


class OcppError(InputError):
    """Not a TransactionEvent or MeterValues request of OCPP 2.x; the field is named as the protocol names it."""


@dataclass(frozen=True, slots=True)
class SignedValue:
    """A `signedMeterValue`.

    Attributes:
        data: What was signed, decoded from base64.
        encoding: `encodingMethod`, such as "OCMF".
        method: `signingMethod`, "" if not given.
        key: `publicKey` as text, "" if not given: shown, never trusted.
    """

    data: bytes = field(repr=False)
    encoding: str
    method: str
    key: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A `sampledValue`.

    Attributes:
        time: Moment of the sample, milliseconds since 1970 UTC.
        value: Value × 10^multiplier, exact.
        unit: Unit, "Wh" if not given.
        context: Why it was sampled, "Sample.Periodic" if not given.
        measurand: What was measured, "Energy.Active.Import.Register" if not given.
        phase: Phase, "" for the sum of all.
        location: Where, "Outlet" if not given.
        signed: The signed form of it, None if there is none.
    """

    time: int
    value: Decimal
    unit: str
    context: str
    measurand: str
    phase: str
    location: str
    signed: SignedValue | None


@dataclass(frozen=True, slots=True)
class Event:
    """A request.

    Attributes:
        action: "TransactionEvent" or "MeterValues".
        kind: "Started", "Updated" or "Ended"; "" for MeterValues.
        time: Moment of the event, milliseconds since 1970 UTC; 0 for MeterValues.
        trigger: Why it was sent, "" for MeterValues.
        number: `seqNo`: counts the events of a transaction from 0; 0 for MeterValues.
        transaction: Id of the transaction, "" for MeterValues.
        offline: Whether it happened while the station was offline.
        evse: Number of the charging place, None if not given.
        samples: All sampled values in order.
        raw: The request as received.
    """

    action: str
    kind: str
    time: int
    trigger: str
    number: int
    transaction: str
    offline: bool
    evse: int | None
    samples: tuple[Sample, ...]
    raw: bytes = field(repr=False)
