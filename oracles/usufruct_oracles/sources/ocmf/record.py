"""Parsing an OCMF record: `OCMF|<payload>|<signature>`, two JSON objects between pipes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Final

from usufruct.core.encoding import exact_number, load_json
from usufruct.errors import InputError
from usufruct_oracles.sources.ocmf import tables
from usufruct_oracles.sources.ocmf.encodings import Malformed, from_base64, from_hex
from usufruct_oracles.sources.ocmf.fields import Fields, wrong
from usufruct_oracles.sources.ocmf.model import Loss, Page, Record, Signature, User
from usufruct_oracles.sources.ocmf.readings import readings

MAX_RECORD: Final = 256 * 1024
"""Longest record, bytes."""
MAX_SIGNATURE: Final = 512
"""Longest signature, bytes; the longest of the known algorithms has 104."""
HEADER: Final = b"OCMF|"
"""How a record begins."""

_SECTIONS: Final = 3
_PAYLOAD: Final = frozenset(
    [
        "FV",
        "GI",
        "GS",
        "GV",
        "PG",
        "MV",
        "MM",
        "MS",
        "MF",
        "IS",
        "IL",
        "IF",
        "IT",
        "ID",
        "TT",
        "CF",
        "LC",
        "CT",
        "CI",
        "RD",
    ]  # tables 1 to 6
)
_USER: Final = ("IS", "IL", "IF", "IT", "ID", "TT")
_LOSS: Final = ("LN", "LI", "LR", "LU")
_SIGNATURE: Final = ("SA", "SE", "SM", "SD")
_VENDOR: Final = "UVWXYZ"
_PROCESSING: Final = "ABCDEF"

_VERSION: Final = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})", re.ASCII)
_PAGE: Final = re.compile(r"([TF])(0|[1-9]\d{0,17})", re.ASCII)
_BOX: Final = re.compile(r"\S.* \S+")
_IDENTIFIERS: Final = {
    "ISO14443": (re.compile(r"([0-9A-Fa-f]{8}|[0-9A-Fa-f]{14})"), "4 or 7 bytes in hexadecimal"),
    "ISO15693": (re.compile(r"[0-9A-Fa-f]{16}"), "8 bytes in hexadecimal"),
    "EMAID": (re.compile(r".{14,15}"), "14 or 15 characters"),
    "EVCCID": (re.compile(r".{1,6}"), "at most 6 characters"),
    "PHONE_NUMBER": (re.compile(r"\+.*"), 'begins with "+"'),
}
_CONTROLLER, _CABLE_NAME, _FLAGS = 25, 20, 4


def parse(data: str | bytes) -> Record:
    """The record in `data`, checked against every rule of the specification that concerns one record.

    The payload keeps the very bytes between the pipes; nothing is written anew. Two records of one transaction, their
    pagination and their signatures are the business of `pages`, `sessions` and `verify`.

    Args:
        data: The record; a text stands for its UTF-8 bytes. White space may surround the two JSON objects,
            but nothing may stand before the header.

    Raises:
        OcmfError: Anything that the specification forbids, or more than this reader takes: `MAX_RECORD` bytes,
            16 levels, 15 digits and 9 places of a number, 1024 readings.
    """
    raw = _bytes(data)
    sections = raw.split(b"|")
    if len(sections) != _SECTIONS or not raw.startswith(HEADER):
        raise wrong(
            "record",
            f"{len(sections)} sections",
            "OCMF|<payload>|<signature>: three sections, and no further pipe inside them",
        )
    return _record(raw, sections[1], _signature(sections[2]))


def parse_payload(payload: bytes) -> Record:
    """The record of a signed part that was kept apart from its signature, which is empty here.

    Raises:
        OcmfError: As for `parse`.
    """
    unsigned = Signature(tables.DEFAULT_ALGORITHM, tables.CURVES[tables.DEFAULT_ALGORITHM], b"")
    return _record(b"", _bytes(payload), unsigned)


def _bytes(data: str | bytes) -> bytes:
    if len(data) > MAX_RECORD:
        raise wrong("record", f"{len(data)} long", f"at most {MAX_RECORD} bytes")
    try:
        raw = data.encode() if isinstance(data, str) else data
    except UnicodeEncodeError as error:
        raise wrong("record", ascii(data)[:60], "valid Unicode") from error
    if len(raw) > MAX_RECORD:
        raise wrong("record", f"{len(raw)} long", f"at most {MAX_RECORD} bytes")
    return raw


def _json(section: bytes, name: str) -> object:
    try:
        found = load_json(section, exact_number)
        json.dumps(found, ensure_ascii=False, default=str).encode()
    except InputError as error:
        raise wrong(name, error.value, "JSON in UTF-8 without duplicate names") from error
    except UnicodeEncodeError as error:
        raise wrong(name, "a lone surrogate", "texts are valid Unicode") from error
    return found


def _record(raw: bytes, section: bytes, signature: Signature) -> Record:
    fields = Fields(_json(section, "payload"), "payload")
    version, minor = _version(fields)
    fields.known(_PAYLOAD, _VENDOR, lenient=minor > tables.KNOWN_MINOR)
    page = _page(fields)
    record = Record(
        raw=raw,
        payload=section,
        version=version,
        gateway=(fields.text("GI"), fields.text("GS"), fields.text("GV")),
        page=page,
        meter=(fields.text("MV"), fields.text("MM"), fields.text("MS"), fields.text("MF")),
        user=_user(fields, page),
        controller=fields.text("CF", _CONTROLLER),
        compensation=_compensation(fields),
        charge_point=_charge_point(fields),
        readings=readings(fields.array("RD"), page.context),
        signature=signature,
    )
    if not record.serial:
        raise fields.wrong(
            "MS", "required unless GS names the signing system, or CT and CI the charge point"
        )
    return record


def _version(fields: Fields) -> tuple[str, int]:
    if "FV" not in fields:
        return "", tables.KNOWN_MINOR
    version = fields.text("FV")
    match = _VERSION.fullmatch(version)
    if match is None or int(match[1]) != tables.VERSION:
        raise fields.wrong("FV", f"{tables.VERSION}.<minor>, such as 1.0")
    return version, int(match[2])


def _page(fields: Fields) -> Page:
    fields.required("PG")
    match = _PAGE.fullmatch(fields.text("PG"))
    if match is None:
        raise fields.wrong("PG", "T or F and a number without leading zeros, such as T12345")
    return Page(match[1], int(match[2]))


def _user(fields: Fields, page: Page) -> User | None:
    if page.context == "F":
        present = [key for key in _USER if key in fields]
        if present:
            raise fields.wrong(present[0], "left out in fiscal records (PG begins with F)")
        return None
    kind = fields.choice("IT", tables.IDENTIFICATIONS)
    if not kind:
        raise fields.wrong("IT", "required in records of transactions")
    data = fields.text("ID")
    form = _IDENTIFIERS.get(kind)
    if data and form is not None and form[0].fullmatch(data) is None:
        # The value is personal and stays out of the message.
        raise wrong("ID", "…", f"{form[1]}, as IT {kind} says")
    return User(
        assigned=fields.flag("IS"),
        level=fields.choice("IL", tables.LEVELS),
        flags=_flags(fields),
        kind=kind,
        data=data,
        tariff=fields.text("TT"),
    )


def _flags(fields: Fields) -> tuple[str, ...]:
    flags = [each for each in fields.array("IF") if isinstance(each, str)]
    if len(flags) != len(fields.array("IF")) or not set(flags) <= tables.FLAGS:
        raise fields.wrong("IF", "identifiers of tables 13 to 16, such as RFID_PLAIN")
    if len(flags) > _FLAGS:
        raise fields.wrong("IF", f"at most {_FLAGS} of them")
    return tuple(flags)


def _charge_point(fields: Fields) -> tuple[str, str]:
    kind, name = fields.choice("CT", tables.CHARGE_POINTS), fields.text("CI")
    if kind == "CBIDC" and name and _BOX.fullmatch(name) is None:
        raise fields.wrong(
            "CI", "charge box and connector with a space between them, as CT CBIDC says"
        )
    return kind, name


def _compensation(fields: Fields) -> Loss | None:
    if "LC" not in fields:
        return None
    found = Fields(fields.required("LC"), "LC")
    found.known(_LOSS, "")
    resistance = found.number("LR")
    unit = found.choice("LU", tables.RESISTANCE_UNITS)
    if resistance is None:
        raise found.wrong("LR", "required")
    if not unit:
        raise found.wrong("LU", "required, mOhm or uOhm")
    return Loss(found.text("LN", _CABLE_NAME), found.number("LI"), resistance, unit)


def _signature(section: bytes) -> Signature:
    fields = Fields(_json(section, "signature"), "signature")
    fields.known(_SIGNATURE, _VENDOR + _PROCESSING)
    algorithm = _given(fields, "SA", tables.CURVES, tables.DEFAULT_ALGORITHM)
    encoding = _given(fields, "SE", tables.ENCODINGS, "hex")
    _given(fields, "SM", {tables.MIME}, tables.MIME)
    fields.required("SD")
    text = fields.text("SD", 2 * MAX_SIGNATURE)
    try:
        der = from_hex(text) if encoding == "hex" else from_base64(text)
    except Malformed as error:
        raise wrong("SD", text, f"a signature in {encoding}") from error
    if not der:
        raise fields.wrong("SD", "a signature")
    return Signature(algorithm, tables.CURVES[algorithm], der)


def _given(fields: Fields, key: str, options: Collection[str], default: str) -> str:
    """One of the options, the default only where the field is missing: an empty text is none of them."""
    if key not in fields:
        return default
    found = fields.text(key)
    if found not in options:
        raise fields.wrong(key, "a value of the specification's tables 8 and 22")
    return found
