"""Ids of the API."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usufruct.errors import InputError
from usufruct.ledger import ids

slugs = st.from_regex(r"[a-z0-9]{1,32}(-[1-9])?", fullmatch=True)


@given(slugs, st.integers(1, 2**32 - 1), st.binary(min_size=20, max_size=20))
def test_a_payout_id_says_what_it_is_of(slug: str, number: int, wallet: bytes) -> None:
    text = ids.payout_id(slug, number, wallet)
    assert ids.parse_payout_id(text) == (slug, number, wallet)
    assert text.isascii()
    assert text == text.lower()


@given(slugs, st.integers(1, 2**32 - 1))
def test_a_distribution_id_says_what_it_is_of(slug: str, number: int) -> None:
    assert ids.parse_distribution_id(ids.distribution_id(slug, number)) == (slug, number)


@pytest.mark.parametrize(
    "text",
    [
        *("", "po_", "po_a_1_", "dist_a_1", f"po_a_0_{'0' * 40}", f"po_a_01_{'0' * 40}"),
        *(
            f"po_A_1_{'0' * 40}",
            f"po_a_1_{'A' * 40}",
            f"po_a_1_0x{'0' * 38}",
            f"po_a_1_{'0' * 40}\n",
        ),
        f"po_a_١_{'0' * 40}",
    ],
)
def test_malformed_ids_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        ids.parse_payout_id(text, "starting_after")
    assert caught.value.field == "starting_after"
    with pytest.raises(InputError):
        ids.parse_distribution_id(text.replace("dist_a_1", "dist_a"))


def test_ids_are_prefixed() -> None:
    assert [
        ids.series_id("lvpps"),
        ids.stream_id(1),
        ids.batch_id(1, 15),
        ids.statement_id(1, 2, 1),
        ids.settlement_id(1, 2),
    ] == ["ser_lvpps", "str_1", "bat_1_15", "st_1_2_v1", "set_1_2"]


def test_slugs_are_unique_and_safe() -> None:
    slugs = ids.Slugs()
    symbols = ["LVPPS", "lvpps", "L-VPP_S", "", "中文", "é" * 40, "a" * 40, "LVPPS"]
    assert [slugs.next(symbol) for symbol in symbols] == [
        *("lvpps", "lvpps-2", "lvpps-3", "series", "series-2", "series-3", "a" * 32, "lvpps-4"),
    ]
    assert ids.Slugs(["lvpps"]).next("LVPPS") == "lvpps-2"
