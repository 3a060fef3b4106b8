"""What decoders share: records with a heading, exact numbers in the meter's unit, rows with and without faults."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from usufruct.config import Meter
from usufruct.core.documents import items, keyed, text, wrong
from usufruct.core.encoding import canonical_json, load_json
from usufruct.errors import InputError
from usufruct_oracles.validation.rows import MAX_DIGITS, MAX_DURATION, MAX_PLACES, Row, Value
from usufruct_oracles.validation.units import factor_between
from usufruct_oracles.validation.verdicts import Rule, Verdict

VALID = 0
"""ESPI quality of a reading that passed all checks, and of one whose source says nothing."""
_LINE_SHOWN = 200


def record_of(heading: dict[str, object], lines: Iterable[Sequence[str]]) -> bytes:
    """A record of texts: one line of canonical JSON that says how they are read, then a JSON list for each reading.

    The texts are those of the source, verbatim. Neither the file's name nor its hash is in it, so that a
    day that is exported again comes out as the same record.
    """
    return b"".join(canonical_json(each) + b"\n" for each in (heading, *map(list, lines)))


def opened(
    record: bytes, keys: set[str], width: int
) -> tuple[dict[str, object], list[str], list[list[str]]]:
    """The heading of a record, and of each reading its line and its texts.

    Raises:
        InputError: Not such a record: the heading has other keys, a line is no list of `width` texts.
    """
    head, *lines = (
        record.decode("utf-8", "strict").removesuffix("\n").split("\n")
        if _is_text(record)
        else [""]
    )
    heading = keyed(load_json(head.encode()), keys, "heading")
    texts = [
        [text(each, "line") for each in items(load_json(line.encode()), "line")] for line in lines
    ]
    for line, found in zip(lines, texts, strict=True):
        if len(found) != width:
            raise wrong("line", line, f"a list of {width} texts")
    return heading, lines, texts


def _is_text(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


def value_of(exact: Fraction) -> Value | None:
    """The number as a decimal, None if it has none of at most 15 digits and 9 places."""
    scaled = exact * 10**MAX_PLACES
    if scaled.denominator != 1 or abs(exact) >= 10**MAX_DIGITS:
        return None
    number, places = scaled.numerator, MAX_PLACES
    while places and number % 10 == 0:
        number, places = number // 10, places - 1
    return Value(number, places)


def in_unit_of(meter: Meter, exact: Fraction, unit: str) -> tuple[Fraction, str]:
    """The number in the meter's unit where both measure the same, else as it is: validation names the difference."""
    factor = factor_between(unit, meter.unit)
    return (exact, unit) if factor is None else (exact * factor, meter.unit)


def row(
    number: int,
    line: str,
    meter: Meter,
    *,
    start: int | None,
    duration: int | None,
    exact: Fraction | None,
    unit: str,
    quality: int = VALID,
    fault: Verdict | None = None,
) -> Row:
    """A reading as far as it could be read; what is out of bounds becomes the fault."""
    value = None
    if exact is not None:
        exact, unit = in_unit_of(meter, exact, unit)
        value = value_of(exact)
    if fault is None and (duration is None or not 0 < duration <= MAX_DURATION):
        fault = malformed(f"it lasts {duration} s", f"durations are 1 to {MAX_DURATION} s")
    if fault is None and value is None:
        fault = not_a_number(
            f"{exact} {unit} is no decimal of {MAX_DIGITS} digits and {MAX_PLACES} places"
        )
    return Row(number, line[:_LINE_SHOWN], meter.code, start, duration, value, unit, quality, fault)


def faulty(number: int, line: str, meter: Meter, fault: Verdict) -> Row:
    """A reading of which nothing could be read."""
    return Row(number, line[:_LINE_SHOWN], meter.code, None, None, None, "", -1, fault)


def unreadable(payload: bytes, meter: Meter, error: InputError) -> list[Row]:
    """The one row of a payload that cannot be read at all."""
    line = payload[:_LINE_SHOWN].decode("utf-8", "replace")
    return [faulty(0, line, meter, malformed(error.one_line(), "correct it at its source"))]


def malformed(detail: str, remedy: str) -> Verdict:
    """The verdict on a reading or document that breaks its format."""
    return Verdict(Rule.MALFORMED, detail, remedy)


def not_a_number(detail: str) -> Verdict:
    """The verdict on a value that is no number of the allowed kind."""
    return Verdict(Rule.NOT_A_NUMBER, detail, "correct the value at its source")
