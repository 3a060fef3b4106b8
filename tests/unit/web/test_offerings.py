"""The pages of offerings: everything for those who may read it, an investor's own for an investor, as of any day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.support.asking import House, filled, named

from usufruct.api.auth.principal import Role


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Offering 1 of s1 is open, offering 2 of s2 is to be delivered."""
    made = filled(tmp_path)
    yield made
    made.close()


def shown(house: House, path: str, headers: dict[str, str]) -> str:
    answer = house.ask(path, headers=headers | {"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_the_transfer_agent_sees_every_lot_and_an_investor_her_own(house: House) -> None:
    agent = shown(house, "/offerings/off_1", house.key(Role.TRANSFER_AGENT))
    assert "no. 1: 600, gets 461" in agent
    assert "no. 2: 300, gets 231" in agent
    own = house.ask("/offerings/off_1", headers=house.investor(1) | {"accept": "text/html"}).text
    assert "no. 4: 100, gets 77" in own
    assert "no. 2: 300" not in own
    assert named(2)[2:] not in own.lower()
    none = shown(house, "/offerings/off_1", house.investor(3))
    assert "Nobody has subscribed" in none
    assert house.ask("/offerings/off_1").status_code == 401
    operator = house.key(Role.OPERATOR, streams=(2,))
    assert house.ask("/offerings/off_1", headers=operator).status_code == 404


def test_an_offering_is_shown_as_it_stood_and_before_it_was_opened_there_is_none(
    house: House,
) -> None:
    agent = house.key(Role.TRANSFER_AGENT)
    assert "2,600" in shown(house, "/offerings/off_1?as_of_date=", agent)
    assert "2,600" in shown(house, "/offerings/off_1?as_of_block=105", agent)
    before = house.ask("/offerings/off_1?as_of_block=104", headers=agent)
    assert before.status_code == 404
    odd = house.ask("/offerings/off_1?as_of_date=never", headers=agent)
    assert odd.status_code == 422


@pytest.mark.parametrize(
    "moment", ["as_of_block=105", "as_of_date=2026-09-21T18:26:24%2B02:00"], ids=["block", "time"]
)
def test_the_pages_that_follow_are_of_the_same_moment(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    monkeypatch.setattr("usufruct.web.routes.offerings._LISTED", 2)
    agent = house.key(Role.TRANSFER_AGENT) | {"accept": "text/html"}
    asked = f"/offerings/off_1?{moment}"
    first = house.ask(asked, headers=agent)
    assert first.status_code == 200, first.text
    link = re.search(r'href="(\?after=[^"#]*)#subscriptions" rel="next"', first.text)
    assert link is not None
    following = unescape(link[1])
    assert unquote(moment) in unquote(following)
    page = house.ask(f"/offerings/off_1{following}", headers=agent)
    assert page.status_code == 200, page.text
    assert named(5)[-4:] in page.text.lower()
    assert "no. 1: 600" not in page.text


def test_a_wallet_sees_what_it_may_enter_and_what_is_due(house: House) -> None:
    first = shown(house, f"/wallets/{named(1)}", house.investor(1))
    assert "At least 1 more" in first
    assert "Withdraw" in first
    third = shown(house, f"/wallets/{named(3)}", house.investor(3))
    assert "At least 5 more" in third
    assert "Take delivery" in third
    chinese = shown(house, f"/wallets/{named(3)}?lang=zh", house.investor(3))
    assert "领取份额" in chinese


def test_the_issuer_sees_the_offerings_of_all_series(house: House) -> None:
    page = shown(house, "/issuer", house.key(Role.AUDITOR))
    assert "least 10, most 1,000" in page
    assert "delivering" in page
