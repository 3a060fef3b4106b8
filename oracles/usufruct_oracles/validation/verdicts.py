"""The verdicts of validation: which rule a row, a record or a file breaks, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """Why something does not count, or is doubted. The values are stable: they stand in journals and reports."""

    FILE_TOO_LARGE = "file-too-large"
    FILE_BYTE_ORDER_MARK = "file-byte-order-mark"
    FILE_LINE_ENDS = "file-line-ends"
    FILE_BINARY = "file-binary"
    FILE_LONG_LINE = "file-long-line"
    FILE_HEADER = "file-header"
    FILE_SIGNATURES = "file-signatures"
    FILE_STREAM = "file-stream"
    FILE_DAY = "file-day"

    MESSAGE_TOO_LARGE = "message-too-large"
    UNKNOWN_FORM = "unknown-form"
    WRONG_ENVELOPE = "wrong-envelope"

    MISSING_SIGNATURE = "missing-signature"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_SCHEME = "unknown-scheme"
    RETRACTED = "retracted"

    METER_STATUS = "meter-status"
    CLOCK_STATUS = "clock-status"
    ERROR_FLAGS = "error-flags"
    INCOMPLETE = "incomplete-session"
    MISSING_PAGES = "missing-pages"
    PAGE_CLASH = "page-clash"

    MALFORMED = "malformed-row"
    NOT_A_NUMBER = "not-a-number"
    NEGATIVE = "negative"
    UNKNOWN_METER = "unknown-meter"
    WRONG_STREAM = "wrong-stream"
    QUALITY_REFUSED = "quality-refused"
    UNIT_MISMATCH = "unit-mismatch"
    IMPLAUSIBLE = "implausible"
    FUTURE = "future"
    OUTSIDE_DAY = "outside-day"
    WRONG_DURATION = "wrong-duration"
    MISALIGNED = "misaligned"
    CALIBRATION_EXPIRED = "calibration-expired"
    DUPLICATE = "duplicate"
    CONFLICT = "conflicting-duplicate"
    OVERLAP = "overlap"
    LATE = "late"
    CONTRADICTED = "contradicted"

    REGISTER_BACKWARDS = "register-backwards"

    MISSING = "missing"

    # Doubts: the reading counts all the same.
    ESTIMATED = "estimated"
    OVER_REQUEST = "over-request"
    CLOCK_AHEAD = "clock-ahead"
    STUCK = "stuck"
    SPIKE = "spike"
    NIGHT_OUTPUT = "night-output"
    UNIT_SUSPECT = "unit-suspect"
    TOTAL_IMPLAUSIBLE = "total-implausible"


DOUBTS = frozenset(
    {
        Rule.ESTIMATED,
        Rule.OVER_REQUEST,
        Rule.CLOCK_AHEAD,
        Rule.STUCK,
        Rule.SPIKE,
        Rule.NIGHT_OUTPUT,
        Rule.UNIT_SUSPECT,
        Rule.TOTAL_IMPLAUSIBLE,
    }
)
"""Rules that only raise doubt: what breaks them counts, is shown, and its money is told."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why something does not count.

    Attributes:
        rule: The rule that is broken.
        detail: What was found, with the value.
        remedy: What to do about it.
    """

    rule: Rule
    detail: str
    remedy: str


SHOWN = 60
"""Most characters of a foreign value that a detail repeats."""


def shown(value: str) -> str:
    """A foreign text for use in a detail: short, quoted, without control characters."""
    cut = value if len(value) <= SHOWN else value[: SHOWN - 1] + "…"
    return repr(cut)
