"""Answers what other workers ask besides proposals: signatures seen here, and records that they lack.

Every question is signed by its caller; only members of the signer table get an answer, and none that is barred.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from usufruct.core.documents import keyed, natural, text, wrong
from usufruct.core.encoding import load_json
from usufruct.errors import InputError
from usufruct_oracles.answers import Reply
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.journal.journal import Journal
from usufruct_oracles.journal.lending import Place, hashes_from, lend
from usufruct_oracles.journal.lending_corrections import Corrected, lend_corrections
from usufruct_oracles.wire import Json
from usufruct_oracles.witness import BARRED, Witness

VERSION: Final = 1
MOST_BYTES: Final = 900_000
"""Bytes of records in one answer, unless the first alone is longer."""
PAGE: Final = 200
"""Signatures in one answer."""
_OK, _MALFORMED, _FORBIDDEN = 200, 400, 403


class Clerk:
    """Answers members of the signer table."""

    def __init__(self, journal: Journal, witness: Witness) -> None:
        self._journal = journal
        self._witness = witness
        self._catalog = catalog_of(journal.community)

    def signatures(self, body: bytes, caller: str) -> Reply:
        """Signatures seen since the asker's last question."""
        return self._answer(caller, self._signatures, body)

    def records(self, body: bytes, caller: str) -> Reply:
        """Records of a day that the asker does not know."""
        return self._answer(caller, self._records, body)

    def corrections(self, body: bytes, caller: str) -> Reply:
        """Corrections of a period's readings that the asker does not know."""
        return self._answer(caller, self._corrections, body)

    def _answer(self, caller: str, make: Callable[[bytes], Json], body: bytes) -> Reply:
        if self._witness.is_barred(caller):
            return Reply(
                _FORBIDDEN, {"error": BARRED, "detail": f"{caller} does not count for now"}
            )
        try:
            return Reply(_OK, make(body))
        except InputError as error:
            return Reply(_MALFORMED, {"error": "malformed", "detail": error.one_line()})

    def _signatures(self, body: bytes) -> Json:
        given = _question(body, {"v", "after"})
        page = self._witness.page(natural(given["after"], "after"), PAGE)
        return {"v": VERSION, "log": page.log, "next": page.next, "signatures": page.entries}

    def _records(self, body: bytes) -> Json:
        given = _question(body, {"v", "stream", "day", "known"})
        stream, day = natural(given["stream"], "stream"), text(given["day"], "day")
        place = Place.of(self._catalog, stream, day)
        known = hashes_from(given["known"])
        found = lend(self._journal.database, place, known, MOST_BYTES)
        return {"v": VERSION, "records": [each.to_json() for each in found]}

    def _corrections(self, body: bytes) -> Json:
        given = _question(body, {"v", "stream", "period", "known"})
        stream, period = natural(given["stream"], "stream"), natural(given["period"], "period")
        wanted = Corrected.of(self._catalog, stream, period)
        known = hashes_from(given["known"])
        found = lend_corrections(self._journal.database, wanted, known, MOST_BYTES)
        return {"v": VERSION, "records": [each.to_json() for each in found]}


def _question(body: bytes, keys: set[str]) -> Json:
    given = keyed(load_json(body), keys, "question")
    if given["v"] != VERSION or isinstance(given["v"], bool):
        raise wrong("v", given["v"], f"the version is {VERSION}")
    return given
