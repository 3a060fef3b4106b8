"""What callers may ask, checked strictly before anything is looked up."""

from __future__ import annotations

import re
from datetime import date, datetime, time, tzinfo
from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from usufruct.api.events.facts import KINDS
from usufruct.errors import InputError
from usufruct.wallets import wallet_bytes

__all__ = [
    "AsOf",
    "BatchQuery",
    "DisputeQuery",
    "DistributionPayoutQuery",
    "DistributionQuery",
    "HolderQuery",
    "HoldingQuery",
    "OfferingQuery",
    "PageQuery",
    "PayoutQuery",
    "PositionQuery",
    "ProofQuery",
    "RecordQuery",
    "SeriesQuery",
    "SettlementQuery",
    "StatementQuery",
    "SubscriptionQuery",
    "VerdictQuery",
    "digits",
    "moment_of",
    "wallet_bytes",
]

MAX_LIMIT: Final = 200
_WAY: Final = "with a minus the greatest first"
_FIRST_DAY: Final = date(1970, 1, 2)
"""The first that begins after the chain's clock did, in every time zone; what is before is no moment of a chain."""
_FIRST_SECOND: Final = 86_400
_DIGITS: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_MOMENT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def digits(value: object) -> object:
    """Refuses numbers that are not plain ASCII digits, such as 1.0, +1 or 1_000."""
    if isinstance(value, str) and not _DIGITS.fullmatch(value):
        raise ValueError("a whole number in plain digits")
    return value


Whole = Annotated[int, Field(ge=0), BeforeValidator(digits)]
Number = Annotated[int, Field(ge=1, le=0xFFFFFFFF), BeforeValidator(digits)]
Limit = Annotated[
    int,
    Field(ge=1, le=MAX_LIMIT, description="objects in the answer"),
    BeforeValidator(digits),
]
SeriesName = Annotated[
    Annotated[str, Field(max_length=64)] | None,
    Field(description="id, symbol, code or address of a series", examples=["ser_lvpps"]),
]
StreamName = Annotated[
    Annotated[str, Field(max_length=40)] | None,
    Field(description="id, number or code of a stream", examples=["VPP"]),
]


class AsOf(BaseModel):
    """As known at an earlier time."""

    model_config = ConfigDict(extra="forbid")

    as_of_block: Annotated[Whole | None, Field(description="at the end of this block")] = None
    as_of_date: Annotated[
        str | None,
        Field(
            max_length=40,
            description="at this RFC 3339 time, or at the end of this day in the project's time zone",
            examples=["2026-10-31"],
        ),
    ] = None


class PageQuery(AsOf):
    """Which part of a list, now or earlier."""

    limit: Limit = 50
    starting_after: Annotated[
        str | None,
        Field(
            max_length=128,
            pattern=r"^[!-~]*$",
            description="`next` of the page before, with the same sort and filters; the list goes on after it",
        ),
    ] = None


class StreamPage(PageQuery):
    """A list that can be narrowed to a stream."""

    stream: StreamName = None
    period: Annotated[Number | None, Field(description="number of a period")] = None


class PayoutQuery(StreamPage):
    """Payouts of a wallet."""

    series: SeriesName = None
    status: Annotated[Literal["accrued", "paid"] | None, Field(description="only these")] = None
    sort: Annotated[
        Literal["time", "-time", "amount", "-amount", "units", "-units", "period", "-period"]
        | None,
        Field(description=f"`-time` without it; {_WAY}"),
    ] = None


class DistributionPayoutQuery(PageQuery):
    """Payouts of a distribution."""

    status: Annotated[Literal["accrued", "paid"] | None, Field(description="only these")] = None
    sort: Annotated[
        Literal["amount", "-amount", "units", "-units"] | None,
        Field(description=f"in the order of the holders' first appearance without it; {_WAY}"),
    ] = None


class SeriesQuery(PageQuery):
    """Series."""

    stream: StreamName = None
    status: Annotated[
        Literal["open", "sealed", "closed"] | None,
        Field(description="only these: units may still be issued, all are, or all is over"),
    ] = None
    sort: Annotated[
        Literal["created", "-created", "rank", "-rank", "first", "-first", "last", "-last"] | None,
        Field(description=f"`created` without it; first and last are the term's periods; {_WAY}"),
    ] = None


class HolderQuery(PageQuery):
    """Holders of a series, now or earlier."""

    sort: Annotated[
        Literal["units", "-units", "paid", "-paid"] | None,
        Field(description=f"in the order of their first appearance without it; {_WAY}"),
    ] = None


class HoldingQuery(PageQuery):
    """Holdings of a wallet, now or earlier."""

    series: SeriesName = None
    stream: StreamName = None
    sort: Annotated[
        Literal["units", "-units", "paid", "-paid"] | None,
        Field(description=f"in the order of the series' creation without it; {_WAY}"),
    ] = None


class PositionQuery(PageQuery):
    """Positions, now or earlier."""

    sort: Annotated[
        Literal["units", "-units", "paid", "-paid"] | None,
        Field(description=f"in the list's own order without it; {_WAY}"),
    ] = None


class RecordQuery(PageQuery):
    """Record dates of a series."""

    period: Annotated[Number | None, Field(description="number of a period")] = None
    sort: Annotated[
        Literal["period", "-period", "record_date", "-record_date"] | None,
        Field(description=f"`-period` without it; {_WAY}"),
    ] = None


class DistributionQuery(StreamPage):
    """Distributions."""

    series: SeriesName = None
    sort: Annotated[
        Literal["time", "-time", "amount", "-amount", "period", "-period"] | None,
        Field(description=f"`-time` without it; {_WAY}"),
    ] = None


class SettlementQuery(StreamPage):
    """Settlements."""

    status: Annotated[
        Literal["full", "short"] | None,
        Field(description="only those that receipts covered, or those that they fell short of"),
    ] = None
    sort: Annotated[
        Literal[
            "time", "-time", "period", "-period", "receipts", "-receipts", "shortfall", "-shortfall"
        ]
        | None,
        Field(description=f"`-time` without it; {_WAY}"),
    ] = None


class StatementQuery(StreamPage):
    """Statements."""

    status: Annotated[
        Literal["attested", "final", "disputed", "voided", "settled"] | None,
        Field(description="only these; `final` is attested with the challenge window over"),
    ] = None
    sort: Annotated[
        Literal["time", "-time", "period", "-period", "distributable", "-distributable"] | None,
        Field(
            description=f"`-time` without it: when the period was first attested; {_WAY}. Amounts change with"
            " versions: pages by them are whole with an `as_of_block`"
        ),
    ] = None


class DisputeQuery(StreamPage):
    """Disputes of statements."""

    status: Annotated[
        Literal["open", "dismissed", "lapsed", "upheld"] | None,
        Field(description="only these; lapsed: nobody answered in time, and the statement stands"),
    ] = None
    sort: Annotated[Literal["time", "-time", "period", "-period"], Field(description=_WAY)] = (
        "-time"
    )


class OfferingQuery(PageQuery):
    """Offerings."""

    series: SeriesName = None
    status: Annotated[
        Literal["upcoming", "open", "failed", "delivering", "complete"] | None,
        Field(description="only these"),
    ] = None
    sort: Annotated[
        Literal[
            "opened",
            "-opened",
            "opens",
            "-opens",
            "closes",
            "-closes",
            "price",
            "-price",
            "subscribed",
            "-subscribed",
        ]
        | None,
        Field(description=f"`-opened` without it; {_WAY}"),
    ] = None


class SubscriptionQuery(PageQuery):
    """Subscriptions."""

    status: Annotated[
        Literal["subscribed", "withdrawn", "delivered", "refunded", "lapsed"] | None,
        Field(description="only these"),
    ] = None
    sort: Annotated[
        Literal["time", "-time", "units", "-units"] | None,
        Field(description=f"`time` without it: when the wallet first subscribed; {_WAY}"),
    ] = None


class BatchQuery(PageQuery):
    """Batches."""

    stream: StreamName = None
    status: Annotated[
        Literal["checked", "missing"] | None,
        Field(description="only those whose evidence is here, or is not yet"),
    ] = None
    sort: Annotated[
        Literal["time", "-time", "seq", "-seq", "from", "-from", "count", "-count"] | None,
        Field(description=f"`-time` without it; {_WAY}"),
    ] = None


class VerdictQuery(AsOf):
    """Reports on rejected readings, as they are or were."""

    limit: Limit = 50
    starting_after: Annotated[
        str | None, Field(max_length=300, description="`next` of the page before")
    ] = None
    stream: StreamName = None
    period: Annotated[Number | None, Field(description="number of a period")] = None


class ProofQuery(AsOf):
    """How much a proof holds, and when all of it was known."""

    readings: Annotated[
        Literal["sample", "day", "all"],
        Field(description="three readings with paths, all of one day, or all of the period"),
    ] = "sample"


class LogQuery(BaseModel):
    """Numbered entries."""

    model_config = ConfigDict(extra="forbid")

    limit: Limit = 50
    starting_after: Annotated[
        str | None,
        Field(pattern=r"^[0-9]{1,18}$", description="`next` of the page before"),
    ] = None


class EventQuery(LogQuery):
    """Events."""

    type: Annotated[
        Annotated[str, Field(max_length=32)] | None,
        Field(description=f"only these: {', '.join(KINDS)}"),
    ] = None


class DisclosureQuery(AsOf):
    """Documents, as attached now or earlier."""

    stream: StreamName = None
    series: SeriesName = None
    period: Annotated[Number | None, Field(description="number of a period")] = None
    kind: Annotated[
        Literal["other", "terms", "assumptions", "filing", "report", "audit", "opinion", "manifest"]
        | None,
        Field(description="only documents of this kind"),
    ] = None


class NoQuery(BaseModel):
    """A resource without parameters."""

    model_config = ConfigDict(extra="forbid")


Nothing = Annotated[NoQuery, Query()]


def moment_of(text: str, zone: tzinfo) -> tuple[int, int]:
    """First and last unix second that an RFC 3339 date or time stands for; a date is a day in `zone`.

    Raises InputError for anything else.
    """
    try:
        # A plus sign that was not escaped reaches us as a space.
        exact = re.sub(r" (?=\d{2}:\d{2}$)", "+", text, flags=re.ASCII).upper()
        if _MOMENT.fullmatch(exact):
            second = int(datetime.fromisoformat(exact.replace(" ", "T")).timestamp())
            if second >= _FIRST_SECOND:
                return second, second
            raise _no_moment(text)
        day = (
            date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
        )
    except (ValueError, OverflowError):
        day = None
    if day is None or day < _FIRST_DAY:
        raise _no_moment(text)
    first = int(datetime.combine(day, time.min, zone).timestamp())
    last = int(datetime.combine(day, time(23, 59, 59), zone).timestamp())
    return first, last


def _no_moment(text: str) -> InputError:
    return InputError(
        "this is neither a date nor a time",
        field="as_of_date",
        value=text,
        rule="an RFC 3339 date, or a time with its offset, not before 1970-01-02",
        remedy="write it like 2026-10-31 or 2026-10-31T12:00:00Z",
    )
