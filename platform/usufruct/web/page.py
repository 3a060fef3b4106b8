"""Makes pages: templates, language, security headers, and errors as pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from usufruct.api.auth.gate import found_out
from usufruct.api.auth.principal import Role
from usufruct.api.moment import Moment, NotModified, service_of
from usufruct.api.problems import Problem, problem_of, problem_response
from usufruct.api.render import account, rfc3339
from usufruct.api.service import Service
from usufruct.web.language import language_of, remember
from usufruct.web.messages import LANGUAGES, MESSAGES, NAMES
from usufruct.web.words import Words

__all__ = ["PageRoute", "at_form", "page", "told"]

_FOLDER: Final = Path(__file__).parent / "templates"
_MACHINES: Final = ("/v1/", "/static/")
_OF_PROGRAMS: Final = re.compile(r"/openapi\.json|\b(?:GET|POST) /|starting_after")
_TOLD: Final = ("field", "value", "rule", "remedy")


def page(request: Request, moment: Moment, template: str, **values: Any) -> HTMLResponse:
    """A page as of the moment's block."""
    stamp = {
        "block": moment.block,
        "time": rfc3339(moment.time),
        "behind": _behind(moment.service),
    }
    return _html(request, template, as_of=stamp, **values)


def told(request: Request, problem: Problem) -> Response:
    """What somebody is told instead of what was asked for: a page for people, a problem for programs."""
    for_people = "text/html" in request.headers.get("accept", "")
    if not for_people or request.scope["path"].startswith(_MACHINES):
        return problem_response(request, problem)
    answer = _html(
        request,
        "error.html",
        problem.status,
        as_of=None,
        kind=problem.kind,
        told=at_form(problem),
    )
    answer.headers.update(problem.headers or {})
    answer.headers["cache-control"] = "no-store"
    return answer


def at_form(problem: Problem) -> dict[str, Any]:
    """A problem as `parts.problem` shows it where the question was asked, on the page itself.

    What a program would do about it is of no use to people: such a remedy is left out.
    """
    values = {name: problem.members.get(name) for name in (*_TOLD, "incident")}
    if _OF_PROGRAMS.search(str(values["remedy"])):
        values["remedy"] = None
    return {"detail": problem.detail, **values}


class PageRoute(APIRoute):
    """A route whose errors are told to people as pages, those that nobody thought of too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with errors turned into pages."""
        inner = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await inner(request)
            except (NotModified, HTTPException):
                raise
            except Exception as error:  # noqa: BLE001  # a defect is logged and told with its number
                return told(request, problem_of(request, error))

        return handler


def _behind(service: Service) -> int:
    """Blocks that the index lags, where that is more than is allowed; 0 otherwise."""
    lag = service.progress.head - service.progress.at
    return lag if lag > service.ready_lag else 0


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        auto_reload=False,  # a version that is installed over this one is not its own
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["said"] = MESSAGES.__contains__
    return made


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
            again=_address(request),
            who=found_out(request),
            mine=_mine(request),
            offices=_offices(request),
            status=int(status),
            **values,
        )
    )
    response = HTMLResponse(text, int(status), headers=_headers(service.reader_rpc))
    if found_out(request).known:
        response.headers["cache-control"] = "private, no-store"  # gone with the session
    remember(request, response)
    return response


def _mine(request: Request) -> str | None:
    """The page of the wallet that is signed in."""
    wallet = found_out(request).wallet
    return None if wallet is None else f"/wallets/{account(wallet)}"


def _offices(request: Request) -> set[str]:
    """Which offices' pages the navigation leads to: not those that would refuse who is signed in."""
    who, every = found_out(request), {"operator", "issuer", "audit"}
    if service_of(request).access.public == "all" or not who.known or who.reader(None):
        return every
    return {"operator"} if who.has(Role.OPERATOR) else set()


def _address(request: Request) -> str:
    """Path and parameters of the request, to ask the same again; never another host."""
    query = urlencode(request.query_params.multi_items())
    path = "/" + request.url.path.lstrip("/")
    return f"{path}?{query}" if query else path


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
        "vary": "Accept, Accept-Language, Cookie",
    }
