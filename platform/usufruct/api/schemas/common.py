"""Parts that many answers share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Responses = dict[int | str, dict[str, Any]]

UNITS: Final = "whole number as text"


KNOWN_AT: Final = Field(
    description="when this service came to know the last of the evidence, by the chain's time: from then on an answer"
    " as of a moment holds it; null while it is missing, and where it came before that was noted"
)


class Model(BaseModel):
    """Base of all shapes: nothing is left out of the description."""

    model_config = ConfigDict(extra="forbid")


class Stamped(Model):
    """An answer and the block it is as of."""

    as_of_block: int = Field(description="last block in the ledger", examples=[1234])
    as_of_time: str = Field(description="its time", examples=["2026-11-03T00:00:00Z"])


class Money(Model):
    """An amount of money: exact, and in a form for people."""

    amount: str = Field(description="minor units", pattern=r"^-?\d+$", examples=["540000000"])
    currency: str = Field(examples=["USDX"])
    decimals: int = Field(description="decimal places of the minor unit", examples=[6])
    formatted: str = Field(examples=["540.000000 USDX"])


class Place(Model):
    """Where on the chain something happened."""

    block: int = Field(examples=[1200])
    time: str = Field(description="RFC 3339", examples=["2026-11-02T08:00:00Z"])
    transaction: str = Field(pattern=r"^0x[0-9a-f]{64}$", examples=["0x" + "5e" * 32])
    log_index: int = Field(examples=[7])


class Period(Model):
    """A period of a stream."""

    number: int = Field(examples=[1])
    month: str | None = Field(
        description="by the project file of now, where it is known", examples=["2026-09"]
    )


class SeriesRef(Model):
    """A series that something belongs to."""

    id: str = Field(examples=["ser_lvpps"])
    symbol: str = Field(examples=["LVPPS"])
    code: str | None = Field(description="in the project file of now", examples=["VPP-SR"])
    address: str = Field(examples=["0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"])
    stream: str | None = Field(description="null for units of a fund", examples=["str_1"])


class Page(Stamped):
    """Part of a list."""

    object: Literal["list"]
    has_more: bool
    next: str | None = Field(description="pass it as starting_after for what follows")


class Violation(Model):
    """One thing wrong with a request."""

    field: str
    value: str
    rule: str
    remedy: str


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "https://usufruct.invalid/problems/invalid-parameter",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "The checksum of this address is wrong.",
                "instance": "/v1/wallets/0x70997970c51812dc3A010C7d01b50e0d17dc79C8/payouts",
                "field": "address",
                "value": "0x70997970c51812dc3A010C7d01b50e0d17dc79C8",
                "rule": "mixed case is a checksum (EIP-55), and this one does not fit the digits",
                "remedy": "copy the address again, or write it all in lower case",
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    field: str | None = None
    value: str | None = None
    rule: str | None = None
    remedy: str | None = None
    errors: list[Violation] | None = None


def ok(model: type[BaseModel]) -> Responses:
    """The answers of a resource: `model`, unchanged, or a problem."""
    etag = {"ETag": {"description": "changes with the indexed block", "schema": {"type": "string"}}}
    return {
        200: {"model": model, "headers": etag},
        304: {"description": "Unchanged since the ETag in If-None-Match"},
        **problems(*_PROBLEMS),
    }


def problems(*codes: int) -> Responses:
    """The problems of a resource by their status, with those that any resource may have."""
    return {code: _problem(_PROBLEMS[code]) for code in dict.fromkeys((*codes, *_ANYWHERE))}


def done(model: type[BaseModel], status: int = 200) -> Responses:
    """The answers of a resource that is not as of a block: `model` or a problem."""
    return {
        status: {"model": model},
        **{code: _problem(text) for code, text in (_PROBLEMS | _OF_ACTIONS).items()},
    }


def document(kinds: Iterable[str]) -> Responses:
    """The answers of a resource that is a file of one of these media types, or a problem."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    problems = _PROBLEMS | {406: "None of the accepted media types"}
    return {
        200: {"description": "The document", "content": content},
        **{code: _problem(text) for code, text in problems.items()},
    }


_OF_ACTIONS: Final = {
    400: "The body cannot be read",
    403: "A role or the CSRF token is missing",
    412: "A write has no conditions",
    409: "It contradicts what is there, or the chain refuses it",
    415: "The body is not JSON",
}
_ANYWHERE: Final = (400, 401, 403, 413, 429)
_PROBLEMS: Final = {
    400: "The body cannot be read",
    401: "Somebody must be signed in, or the credentials do not count",
    403: "A role is missing",
    404: "There is no such thing",
    409: "The evidence for it is not there yet, or does not hold",
    413: "The body is too large",
    422: "A parameter or the body breaks a rule",
    429: "Too many requests",
    500: "A defect",
    503: "The index or the chain is not available",
}


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}
