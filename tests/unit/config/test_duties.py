"""Separated duties in the file, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from usufruct.config import ConfigErrors, parse_community
from usufruct.config.duties import excluded, excluded_mask
from usufruct.config.offices import CONTRACT_ROLES, ROLES

TEXT = (Path(__file__).resolve().parents[3] / "examples" / "community.toml").read_text("utf-8")


def test_no_office_excludes_itself_and_exclusion_is_mutual() -> None:
    assert not any(excluded(office, office) for office in ROLES)
    assert all(excluded(one, two) == excluded(two, one) for one in ROLES for two in ROLES)


def test_offices_of_contracts_exclude_all_others() -> None:
    for office in CONTRACT_ROLES:
        assert excluded_mask(office) == 2 ** len(ROLES) - 1 - (1 << ROLES.index(office))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('oracle_admin = ["dev:7"]', 'oracle_admin = ["dev:0"]', "roles.oracle_admin[0]"),
        ('auditor = ["dev:3"]', 'auditor = ["dev:2"]', "roles.auditor[0]"),
        ('treasurer = ["dev:1"]', 'treasurer = ["dev:8", "dev:0"]', "roles.treasurer[1]"),
    ],
)
def test_a_file_that_joins_separated_duties_is_refused(old: str, new: str, field: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        parse_community(TEXT.replace(old, new, 1), "town.toml")
    problems = [error for error in caught.value.problems if error.field == field]
    assert problems
    assert "separated duties" in str(problems[0].rule)
    assert problems[0].line


def test_vacant_offices_may_be_left_out() -> None:
    text = TEXT.replace('policy = ["dev:3"]\n', "", 1).replace('fund_manager = ["dev:9"]\n', "", 1)
    roles = parse_community(text, "town.toml").roles
    assert roles["policy"] == roles["fund_manager"] == ()


def test_delays_of_offices_are_bounded_and_named() -> None:
    text = TEXT.replace('rules = "7d"', 'rules = "7d"\nadmin = "2d"\ngrant = { issuer = "91d" }', 1)
    with pytest.raises(ConfigErrors) as caught:
        parse_community(text, "town.toml")
    assert [error.field for error in caught.value.problems] == ["delays.grant.issuer"]
    text = TEXT.replace('rules = "7d"', 'rules = "7d"\nexecution = { guardian = "1d" }', 1)
    with pytest.raises(ConfigErrors) as caught:
        parse_community(text, "town.toml")
    assert caught.value.problems[0].field.startswith("delays.execution.guardian")
