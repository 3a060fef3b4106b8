"""What the finance engine is asked and what it answers."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from usufruct.api.schemas.common import Model

__all__ = [
    "Comparison",
    "ComparisonBody",
    "ExportBody",
    "Exported",
    "FileBody",
    "Played",
    "ReportAnswer",
    "RiskBody",
    "VersionBody",
]

_MOST: Final = 60_000
_File = Annotated[
    str, Field(min_length=1, max_length=_MOST, description="TOML, as the command line takes it")
]


class FileBody(Model):
    """A file of the finance engine."""

    file: _File


class MoveBody(Model):
    """A change of a structure: a new value at a key, or a new place of an entry of a list."""

    key: Annotated[str, Field(min_length=1, max_length=80, examples=["step.2.amount", "step.2"])]
    value: Annotated[str, Field(max_length=40)] | None = None
    to: Annotated[int, Field(ge=0, le=255)] | None = None


class VersionBody(FileBody):
    """A structure with moves."""

    moves: Annotated[list[MoveBody], Field(max_length=200, default_factory=list)]


class ComparisonBody(Model):
    """Two versions of a structure."""

    before: VersionBody
    after: VersionBody


class RiskBody(FileBody):
    """Assumptions, and the structure that stands on them."""

    structure: _File | None = None


class ExportBody(VersionBody):
    """A structure and who stands behind its names in a community."""

    stream: Annotated[str, Field(min_length=1, max_length=32)]
    accounts: Annotated[dict[str, str], Field(max_length=500, default_factory=dict)]
    first_period: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")] | None = None


class FigureAnswer(Model):
    """A figure and where it comes from."""

    label: str
    value: str
    unit: str
    source: str
    note: str


class SectionAnswer(Model):
    """Figures that belong together."""

    title: str
    figures: list[FigureAnswer]
    flags: list[str]


class ReportAnswer(Model):
    """A report."""

    title: str
    sections: list[SectionAnswer]


class FindingAnswer(Model):
    """Something refused or doubtful."""

    verdict: str = Field(examples=["refused", "flag"])
    clause: str
    words: str = Field(description="field, value, rule and remedy in one line")
    field: str
    value: str
    rule: str
    remedy: str


class Knob(Model):
    """A value that can be moved."""

    key: str
    label: str
    value: str


class Payee(Model):
    """What a payee gets, minor units by period."""

    name: str
    amounts: list[str]


class Tranche(Model):
    """What a tranche gets, minor units by period, and how much of what is due that is."""

    code: str
    rank: str
    amounts: list[str]
    coverage_bp: list[int | None] = Field(description="paid over due; null where nothing is due")


class Holder(Model):
    """What a holder gets, minor units by period."""

    tranche: str
    name: str
    amounts: list[str]
    total: str


class Played(Model):
    """What a structure pays."""

    title: str
    currency: str
    decimals: int
    periods: int
    knobs: list[Knob]
    steps: list[str]
    findings: list[FindingAnswer]
    receipts: list[str]
    payees: list[Payee]
    tranches: list[Tranche]
    holders: list[Holder]
    arrears: list[str]


class Difference(Model):
    """What somebody gets before and after, minor units over all periods."""

    who: str
    before: str
    after: str
    change: str
    first_period: int | None


class Comparison(Model):
    """Two versions, and how they differ."""

    before: Played
    after: Played
    payouts: list[Difference]
    flags_gone: list[str]
    flags_new: list[str]


class Exported(Model):
    """Tables of a community file."""

    toml: str
