"""How amounts, units, times and names look; and which language a reader gets."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

from usufruct.web.chart import WIDTH, by_period, colours
from usufruct.web.language import language_of
from usufruct.web.month import checklist, rejected
from usufruct.web.words import Words

ENGLISH = Words("en", ZoneInfo("Asia/Shanghai"))
CHINESE = Words("zh", ZoneInfo("Asia/Shanghai"))


def money(amount: int, code: str = "USDX") -> dict[str, object]:
    return {"amount": str(amount), "currency": code, "decimals": 6, "formatted": ""}


def plain(markup: str) -> str:
    """The text of a piece of HTML."""
    text, inside = "", False
    for each in markup:
        inside = each == "<" or (inside and each != ">")
        text += "" if inside or each == ">" else each
    return text


@given(st.integers(-(2**64), 2**64))
def test_an_amount_is_shown_to_the_last_unit(amount: int) -> None:
    shown = plain(ENGLISH.money(money(amount))).removesuffix(" USDX")
    assert int(shown.replace(",", "").replace(".", "").replace("−", "-")) == amount


def test_a_price_is_that_of_a_unit_as_units_are_shown() -> None:
    assert ENGLISH.units(1_000, 3) == "1"
    assert plain(ENGLISH.price(money(20_000), 3)) == "20.000000 USDX"
    assert plain(ENGLISH.price(money(20_000), 0)) == "0.020000 USDX"


def test_the_name_of_a_currency_is_no_html() -> None:
    assert "<b>" not in ENGLISH.money(money(1, "<b>"))
    assert "<i>" not in ENGLISH.short("<i>" * 20)
    assert '"x"' not in ENGLISH.short('"x"' * 20)


def test_times_are_of_the_project() -> None:
    text = "2026-09-30T16:00:00Z"
    assert plain(ENGLISH.date(text)) == "1 Oct 2026, 00:00"
    assert plain(CHINESE.date(text)) == "2026年10月1日 00:00"
    assert plain(ENGLISH.date(None)) == "–"


def test_periods_are_months_where_they_are_known() -> None:
    assert ENGLISH.period({"number": 3, "month": "2026-11"}) == "Nov 2026"
    assert CHINESE.period({"number": 3, "month": "2026-11"}) == "2026年11月"
    assert CHINESE.period({"number": 3, "month": None}) == "第 3 期"


def test_units_and_shares() -> None:
    assert ENGLISH.units("1234500", 2) == "12,345"
    assert ENGLISH.units("1234567", 2) == "12,345.67"
    assert ENGLISH.percent(9965) == "99.65\u00a0%"


@pytest.mark.parametrize(
    ("query", "cookie", "header", "language"),
    [
        ("", "", "", "en"),
        ("lang=zh", "", "", "zh"),
        ("lang=xx", "", "", "en"),
        ("lang=en", "usufruct_lang=zh", "zh", "en"),
        ("", "usufruct_lang=zh", "en", "zh"),
        ("", "usufruct_lang=../etc", "zh-CN,zh;q=0.9", "zh"),
        ("", "", "de,zh-TW;q=0.8,en;q=0.9", "en"),
        ("", "", "de,fr;q=0.5", "en"),
        ("", "", "zh;q=0,en;q=0.1", "en"),
        ("", "", ";;;q=,\x00," * 200, "en"),
    ],
)
def test_the_language_is_that_of_address_cookie_or_browser(
    query: str, cookie: str, header: str, language: str
) -> None:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", header.encode())]
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    assert language_of(Request(scope)) == language


# --- Charts ----------------------------------------------------------------------------------------

_ENTRIES = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from("abcdefgh"), st.integers(0, 2**63)), max_size=30
)


@given(_ENTRIES)
def test_bars_fill_their_share_without_overlap_and_rows_add_up(
    entries: list[tuple[int, str, int]],
) -> None:
    colour = colours(list("abcdefgh"))
    rows = by_period(
        [({"number": n, "month": None}, name, money(amount)) for n, name, amount in entries], colour
    )
    assert sum(int(row.total["amount"]) for row in rows) == sum(each[2] for each in entries)
    for row in rows:
        at = 0
        for segment in row.segments:
            assert at <= segment.x
            at = segment.x + segment.width
        assert at <= WIDTH
        assert int(row.total["amount"]) == sum(int(each["amount"]) for each in row.parts.values())
    largest = max((int(row.total["amount"]) for row in rows), default=0)
    ends = [
        row.segments[-1].x + row.segments[-1].width
        for row in rows
        if int(row.total["amount"]) == largest and row.segments
    ]
    assert all(each == WIDTH for each in ends)


# --- The month -------------------------------------------------------------------------------------


def stated(status: str) -> dict[str, object]:
    """A statement in that state."""
    return {
        "status": status,
        "evidence": "checked",
        "attested": {"time": "2026-10-01T00:00:00Z"},
        "final_at": "2026-10-04T00:00:00Z",
        "distributable": {"amount": "500"},
    }


@pytest.mark.parametrize(
    ("status", "escrow", "settled", "paid", "states"),
    [
        ("attested", 499, False, 0, "done done done waiting waiting waiting waiting"),
        ("attested", 500, False, 0, "done done done waiting done waiting waiting"),
        ("final", 0, False, 0, "done done done done waiting waiting waiting"),
        ("disputed", 500, False, 0, "done done blocked blocked done waiting waiting"),
        ("settled", 0, True, 1, "done done done done done done waiting"),
        ("settled", 0, True, 2, "done done done done done done done"),
    ],
)
def test_the_checklist_follows_the_ledger(
    status: str, escrow: int, settled: bool, paid: int, states: str
) -> None:
    settlement = {"settled": {"time": "2026-10-05T00:00:00Z"}} if settled else None
    found = checklist(stated(status), settlement, paid, 2, escrow)
    assert " ".join(each.state for each in found) == states


def test_reports_that_agree_are_told_once_and_nonsense_is_left_out() -> None:
    good = {"code": "VPP", "stake": "7", "byRule": [{"rule": "late", "count": 2, "stake": "7"}]}
    other = {"code": "VPP", "stake": "-7", "byRule": [{"rule": "x" * 99, "count": "2"}, 5]}
    reports = [{"streams": each} for each in ([good], [good], [other], "none", [{"code": "EV"}])]
    first, second = rejected([*reports, {}], "VPP")
    assert (first["workers"], first["stake"]) == (2, "7")
    assert first["rules"] == [{"rule": "late", "count": 2, "stake": "7"}]
    assert second == {
        "workers": 1,
        "stake": None,
        "rules": [{"rule": "x" * 99, "count": None, "stake": None}],
        "expected": None,
        "covered": None,
        "coverage_bp": None,
        "items": [],
    }


def test_gaps_are_told_one_by_one_as_far_as_they_make_sense() -> None:
    gap = {"day": "2026-09-02", "meter": "garage-02", "rule": "missing", "stake": "97", "line": "x"}
    odd = {"day": 5, "meter": "m" * 300, "rule": None, "remedy": ["x"], "stake": "1e9"}
    part = {
        "code": "VPP",
        "expected": 5_760,
        "covered": True,
        "open": [gap, odd, "none"] + 50 * [gap],
    }
    (found,) = rejected([{"streams": [part]}], "VPP")
    assert (found["expected"], found["covered"]) == (5_760, None)
    assert found["items"][0] == {
        "day": "2026-09-02",
        "meter": "garage-02",
        "rule": "missing",
        "detail": "",
        "remedy": "",
        "stake": "97",
    }
    assert found["items"][1]["meter"] == "m" * 200
    assert (found["items"][1]["day"], found["items"][1]["stake"]) == ("", None)
    assert len(found["items"]) == 25


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        ("13040514", "Wh", "13,040.514 kWh", "13,040.514 千瓦时"),
        (7, "L", "0.007 m³", "0.007 立方米"),
        (1_099_117_081, "s", "305,310 h 18 min 1 s", "305,310 小时 18 分 1 秒"),
        (3_600, "s", "1 h 0 min", "1 小时 0 分"),
        (12_345, "kg", "12,345 kg", "12,345 kg"),
        (5, "", "5", "5"),
    ],
)
def test_quantities_are_in_units_that_people_know_and_exact(
    value: str | int, unit: str, en: str, zh: str
) -> None:
    assert ENGLISH.measure(value, unit) == en
    assert CHINESE.measure(value, unit) == zh


def test_commands_within_a_text_are_marked_as_code() -> None:
    found = str(CHINESE.coded("proof.no-script"))
    assert "<code>usufruct verify PROOF.json --rpc URL</code>" in found
    assert "`" not in found


@pytest.mark.parametrize(
    ("per", "unit", "english", "chinese"),
    [
        (1_000, "Wh", "kWh", "千瓦时"),
        (2_500, "Wh", "2.5 kWh", "2.5 千瓦时"),
        (1, "Wh", "0.001 kWh", "0.001 千瓦时"),
        (1_000, "L", "m³", "立方米"),
        (3_600, "s", "h", "小时"),
        (7_200, "s", "2 h", "2 小时"),
        (60, "s", "60 s", "60 秒"),
        (1, "", "1", "1"),
    ],
)
def test_what_a_price_is_for_is_told_in_its_unit(
    per: int, unit: str, english: str, chinese: str
) -> None:
    assert ENGLISH.per(per, unit) == english
    assert CHINESE.per(per, unit) == chinese


def test_usual_labels_of_projects_are_chinese_and_others_stay_as_they_were_written() -> None:
    assert str(CHINESE.label("peak")) == '<span title="peak">峰段</span>'
    assert str(CHINESE.label("Tax")) == '<span title="Tax">税费</span>'
    assert str(CHINESE.label("<b>")) == "&lt;b&gt;"
    assert str(ENGLISH.label("peak")) == "peak"
