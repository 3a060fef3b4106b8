"""May X send n units to Y? Asked of the series itself, which names the rule and the date on which it lifts."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from usufruct.api.node import asked
from usufruct.api.params import wallet_bytes
from usufruct.api.render import Json, rfc3339
from usufruct.api.service import Service
from usufruct.contracts import Address, address
from usufruct.contracts import series_extension as se
from usufruct.errors import InputError

__all__ = ["Question", "ask"]

_LAST_TIME: Final = 2**40 - 1
_MOST_UNITS: Final = 2**64 - 1


class Question(BaseModel):
    """A transfer that somebody thinks of; empty fields where nothing was asked."""

    model_config = ConfigDict(extra="ignore")

    sender: Annotated[str, Field(max_length=64)] = ""
    recipient: Annotated[str, Field(max_length=64)] = ""
    units: Annotated[str, Field(max_length=24)] = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was asked."""
        return not (self.sender or self.recipient or self.units)


async def ask(service: Service, series: str, question: Question) -> Json | None:
    """The chain's answer: `reason` (a word of the catalogue), `until`, `limit`, `actual`; None if nothing was asked.

    Where the refusal lifts by itself, limit and actual are times, which `until` tells: both are None then.

    Raises:
        InputError: An address or the number of units is none.
        ChainError: The node does not answer.
        Problem: Too many ask it already.
    """
    if question.empty or service.chain is None:
        return None
    sender = _wallet(question.sender, "sender")
    recipient = _wallet(question.recipient, "recipient")
    units = _units(question.units)
    call = se.explain_transfer(sender, recipient, units)
    return _answer(await asked(service, lambda node: node.call(address(series), call)))


def _answer(found: se.ExplainTransferResult) -> Json:
    name = found.reason.name.lower().replace("_", "-")
    dated = 0 < found.until < _LAST_TIME
    return {
        "reason": None if found.reason is se.Refusal.NONE else name,
        "until": rfc3339(found.until) if dated else None,
        "limit": None if dated or not found.limit else str(found.limit),
        "actual": None if dated else str(found.actual),
    }


def _wallet(text: str, field: str) -> Address:
    return address(wallet_bytes(text.strip(), field))


def _units(text: str) -> int:
    plain = text.strip().replace(",", "")
    if not (plain.isascii() and plain.isdigit()) or not 0 < int(plain) <= _MOST_UNITS:
        raise InputError(
            "this is not a number of units",
            field="units",
            value=text,
            rule="a whole number of base units above 0",
            remedy="write digits only",
        )
    return int(plain)
