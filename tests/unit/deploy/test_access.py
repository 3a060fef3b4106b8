"""The access table against the Solidity sources: what is restricted there is classified here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from usufruct.config.offices import ROLES
from usufruct.contracts import Address, all_modules
from usufruct.contracts import dvp_desk as dd
from usufruct.contracts import fund_factory as ff
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import series_extension as se
from usufruct.contracts import series_factory as sf
from usufruct.contracts import series_standards as ss
from usufruct.contracts import waterfall as wf
from usufruct.contracts.roles import Roles
from usufruct.contracts.shared import Terms
from usufruct.deploy.access import ACCESS, role_number, selectors

SOURCES = Path(__file__).resolve().parents[3] / "contracts" / "src"
NO_RULES = wf.Rules((), (), (), (), 0, 0, 0)
NO_TERMS = Terms(bytes(32), bytes(32), 1, 1, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, False)
NOBODY = Address("0x" + "00" * 20)

_RESTRICTED = re.compile(r"function (\w+)\([^{;]*?\)[^{;]*?\b(?:restricted|authorized)\b[^{;]*\{")
_DOCUMENTED = re.compile(
    r"@custom:access-control ([A-Z_]+)\s*\n(?:\s*///[^\n]*\n)*\s*function (\w+)\("
)
_PARENTS = re.compile(r"(?:contract|interface) (\w+) is ([^{]+)\{")


def sources() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.sol")}


def lineage(contract: str, texts: dict[str, str]) -> list[str]:
    """The contract and all its own ancestors."""
    found = _PARENTS.search(texts.get(contract, ""))
    parents = [] if found is None else [each.strip() for each in found[2].split(",")]
    return [contract, *(each for parent in parents for each in lineage(parent, texts))]


def restricted(contract: str) -> set[str]:
    texts = sources()
    return {
        name
        for each in lineage(contract, texts)
        for name in _RESTRICTED.findall(texts.get(each, ""))
    }


@pytest.mark.parametrize("contract", sorted(ACCESS))
def test_every_restricted_function_is_classified_and_no_other(contract: str) -> None:
    assert restricted(contract) == set(ACCESS[contract])


def test_no_contract_with_restricted_functions_is_left_out() -> None:
    deployed = {module.CONTRACT for module in all_modules()}
    assert {name for name in sources() if name in deployed and restricted(name)} == set(ACCESS)


@pytest.mark.parametrize("contract", sorted(ACCESS))
def test_the_office_is_the_one_the_interface_documents(contract: str) -> None:
    texts = sources()
    module = next(each for each in all_modules() if contract == each.CONTRACT)
    own = {entry["name"] for entry in module.artifact().abi if entry["type"] == "function"}
    documented = {
        name: office.lower()
        for each in lineage(contract, texts)
        for text in (texts.get(each, ""), texts.get(f"I{each}", ""))
        for office, name in _DOCUMENTED.findall(text)
        if name in own
    }
    assert documented == dict(ACCESS[contract])


def test_role_numbers_are_those_of_the_contracts() -> None:
    numbers = {role.name.lower(): int(role) for role in Roles} | {"admin": 0}
    assert {office: role_number(office) for office in ROLES} == numbers


def test_selectors_are_those_of_the_calls() -> None:
    assert selectors("DvpDesk") == {dd.set_paused(True).data[:4]: "pauser"}
    assert selectors("Waterfall")[wf.set_rules(1, NO_RULES).data[:4]] == "issuer"
    found = selectors("SeriesFactory")
    assert found == selectors("FundUnitFactory")
    assert selectors("JurisdictionPolicy") == selectors("FundUnitPolicy") != {}
    assert found[sf.create(NO_TERMS, bytes(32)).data[:4]] == "issuer"
    assert found[rr.issue([], []).data[:4]] == "issuer"
    assert found[ss.pause().data[:4]] == "pauser"
    assert found[ss.forced_transfer(NOBODY, NOBODY, 1).data[:4]] == "registrar"
    assert found[se.open_snapshot(1).data[:4]] == "voting"
    assert (
        selectors("FundFactory")[ff.release(Address("0x" + "f0" * 20), 1).data[:4]]
        == "fund_manager"
    )
