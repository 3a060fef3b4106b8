"""Signing in and out, and who one is here."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from usufruct.api.auth import store
from usufruct.api.auth.gate import COOKIE
from usufruct.api.moment import AnyMoment
from usufruct.api.problems import Problem
from usufruct.api.render import account
from usufruct.api.service import service_of
from usufruct.web import facts
from usufruct.web.page import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_OWN = ("same-origin", "none")


@router.get("/sign-in")
async def sign_in(request: Request, moment: AnyMoment) -> Response:
    """Who is signed in with which roles; a way in for those who are not."""
    streams = await facts.streams(moment)
    codes = {each["number"]: key for key, each in streams.items()}
    roles = [
        {"role": each.role.value, "streams": [codes.get(n, str(n)) for n in sorted(each.streams)]}
        for each in moment.who.grants
    ]
    wallet = None if moment.who.wallet is None else account(moment.who.wallet)
    return page(request, moment, "sign-in.html", streams=streams, wallet=wallet, roles=roles)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Ends the session of the cookie for good.

    The cookie is SameSite=Strict: of what another site makes a browser send, none has it, and nothing ends.
    """
    if request.headers.get("sec-fetch-site", "none") not in _OWN:
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "other-site",
            "Another site asked for this.",
            remedy="sign out by the button of these pages",
        )
    answer = RedirectResponse("/", HTTPStatus.SEE_OTHER, headers={"cache-control": "no-store"})
    token = request.cookies.get(COOKIE)
    if token is None:
        return answer
    service = service_of(request)

    def write() -> None:
        with service.database.write() as connection:
            store.end_session(connection, store.hashed(token), service.clock.now())

    await run_in_threadpool(write)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer
