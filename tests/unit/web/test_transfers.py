"""What a transfer agent is told of a transfer that somebody thinks of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from usufruct.api.render import Json
from usufruct.api.service import Service
from usufruct.api.turns import Turns
from usufruct.contracts import series_extension as se
from usufruct.web.transfers import Question, ask

ONE, TWO = ("0x" + each * 20 for each in ("11", "22"))


def asked(reason: se.Refusal, until: int, limit: int, actual: int) -> Json:
    """The answer where the chain answers so."""
    result = se.ExplainTransferResult(reason, until, bytes(32), limit, actual)
    chain = SimpleNamespace(call=lambda *_: result)
    service: Any = SimpleNamespace(chain=chain, questions=Turns(1, 0))

    async def main() -> Json | None:
        question = Question(sender=ONE, recipient=TWO, units="1")
        return await ask(cast("Service", service), "0x" + "33" * 20, question)

    return cast("Json", anyio.run(main))


def test_a_refusal_that_lifts_tells_a_date_and_no_seconds() -> None:
    found = asked(se.Refusal.SERIES_LOCKED, 1_851_350_400, 1_851_350_400, 1_791_046_824)
    assert found["until"] == "2028-08-31T16:00:00Z"
    assert (found["limit"], found["actual"]) == (None, None)


@pytest.mark.parametrize(("limit", "shown"), [(7, "7"), (0, None)])
def test_a_refusal_by_numbers_tells_them(limit: int, shown: str | None) -> None:
    found = asked(se.Refusal.SERIES_LOCKED, 0, limit, 9)
    assert (found["until"], found["limit"], found["actual"]) == (None, shown, "9")
