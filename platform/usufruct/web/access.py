"""What an auditor asks of the access log, checked before anything is looked up."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from usufruct.errors import InputError

__all__ = ["LogQuestion", "filters"]

_FIRST: Final = date(1970, 1, 2)
_LAST: Final = date(9998, 12, 31)
"""Days before and after these have no midnights that every zone's calendar reaches."""
_EQUAL: Final = ("actor", "role", "action", "outcome", "resource")


def _plain(value: object) -> object:
    """Text without what forms add around it, and without what no entry has and no database takes."""
    if not isinstance(value, str):
        return value
    return "".join(each for each in value if each.isprintable()).strip()


Short = Annotated[str, BeforeValidator(_plain), Field(max_length=80)]
Day = Annotated[str, BeforeValidator(_plain), Field(max_length=10)]


class LogQuestion(BaseModel):
    """Filters of the access log, empty for any; days are those of the project's time zone."""

    model_config = ConfigDict(extra="ignore")

    actor: Short = ""
    role: Short = ""
    action: Short = ""
    outcome: Short = ""
    resource: Annotated[str, BeforeValidator(_plain), Field(max_length=200)] = ""
    since: Day = ""
    until: Day = ""
    after: Annotated[str, Field(pattern=r"^[0-9]{0,18}$")] = ""
    checked: bool = False


def filters(question: LogQuestion, timezone: tzinfo) -> dict[str, str | int]:
    """What `journal.log_part` is to bind: the days as unix seconds, the last of them whole.

    Raises:
        InputError: A day is none.
    """
    given: dict[str, str | int] = {
        name: value for name in _EQUAL if (value := str(getattr(question, name)))
    }
    if question.since:
        given["since"] = _midnight(_day(question.since, "since"), timezone)
    if question.until:
        given["until"] = _midnight(_day(question.until, "until") + timedelta(days=1), timezone)
    return given


def _day(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not _FIRST <= day <= _LAST:
        raise InputError(
            "this is not a day",
            field=field,
            value=text,
            rule="a day like 2026-10-01",
            remedy="choose it in the calendar, or leave it empty",
        )
    return day


def _midnight(day: date, timezone: tzinfo) -> int:
    return int(datetime.combine(day, time(), timezone).timestamp())
