"""What may be written in the files of the finance engine: one type for each kind of value."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from usufruct.config.values import refused
from usufruct.errors import InputError
from usufruct.finance.numbers import parse_number, parse_rate

__all__ = ["Amount", "Rate", "Table", "Text", "Years"]

_MOST_TEXT = 400
_MOST_YEARS = 200


class Table(BaseModel):
    """A table of a file: no unknown keys, nothing converted silently."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


def _by(parse: Callable[[object], Decimal]) -> BeforeValidator:
    def run(value: object) -> Decimal:
        try:
            return parse(value)
        except InputError as error:
            raise refused(error.rule or error.message, error.remedy or "correct it") from None

    return BeforeValidator(run)


Amount = Annotated[Decimal, _by(parse_number)]
"""Money or another amount: `"25亿"`, `"1234.5"`, `1000`."""
Rate = Annotated[Decimal, _by(parse_rate)]
"""A rate or share: `"5%"` or `"0.05"`."""
Text = Annotated[str, Field(min_length=1, max_length=_MOST_TEXT)]
"""A short text."""
Years = Annotated[int, Field(ge=1, le=_MOST_YEARS)]
"""A number of years."""
