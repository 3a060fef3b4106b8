"""Which language a reader wants: the address, then the cookie, then what the browser asks for."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from usufruct.web.messages import LANGUAGES, MESSAGES

__all__ = ["COOKIE", "language_of", "remember", "translate"]

COOKIE: Final = "usufruct_lang"
_YEAR: Final = 365 * 86_400
_MOST_HEADER: Final = 256


def language_of(request: Request) -> str:
    """The language of an answer; English where nothing else is asked for."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in LANGUAGES:
            return asked
    return _accepted(request.headers.get("accept-language", "")[:_MOST_HEADER])


def remember(request: Request, response: Response) -> None:
    """Keeps a language that the address names for the pages that follow."""
    asked = request.query_params.get("lang")
    if asked in LANGUAGES:
        response.set_cookie(COOKIE, asked, max_age=_YEAR, httponly=True, samesite="lax")


def translate(language: str, key: str, **values: object) -> str:
    """A text of the catalogue with its values; a KeyError for one that is not there."""
    return MESSAGES[key][language].format(**values)


def _accepted(header: str) -> str:
    """The first of our languages in the browser's order of preference."""
    ranked = []
    for place, part in enumerate(header.split(",")):
        tag, _, quality = part.strip().partition(";q=")
        rank = quality if quality[:1] in ("0", "1") else "1"
        ranked.append((-_thousandths(rank), place, tag.lower().partition("-")[0]))
    return next((tag for rank, _, tag in sorted(ranked) if rank and tag in LANGUAGES), LANGUAGES[0])


def _thousandths(quality: str) -> int:
    whole, _, part = quality.partition(".")
    text = whole[:1] + part[:3].ljust(3, "0")
    return int(text) if text.isascii() and text.isdigit() else 0
