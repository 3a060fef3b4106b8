"""What an OCMF record says, field by field, and the errors of reading one."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from usufruct.errors import EvidenceError, InputError


class OcmfError(InputError):
    """Not an OCMF record, or one that breaks the specification; the field is named as the format names it."""


class SignatureRefused(EvidenceError):
    """The signature of a record does not hold, or cannot be judged with the key that was given."""


@dataclass(frozen=True, slots=True)
class Page:
    """Pagination (PG): the place of a record in its context, counted up by 1 with every record.

    Attributes:
        context: "T" for records of transactions, "F" for fiscal ones.
        number: Its number.
    """

    context: str
    number: int

    def __str__(self) -> str:
        return f"{self.context}{self.number}"


@dataclass(frozen=True, slots=True)
class User:
    """Assignment of a transaction to a user.

    Attributes:
        assigned: IS.
        level: IL, "" if not given.
        flags: IF.
        kind: IT.
        data: ID: personal, so it is not shown in representations.
        tariff: TT.
    """

    assigned: bool
    level: str
    flags: tuple[str, ...]
    kind: str
    data: str = field(repr=False)
    tariff: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Compensation of the cable's losses (LC).

    Attributes:
        name: LN, "" if not given.
        number: LI, None if not given.
        resistance: LR.
        unit: LU, "mOhm" or "uOhm".
    """

    name: str
    number: Decimal | None
    resistance: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading, with what it took over from the one before it in its record.

    Attributes:
        time: Milliseconds since 1970 UTC.
        text: TM as written.
        clock: Time status, a key of `tables.TIME_STATES`.
        reason: TX, a key of `tables.REASONS`; "" in fiscal records.
        value: RV, with the decimal places as written; None if only an error is told.
        register: RI, the OBIS code; "" if not given.
        unit: RU; "" if not given.
        current: RT, "AC", "DC" or "" if not given.
        loss: CL, what loss compensation took off the value since the transaction began; None if not given.
        errors: EF, keys of `tables.ERRORS`.
        state: ST, a key of `tables.METER_STATES`.
    """

    time: int
    text: str
    clock: str
    reason: str
    value: Decimal | None
    register: str
    unit: str
    current: str
    loss: Decimal | None
    errors: str
    state: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature section.

    Attributes:
        algorithm: SA, a key of `tables.CURVES`.
        curve: The curve it names.
        der: The signature, a DER structure of r and s if the record is honest.
    """

    algorithm: str
    curve: str
    der: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Record:
    """An OCMF record that keeps the specification. Nothing is said yet about its signature: see `verify`.

    Attributes:
        raw: The whole record as received.
        payload: The bytes between the pipes, over which the signature is.
        version: FV, "" if not given.
        gateway: GI, GS and GV: maker's name, serial number and software of the signing system, "" if not given.
        page: PG.
        meter: MV, MM, MS and MF: maker, model, serial number and firmware of the meter, "" if not given.
        user: The user's assignment; None in fiscal records.
        controller: CF, the charge controller's firmware, "" if not given.
        compensation: LC, None if not given.
        charge_point: CT and CI, "" if not given.
        readings: RD.
        signature: The signature section.
    """

    raw: bytes = field(repr=False)
    payload: bytes = field(repr=False)
    version: str
    gateway: tuple[str, str, str]
    page: Page
    meter: tuple[str, str, str, str]
    user: User | None
    controller: str
    compensation: Loss | None
    charge_point: tuple[str, str]
    readings: tuple[Reading, ...]
    signature: Signature

    @property
    def serial(self) -> str:
        """What identifies the source: serial number of the meter, else of the signing system, else the charge point."""
        kind, name = self.charge_point
        return self.meter[2] or self.gateway[1] or (name if kind else "")
