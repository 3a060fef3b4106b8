"""Numbers of countries as letters."""

from __future__ import annotations

import pytest

from usufruct.countries import country_code


@pytest.mark.parametrize(
    ("number", "code"), [(344, "HK"), (8, "AL"), (756, "CH"), (0, "000"), (7, "007"), (999, "999")]
)
def test_a_country_is_told_by_its_letters_where_it_has_some(number: int, code: str) -> None:
    assert country_code(number) == code
