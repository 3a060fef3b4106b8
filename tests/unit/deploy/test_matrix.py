"""The access matrix says something of every function, and its document is up to date."""

from __future__ import annotations

from pathlib import Path

from usufruct.contracts import all_modules
from usufruct.deploy.access import ACCESS
from usufruct.deploy.matrix import GUARDED, OPEN, matrix, unclassified

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "security" / "access-matrix.md"


def test_every_function_that_changes_state_is_classified() -> None:
    assert unclassified() == []


def test_nothing_is_classified_twice_or_without_being_there() -> None:
    names = {
        (module.CONTRACT, str(entry["name"]))
        for module in all_modules()
        for entry in module.artifact().abi
        if entry["type"] == "function"
    }
    said = [
        (contract, name)
        for table in (ACCESS, OPEN, GUARDED)
        for contract in table
        for name in table[contract]
    ]
    assert len(said) == len(set(said))
    assert set(said) <= names


def test_the_document_is_the_generated_one() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == matrix(), (
        "run python -m usufruct.deploy.matrix > docs/security/access-matrix.md"
    )


def test_no_office_is_needed_for_claims_and_refunds() -> None:
    """That a pause does not stop them either is shown by contracts/test/governance/Pause.t.sol."""
    for contract, functions in (
        ("RevenueRight", {"claim", "claimFor", "push"}),
        ("SeriesExtension", {"redeem"}),
        ("Waterfall", {"withdrawOwed"}),
        ("Offering", {"refund", "withdrawOwed"}),
    ):
        assert functions <= OPEN[contract]
