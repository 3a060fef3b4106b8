"""What an auditor asks a period: which one, and which reading or price to think another of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from usufruct.errors import InputError

__all__ = ["ReplayQuestion"]


class ReplayQuestion(BaseModel):
    """A replay; empty fields where nothing was asked."""

    model_config = ConfigDict(extra="ignore")

    what: Annotated[str, Field(max_length=60)] = ""
    reading: Annotated[str, Field(max_length=120)] = ""
    price: Annotated[str, Field(max_length=120)] = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.what

    @property
    def stream(self) -> str:
        """The stream of `what`, which is STREAM/PERIOD."""
        return self._parts()[0]

    @property
    def period(self) -> str:
        """The period's number of `what`."""
        return self._parts()[1]

    @property
    def readings(self) -> list[str]:
        """Readings that are to be others, METER/SEQ=VALUE."""
        return [self.reading.strip()] if self.reading.strip() else []

    @property
    def prices(self) -> list[str]:
        """Prices that are to be others, ROW=PRICE."""
        return [self.price.strip()] if self.price.strip() else []

    def _parts(self) -> tuple[str, str]:
        stream, _, period = self.what.strip().rpartition("/")
        if stream and period.isascii() and period.isdigit() and len(period) <= len("4294967295"):
            return stream, period
        raise InputError(
            "this names no statement",
            field="what",
            value=self.what,
            rule="a stream and the number of a period, like VPP/1",
            remedy="choose one of the list",
        )
