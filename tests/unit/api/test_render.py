"""Labels, moments and pages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from tests.unit.api.conftest import COMMUNITY

from usufruct.api.documents import refusal
from usufruct.api.labels import Labels
from usufruct.api.moment import _matches, page
from usufruct.api.render import Renderer, rfc3339
from usufruct.config import load_community
from usufruct.money import Currency


def test_labels_come_from_the_community_file() -> None:
    labels = Labels.of(load_community(COMMUNITY), {"VPP-SR": "0x" + "Ab" * 20})
    assert labels.project == "Linden Court"
    assert labels.timezone == ZoneInfo("Asia/Shanghai")
    assert labels.period(5) == "2027-01"
    assert labels.series == {"0x" + "ab" * 20: "VPP-SR"}
    assert labels.step(1, 3, 7) == "senior coupon"
    assert labels.step(1, 3, 6) is None
    assert labels.step(9, 0, 1) is None


def test_without_a_file_there_are_no_labels() -> None:
    labels = Labels()
    assert (labels.period(1), labels.step(1, 0, 1)) == (None, None)


@pytest.mark.parametrize(
    ("minor", "text"), [(0, "0.00 X"), (-5, "-0.05 X"), (2**64 - 1, "184467440737095516.15 X")]
)
def test_money_is_exact_in_both_forms(minor: int, text: str) -> None:
    money = Renderer(Currency("X", 2), Labels()).money(minor)
    assert (money["amount"], money["formatted"]) == (str(minor), text)


def test_times_are_in_utc() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00Z"


def test_pages_tell_whether_more_follows() -> None:
    rows = [{"id": str(n)} for n in range(3)]
    assert page(rows, 3) == {"object": "list", "data": rows, "has_more": False, "next": None}
    assert page(rows, 2) == {"object": "list", "data": rows[:2], "has_more": True, "next": "1"}
    assert page([], 2)["data"] == []


@pytest.mark.parametrize(
    ("header", "same"),
    [
        (None, False),
        ("", False),
        ('W/"a"', True),
        ('"x", W/"a"', True),
        ("*", True),
        ('W/"b"', False),
    ],
)
def test_etags_are_compared_in_lists(header: str | None, same: bool) -> None:
    assert _matches(header, 'W/"a"') is same


def test_every_refusal_has_words() -> None:
    assert refusal(4)["reason"] == "recipient-frozen"
    assert all(refusal(number)["detail"] for number in range(1, 16))
