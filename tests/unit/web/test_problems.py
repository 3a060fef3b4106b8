"""What programs say in English is said in Chinese on pages, with the same values; what is not known stays marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from string import Formatter

import pytest

from usufruct.api.auth.gate import forbidden, sign_in_first
from usufruct.api.problems import Problem, not_found
from usufruct.contracts import EncodeError
from usufruct.errors import UsufructError
from usufruct.ledger import ids
from usufruct.wallets import wallet_bytes
from usufruct.web.access import LogQuestion, filters
from usufruct.web.problems import ALL, translated
from usufruct.web.questions import ReplayQuestion
from usufruct.web.words import Words

ZH = Words("zh", UTC)


def texts_of(error: Exception) -> list[str]:
    """Detail, rule and remedy of an error as a problem tells them."""
    if isinstance(error, Problem):
        told = [error.detail, error.members.get("rule"), error.members.get("remedy")]
    else:
        assert isinstance(error, UsufructError)
        detail = f"{error.message[:1].upper()}{error.message[1:]}."
        told = [detail, error.rule, error.remedy]
    return [str(each) for each in told if each is not None]


def raised(make: Callable[[], object]) -> Exception:
    """What `make` raises."""
    try:
        made = make()
    except (UsufructError, EncodeError) as error:
        return error
    assert isinstance(made, Exception)
    return made


@pytest.mark.parametrize(
    "make",
    [
        lambda: wallet_bytes("0x12"),
        lambda: wallet_bytes("0x" + "aB" * 20),
        lambda: ids.parse_payout_id("x"),
        lambda: ids.parse_distribution_id("x"),
        lambda: ids.parse_record_id("x"),
        lambda: not_found("payout", "id", "po_x", "GET /v1/wallets/{address}/payouts lists them"),
        lambda: not_found("series", "id", "x y", "GET /v1/series lists them"),
        sign_in_first,
        lambda: forbidden("an operator, auditor or regulator"),
        lambda: forbidden("an auditor or regulator"),
        lambda: filters(LogQuestion(since="soon"), UTC),
        lambda: ReplayQuestion(what="VPP").period,
    ],
)
def test_what_pages_may_have_to_tell_is_told_in_chinese(make: Callable[[], object]) -> None:
    told = texts_of(raised(make))
    assert len(told) >= 2
    for text in told:
        found = translated(text, "zh")
        assert found is not None, text
        assert re.search("[\u4e00-\u9fff]", found), found


def test_values_are_kept_as_they_are() -> None:
    assert translated("There is no payout po_a{b}<x>.", "zh") == "没有派付 po_a{b}<x>。"
    assert translated(
        "units: a whole number in plain digits.", "zh"
    ) == "units：纯数字的整数。".replace("纯", "须为纯")


def test_what_is_not_known_is_marked_as_english_and_escaped() -> None:
    assert (
        str(ZH.told("A new <b>fault</b>"))
        == '<span lang="en">A new &lt;b&gt;fault&lt;/b&gt;</span>'
    )
    assert str(Words("en", UTC).told("This is not an address.")) == "This is not an address."
    assert translated("x" * 401, "zh") is None


def test_every_sentence_takes_the_same_values_in_both_languages_and_fits_itself() -> None:
    for each in ALL:
        names = [
            sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)
            for text in (each.texts["en"], each.texts["zh"])
        ]
        assert names[0] == names[1], each.texts["en"]
        text = each.texts["en"].format(**dict.fromkeys(names[0], "7"))
        first = next(other for other in ALL if other.pattern.fullmatch(text))
        assert first is each, f"{text} is taken for {first.texts['en']}"
