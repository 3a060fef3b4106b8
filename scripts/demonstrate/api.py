"""The payout query API as the demo reads it."""

from __future__ import annotations

from typing import Any

import httpx


def answers(url: str) -> bool:
    """True if a GET of the URL gives 200."""
    try:
        return httpx.get(url, timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


class Api:
    """The payout query API of the running server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60)

    def get(self, path: str, **query: object) -> Any:
        """JSON answer of a GET."""
        answer = self._http.get(path, params={k: str(v) for k, v in query.items()})
        answer.raise_for_status()
        return answer.json()

    def content(self, path: str, **query: object) -> bytes:
        """Bytes of a GET."""
        answer = self._http.get(path, params={k: str(v) for k, v in query.items()})
        answer.raise_for_status()
        return answer.content

    def all(self, path: str, **query: object) -> list[Any]:
        """All items of a paginated list."""
        items: list[Any] = []
        after: dict[str, object] = {}
        while True:
            page = self.get(path, **query, **after)
            items += page["data"]
            if not page.get("has_more"):
                return items
            after = {"starting_after": page["next"]}
