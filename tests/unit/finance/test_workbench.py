"""The workbench: what is moved is what is paid, two versions differ to the unit, and nothing keeps a server busy."""

from __future__ import annotations

from pathlib import Path

import pytest

from usufruct.config import ConfigErrors
from usufruct.errors import InputError
from usufruct.finance.structures.deal import compile_deal
from usufruct.finance.structures.simulate import simulate
from usufruct.finance.workbench import Move, compare, moved, played

EXAMPLE = (
    Path(__file__).parents[3] / "platform" / "usufruct" / "web" / "static" / "workbench" / "en.toml"
)
TEXT = EXAMPLE.read_text("utf-8")


def test_the_answer_is_the_simulation() -> None:
    found = played(TEXT, ())
    projection = simulate(compile_deal(moved(TEXT, ())[0]))
    assert found["receipts"] == [str(each) for each in projection.receipts]
    for each in found["holders"]:
        amounts = projection.holders[each["tranche"], each["name"]]
        assert each["amounts"] == [str(one) for one in amounts]
        assert each["total"] == str(sum(amounts))
    assert [each["coverage_bp"] for each in found["tranches"]] == [
        projection.coverage("A"),
        projection.coverage("B"),
    ]
    assert [each["clause"] for each in found["findings"]] == ["coverage"]


def test_moving_a_value_or_a_step_is_editing_the_file() -> None:
    by_move = played(TEXT, [Move("step.1.amount", "9500"), Move("pool.receipts.3", "100")])
    by_hand = played(TEXT.replace('"9000"', '"9500"').replace('"92000"', '"100"'), ())
    assert by_move == by_hand
    later = played(TEXT, [Move("step.0", to=1)])
    assert later["steps"][:2] == ["operator", "owners' share"]
    assert played(TEXT, [Move("step.0", to=1), Move("step.1", to=0)]) == played(TEXT, ())


def test_every_knob_is_a_key_that_can_be_moved() -> None:
    knobs = played(TEXT, ())["knobs"]
    assert len(knobs) > 15
    same = played(TEXT, [Move(each["key"], each["value"]) for each in knobs])
    assert same == played(TEXT, ())


def test_two_versions_differ_to_the_unit() -> None:
    before = played(TEXT, ())
    after = played(TEXT, [Move("pool.receipts.10", "182000.000001")])
    found = compare(before, after)
    assert sum(int(each["change"]) for each in found["payouts"]) == 1
    (changed,) = [each for each in found["payouts"] if each["change"] != "0"]
    assert changed["first_period"] == 11
    worse = compare(before, played(TEXT, [Move("step.1.amount", "60000")]))
    assert (len(worse["flags_new"]), len(worse["flags_gone"])) == (1, 1)
    same = compare(before, before)
    assert {(each["change"], each["first_period"]) for each in same["payouts"]} == {("0", None)}


def test_what_is_refused_is_told_without_money() -> None:
    found = played(TEXT, [Move("step.0.share", "101%")])
    assert found["receipts"] == []
    assert [each["verdict"] for each in found["findings"]] == ["refused"]


@pytest.mark.parametrize(
    "move",
    [
        Move("nothing", "1"),
        Move("step.99.amount", "1"),
        Move("step.1.colour", "1"),
        Move("step.x", to=1),
        Move("step.0", to=99),
        Move("title.x", "1"),
        Move("step.-1.amount", "1"),
        Move("step." + "9" * 70 + ".amount", "1"),
    ],
)
def test_a_move_names_a_value_of_the_file(move: Move) -> None:
    with pytest.raises(InputError, match="moves"):
        played(TEXT, [move])


def test_values_are_checked_as_a_file_s() -> None:
    with pytest.raises(ConfigErrors) as caught:
        played(TEXT, [Move("step.1.amount", "a lot")])
    assert "amount" in str(caught.value.field)
    assert caught.value.value == "a lot"


def test_large_structures_are_for_the_command_line() -> None:
    holders = ",\n".join(f'{{ name = "h{at}", units = 1 }}' for at in range(1_000))
    text = TEXT.replace("periods = 12", "periods = 600").replace(
        '{ name = "Cid", units = 2 }', holders
    )
    with pytest.raises(InputError, match="periods"):
        played(text, ())


def test_the_chinese_example_is_the_english_one_in_other_words() -> None:
    chinese = (EXAMPLE.parent / "zh.toml").read_text("utf-8")
    one, two = (played(text, ()) for text in (TEXT, chinese))
    for key in ("receipts", "arrears"):
        assert one[key] == two[key]
    assert [each["amounts"] for each in one["holders"]] == [
        each["amounts"] for each in two["holders"]
    ]
    assert [each["key"] for each in one["knobs"]] == [each["key"] for each in two["knobs"]]
