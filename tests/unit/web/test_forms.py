"""What is wrong with an answer to a form is told at the form, and the rest of the page stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.asking import House, filled, named

HTML = {"accept": "text/html"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The application with a node that nothing is asked of."""
    made = filled(tmp_path, public="all")
    node: Any = object()
    made.app.state.service = replace(made.service, chain=node)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("sender", "units", "rule"),
    [("0x12", "1", "address"), (named(1), "1.5", "a whole number of base units above 0")],
)
def test_a_transfer_that_cannot_be_asked_for_is_told_at_its_form(
    house: House, sender: str, units: str, rule: str
) -> None:
    query = f"sender={sender}&recipient={named(2)}&units={units}"
    answer = house.ask(f"/issuer/series/ser_s1?{query}", headers=HTML)
    assert answer.status_code == 200
    form, alert = answer.text.index("<form"), answer.text.index('role="alert"')
    assert form < alert < answer.text.index('id="register"')
    assert rule in answer.text[alert:]
    assert f'value="{units}"' in answer.text


@pytest.mark.parametrize("field", ["reading", "price"])
def test_what_cannot_be_replayed_is_told_in_words_of_the_page(house: House, field: str) -> None:
    answer = house.ask(f"/audit/replay?what=STREAM1/1&{field}=seven", headers=HTML)
    assert answer.status_code == 200
    alert = answer.text[answer.text.index('role="alert"') :]
    assert f"<code>{field}</code>" in alert
    assert "a price like peak=540000" in alert
    assert "--" not in alert
