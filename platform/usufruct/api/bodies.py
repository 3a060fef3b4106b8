"""Bodies of requests: strict JSON of a known shape, bounded in size and depth, whatever is sent."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from fastapi import Request

from usufruct.api.problems import Problem
from usufruct.errors import InputError

__all__ = ["Body", "decoded", "described", "json_body", "received"]

T = TypeVar("T")


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all bodies: unknown members are refused."""


async def received(request: Request) -> None:
    """Waits for the body, as a dependency ahead of all that holds something for a request.

    Else whoever sends a body drop by drop would keep a moment of the ledger open for as long.
    """
    await request.body()


async def json_body(request: Request, shape: type[T]) -> T:
    """The body of a request as `shape`. Raises Problem for another media type, InputError for another form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "The body must be JSON.",
            field="content-type",
            value=kind[:96],
            rule="application/json",
            remedy="send the header Content-Type: application/json",
        )
    return decoded(await request.body(), shape)


def decoded(raw: bytes, shape: type[T]) -> T:
    """JSON as `shape`; InputError for anything else."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        rule, _, place = text.partition(" - at ")
        raise InputError(
            "the body does not have the form it must have",
            field=place.strip("`$.") or "body",
            rule=rule[:1].lower() + rule[1:],
            remedy="/openapi.json describes it",
        ) from None


def described(shape: type[Body], example: dict[str, Any]) -> dict[str, Any]:
    """The part of an OpenAPI operation that describes a body."""
    document = msgspec.json.schema(shape, ref_template="#/components/schemas/{name}")
    inner = document.get("$defs", {}).get(shape.__name__, document)
    content = {"schema": inner, "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
