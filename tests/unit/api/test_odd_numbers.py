"""Numbers that are written with noughts in front, or without end, are read whole before they are compared."""

from __future__ import annotations

import pytest
from tests.support.asking import House

from usufruct.errors import InputError
from usufruct.finance.workbench import Move, moved

FILE = """
kind = "structure"
[[step]]
label = "fee"
amount = "1"
"""


@pytest.mark.parametrize("noughts", [0, 1, 12, 40, 4_000])
def test_noughts_in_front_do_not_let_a_large_body_through(house: House, noughts: int) -> None:
    length = "0" * noughts + str(200 * 1024 * 1024)
    headers = {"content-type": "application/json", "content-length": length}
    answer = house.ask("/v1/auth/challenge", "POST", content=b"{}", headers=headers)
    assert answer.status_code == 413


def test_a_length_with_noughts_in_front_counts_as_what_it_is(house: House) -> None:
    body = b'{"address":"0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}'
    headers = {"content-type": "application/json", "content-length": f"{len(body):020}"}
    answer = house.ask("/v1/auth/challenge", "POST", content=body, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "move",
    [
        Move("step.00000099", "1"),
        Move("step.00000009.amount", "1"),
        Move("step.00000099", to=0),
        Move("step.٠.amount", "1"),
        Move("step.1", "1"),
    ],
)
def test_a_place_behind_the_last_is_refused_however_it_is_written(move: Move) -> None:
    with pytest.raises(InputError, match="moves"):
        moved(FILE, [move])
