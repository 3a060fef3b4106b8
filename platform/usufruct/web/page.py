"""Makes pages: templates, language, security headers, and errors as pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from usufruct.api.moment import Moment, service_of
from usufruct.api.problems import Problem
from usufruct.api.render import rfc3339
from usufruct.contracts import ContractError
from usufruct.errors import ChainError, EvidenceError, InputError, UsufructError
from usufruct.web.language import language_of, remember
from usufruct.web.messages import LANGUAGES, NAMES
from usufruct.web.words import Words

__all__ = ["PageRoute", "error_page", "page"]

_FOLDER: Final = Path(__file__).parent / "templates"


def page(request: Request, moment: Moment, template: str, **values: Any) -> HTMLResponse:
    """A page as of the moment's block."""
    stamp = {"block": moment.block, "time": rfc3339(moment.time)}
    return _html(request, template, as_of=stamp, **values)


def error_page(request: Request, status: HTTPStatus, **values: object) -> HTMLResponse:
    """A page that says what is wrong and what to do; `values` are detail, field, value, rule and remedy."""
    told = dict.fromkeys(("detail", "field", "value", "rule", "remedy"), None) | values
    return _html(request, "error.html", status, as_of=None, told=told)


class PageRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors turned into pages."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except Problem as problem:
                told = {"detail": str(problem), **problem.members}
                answer = error_page(request, problem.status, **told)
                answer.headers.update(problem.headers or {})
                return answer
            except RequestValidationError as error:
                first = error.errors()[0]
                told = {"field": str(first["loc"][-1]), "rule": str(first["msg"])}
                return error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, **told)
            except (UsufructError, ContractError) as error:
                return _told(request, error)

        return handler


def _told(request: Request, error: UsufructError | ContractError) -> HTMLResponse:
    if isinstance(error, ContractError):
        return error_page(request, HTTPStatus.CONFLICT, detail=error.NAME)
    told = {name: getattr(error, name) for name in ("field", "value", "rule", "remedy")}
    return error_page(request, _status_of(error), detail=error.message, **told)


def _status_of(error: UsufructError) -> HTTPStatus:
    match error:
        case InputError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case EvidenceError():
            return HTTPStatus.CONFLICT
        case ChainError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _html(
    request: Request, template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any
) -> HTMLResponse:
    service = service_of(request)
    labels = service.render.labels
    words = Words(language_of(request), labels.timezone)
    text = (
        _environment()
        .get_template(template)
        .render(
            w=words,
            t=words.t,
            project=labels.project,
            languages=_links(request, words.language),
            here=request.url.path,
            status=int(status),
            **values,
        )
    )
    response = HTMLResponse(text, int(status), headers=_headers(service.reader_rpc))
    remember(request, response)
    return response


def _links(request: Request, language: str) -> list[dict[str, Any]]:
    """The same page in each language, on this site: the path and the parameters, never another host."""
    given = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return [
        {
            "code": code,
            "name": name,
            "here": code == language,
            "query": "?" + urlencode([*given, ("lang", code)]),
        }
        for code, name in zip(LANGUAGES, NAMES, strict=True)
    ]


@cache
def _headers(reader_rpc: str | None) -> dict[str, str]:
    """Nothing from elsewhere, nothing inline, nobody's frame; the reader's node is the one exception."""
    asked = "'self'"
    if reader_rpc is not None:
        parts = urlsplit(reader_rpc)
        asked += f" {parts.scheme}://{parts.netloc}"
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": asked,
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{key} {value}" for key, value in policy.items()),
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cache-control": "private, no-cache",
        "vary": "Accept-Language, Cookie",
    }
