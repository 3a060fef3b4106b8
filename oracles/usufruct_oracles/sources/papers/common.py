"""What the documents share: canonical JSON that names its form and its meter, times with offsets, whole amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from usufruct.config import Meter
from usufruct.core.documents import items, keyed, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.errors import InputError
from usufruct_oracles.sources.decoding import row, unreadable
from usufruct_oracles.validation.rows import Row, parse_start
from usufruct_oracles.validation.verdicts import Rule, Verdict

MAX_BYTES = 512 * 1024
"""Largest document."""
MAX_ENTRIES = 5000
"""Most entries of a list in a document."""

Document = dict[str, object]
"""A document as it was read."""


def document(payload: bytes, form: str, keys: set[str]) -> Document:
    """A document of a form.

    Raises:
        InputError: Too large, not canonical JSON, of another form or with other keys.
    """
    if len(payload) > MAX_BYTES:
        raise wrong("document", f"{len(payload)} bytes", f"at most {MAX_BYTES}")
    found = keyed(load_json(payload), {"form", *keys}, "document")
    if found["form"] != form:
        raise wrong("form", found["form"], form)
    if canonical_json(found) != payload:
        raise wrong("document", payload[:64], "canonical JSON: keys sorted, no white space")
    return found


def decoded(
    payload: bytes, meter: Meter, read: Callable[[bytes, Meter], Sequence[Row]]
) -> Sequence[Row]:
    """The rows that `read` finds, or the one row of a document that cannot be read."""
    try:
        return read(payload, meter)
    except InputError as error:
        return unreadable(payload, meter, error)


def require_meter(found: Document, meter: Meter) -> None:
    """The document is of the meter.

    Raises:
        InputError: It is of another.
    """
    if found["meter"] != meter.code:
        raise wrong("meter", found["meter"], f"{meter.code}, whose record this is")


def entries(value: object, name: str, width: int) -> list[list[object]]:
    """A list of lists of `width` parts.

    Raises:
        InputError: Something else, or too many.
    """
    found = [items(each, name) for each in items(value, name)]
    if len(found) > MAX_ENTRIES:
        raise wrong(name, len(found), f"at most {MAX_ENTRIES}")
    for each in found:
        if len(each) != width:
            raise wrong(name, each, f"lists of {width} parts")
    return found


def moment(value: object, name: str) -> int:
    """Unix seconds of an RFC 3339 time with an offset.

    Raises:
        InputError: Something else.
    """
    found = parse_start(text(value, name))
    if found is None:
        raise wrong(name, value, "RFC 3339 with an offset, whole seconds")
    return found


def span(start: object, end: object, name: str) -> tuple[int, int]:
    """Two moments, the second after the first.

    Raises:
        InputError: Not so.
    """
    first, last = moment(start, name), moment(end, name)
    if last <= first:
        raise wrong(name, end, f"after {start}")
    return first, last


def reading(
    number: int,
    meter: Meter,
    start: int,
    end: int,
    amount: Fraction | int,
    unit: str,
    line: str,
    fault: Verdict | None = None,
) -> Row:
    """A reading of a document."""
    return row(
        number,
        line,
        meter,
        start=start,
        duration=end - start,
        exact=Fraction(amount),
        unit=unit,
        fault=fault,
    )


def implausible(detail: str, remedy: str) -> Verdict:
    """The verdict on what cannot be."""
    return Verdict(Rule.IMPLAUSIBLE, detail, remedy)


def twice(detail: str) -> Verdict:
    """The verdict on what a document says two times."""
    return Verdict(Rule.CONTRADICTED, detail, "send it once")
