"""A structure to begin with is one that the workbench takes, and says what it leaves out."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.finance.attested import Receipt
from usufruct.finance.workbench import played
from usufruct.money import Currency
from usufruct.web.language import translate
from usufruct.web.starter import starter

ENGLISH, CHINESE = (partial(translate, language) for language in ("en", "zh"))
USD = Currency("USDX", 6)
SENIOR, JUNIOR, TOWN = ("0x" + each * 20 for each in ("aA", "Bb", "cc"))


def receipt(period: int, amount: int) -> Receipt:
    """An attested month."""
    month = f"2026-{period:02d}"
    return Receipt("VPP", period, month, 1, "0x00", amount, amount, "settled", 9_900, 0)


def series(code: str | None, symbol: str, rank: str, address: str) -> dict[str, Any]:
    """A series as the API shows it."""
    names = {"code": code, "symbol": symbol, "rank": rank, "address": address}
    return names | {"units": "1000", "units_redeemed": "0"}


def step(kind: str, payee: str = TOWN, **values: Any) -> dict[str, Any]:
    """A step as the ledger has it."""
    plain = {"when": "always", "account": 0, "draw_from": 0, "amount": 0, "bp": 0}
    return plain | {"kind": kind, "payee": payee.lower()} | values


RULES = {
    "steps": [
        step("percent_of_receipts", bp=600),
        step("fixed", amount=150_000_000, account=1),
        step("kpi_fee", amount=40_000_000, bp=300),
        step("due", SENIOR, amount=900_000_000, account=2),
        step("reserve", "0x" + "00" * 20, amount=500_000_000, account=3),
        step("residual", JUNIOR, when="met"),
        step("residual"),
    ]
}
LABELS = ("tax", "cost", "fee", "coupon", "reserve", 'ju"nior', "owners")
BOTH = [series("S-A", "SA", "senior", SENIOR), series(None, "SJ", "junior", JUNIOR)]


def test_the_chain_s_rules_become_a_structure_that_pays_what_was_attested() -> None:
    text = starter(
        "VPP", USD, [receipt(1, 5_183_200_940), receipt(2, 10**9)], RULES, LABELS, BOTH, ENGLISH
    )
    found = played(text, [])
    assert found["receipts"] == ["5183200940", "1000000000"]
    assert found["steps"] == [
        "tax",
        "cost",
        "fee, fixed part",
        "fee",
        "coupon",
        "reserve",
        'ju"nior',
        "owners",
    ]
    senior = next(each for each in found["tranches"] if each["code"] == "S-A")
    assert senior["amounts"] == ["900000000", "720000000"]
    assert not [each for each in found["findings"] if each["verdict"] == "refused"]
    assert "# fee: by KPIs" in text
    assert '# ju"nior: paid under a condition' in text


def test_a_payee_of_several_steps_is_called_after_all_of_them() -> None:
    rules = {"steps": [step("fixed", amount=5), step("fixed", amount=7), step("residual", JUNIOR)]}
    text = starter("VPP", USD, [receipt(1, 100)], rules, ("cost", "fee", "rest"), BOTH[1:], ENGLISH)
    assert text.count('payee = "cost + fee"') == 2
    many = {"steps": [step("fixed", amount=n) for n in range(1, 6)]}
    text = starter("VPP", USD, [receipt(1, 100)], many, tuple("abcde"), BOTH[1:], ENGLISH)
    assert text.count('payee = "a + b + c + ..."') == 5


@pytest.mark.parametrize("labels", [(), ("one",)])
def test_without_labels_steps_are_numbered(labels: tuple[str, ...]) -> None:
    found = played(starter("VPP", USD, [receipt(1, 10**9)], RULES, labels, BOTH, ENGLISH), [])
    assert found["steps"][0] == "step 1"


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=12))
def test_attested_amounts_are_taken_over_to_the_unit(amounts: list[int]) -> None:
    rules = {"steps": [step("residual", JUNIOR), step("residual")]}
    receipts = [receipt(n, amount) for n, amount in enumerate(amounts, 1)]
    found = played(starter("VPP", USD, receipts, rules, (), BOTH[1:], ENGLISH), [])
    assert found["receipts"] == [str(each) for each in amounts]
    assert found["tranches"][0]["amounts"] == [str(each) for each in amounts]


def test_a_stream_of_many_series_says_where_it_is_cut() -> None:
    def text(count: int) -> str:
        many = [series(f"S{n}", f"S{n}", "senior", f"0x{n:040x}") for n in range(count)]
        return starter("VPP", USD, [receipt(1, 100)], None, (), many, ENGLISH)

    assert "only the first" not in text(200)
    assert "# only the first 200 series of the stream are here" in text(201)
    assert text(201).count("[[tranche]]") == 200


def test_what_nobody_named_is_named_in_the_reader_s_language() -> None:
    text = starter("VPP", USD, [receipt(1, 100)], RULES, (), BOTH, CHINESE)
    found = played(text, [])
    assert found["steps"][0] == "步骤 1"
    assert found["holders"][0]["name"] == "S-A 的全体持有人"
    assert not re.search("[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}", text)
    amounts = [each["amounts"] for each in found["tranches"]]
    english = played(starter("VPP", USD, [receipt(1, 100)], RULES, (), BOTH, ENGLISH), [])
    assert amounts == [each["amounts"] for each in english["tranches"]]
