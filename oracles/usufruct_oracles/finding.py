"""Something that does not count, as it is listed for people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import RowMapping

from usufruct_oracles.validation.stakes import Basis, Stake
from usufruct_oracles.validation.verdicts import Rule


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not count.

    Attributes:
        rule: Why.
        day: Local day of the file, "YYYY-MM-DD".
        meter: Code of the meter, "" if unknown.
        count: Rows, intervals or meter-days.
        end: End of the first of them, unix seconds; None if unknown.
        line_number: Line in the file, 0 if there is none.
        line: The line, verbatim, "" if there is none.
        detail: What was found.
        remedy: What to do about it.
        stake: Money at stake.
    """

    rule: Rule
    day: str
    meter: str
    count: int
    end: int | None
    line_number: int
    line: str
    detail: str
    remedy: str
    stake: Stake


def finding_of(rejection: RowMapping) -> Finding:
    """What a row of the table of rejections says."""
    return Finding(
        rule=Rule(rejection["rule"]),
        day=rejection["day"],
        meter=rejection["meter"],
        count=1,
        end=rejection["end"],
        line_number=rejection["line_number"],
        line=rejection["line"],
        detail=rejection["detail"],
        remedy=rejection["remedy"],
        stake=Stake(rejection["stake"], Basis(rejection["basis"])),
    )
