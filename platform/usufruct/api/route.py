"""Routes that answer a plain request without FastAPI's general way of finding out what was asked.

FastAPI works the kinds of all parameters out anew for each request: a third of what a page of payouts costs. A
`LedgerRoute` does it once for an endpoint of the ordinary shape, one of a path, a model of the query, a moment and
what the gate says. Whatever is not plainly right it hands to FastAPI, so that there is one way to be told what is
wrong, and one description of it all.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeGuard, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi.params import Depends, Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from usufruct.api.moment import AnyMoment, moment_of

__all__ = ["LedgerRoute"]

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_Asked = Callable[[Request], Awaitable[object]]
(_MOMENT,) = (each.dependency for each in get_args(AnyMoment) if isinstance(each, Depends))


class LedgerRoute(APIRoute):
    """Answers plain requests by the endpoint's `_Plan`, if it has one, and all others as FastAPI does."""

    def get_route_handler(self) -> _Handler:
        """What makes an answer of a request."""
        usual = super().get_route_handler()
        plan = _plan(self.endpoint, [each.dependency for each in self.dependencies])
        if plan is None:
            return usual

        async def handler(request: Request) -> Response:
            given = plan.given(request)
            if given is None:
                return await usual(request)
            for rule in plan.rules:
                await rule(request)
            for name, ask in plan.asked.items():
                given[name] = await ask(request)
            if plan.moment is None:
                return await plan.endpoint(**given)
            async with moment_of(request) as moment:
                given[plan.moment] = moment
                return await plan.endpoint(**given)

        return handler


@dataclass(slots=True)
class _Plan:
    """What an endpoint takes, by the names of its parameters.

    Attributes:
        endpoint: Makes the answer.
        rules: Let a request in, or raise.
        path: What checks a part of the path.
        query: The model of the query, by its parameter's name; at most one.
        asked: What is found out of the request.
        request: The parameter that is the request itself.
        moment: The parameter that is the moment.
    """

    endpoint: Callable[..., Coroutine[Any, Any, Response]]
    rules: Sequence[_Asked]
    path: dict[str, TypeAdapter[Any]] = field(default_factory=dict)
    query: dict[str, type[BaseModel]] = field(default_factory=dict)
    asked: dict[str, _Asked] = field(default_factory=dict)
    request: str | None = None
    moment: str | None = None

    def given(self, request: Request) -> dict[str, Any] | None:
        """The parameters that a request gives, all but the asked and the moment; None unless all is plainly right."""
        found: dict[str, Any] = {}
        named = request.query_params.multi_items()
        query = dict(named)
        if len(query) < len(named):
            return None
        try:
            for name, kind in self.path.items():
                found[name] = kind.validate_python(request.path_params[name])
            for name, model in self.query.items():
                found[name] = model.model_validate(query)
        except ValidationError:
            return None
        if self.request is not None:
            found[self.request] = request
        return found


def _plan(endpoint: Callable[..., Any], rules: Sequence[Any]) -> _Plan | None:
    """The plan of an endpoint, or None if it, or a rule, is not of the ordinary shape."""
    hints = get_type_hints(endpoint, include_extras=True)
    answer = hints.pop("return", None)
    if answer is not Response or not inspect.iscoroutinefunction(endpoint):
        return None
    if not all(_asks_of_request(each) for each in rules):
        return None
    plan = _Plan(endpoint, list(rules))
    return plan if all(_planned(plan, name, hint) for name, hint in hints.items()) else None


def _planned(plan: _Plan, name: str, hint: Any) -> bool:
    """Notes a parameter in the plan; false if it is of another kind."""
    if hint is Request:
        plan.request = name
        return True
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return any(_noted(plan, name, hint, note) for note in notes)


def _noted(plan: _Plan, name: str, hint: Any, note: object) -> bool:
    bare = get_args(hint)[0]
    match note:
        case Path():
            plan.path[name] = TypeAdapter(hint)
        case Query() if not plan.query and inspect.isclass(bare) and issubclass(bare, BaseModel):
            plan.query[name] = bare
        case Depends() if note.dependency is _MOMENT:
            plan.moment = name
        case Depends(dependency=rule) if _asks_of_request(rule):
            plan.asked[name] = rule
        case _:
            return False
    return True


def _asks_of_request(dependency: Any) -> TypeGuard[_Asked]:
    """Whether it finds something out of the request alone."""
    if not inspect.iscoroutinefunction(dependency):
        return False
    hints = get_type_hints(dependency)
    return [hint for name, hint in hints.items() if name != "return"] == [Request]
