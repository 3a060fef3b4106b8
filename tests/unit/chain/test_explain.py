from __future__ import annotations

from dataclasses import fields
from string import Formatter

import pytest

from usufruct.chain.explain import explain
from usufruct.chain.sentences import REFUSALS, SENTENCES, STATUSES
from usufruct.contracts import ContractError, Panic, RevertReason, all_errors
from usufruct.contracts import revenue_right as rr
from usufruct.contracts import statement_book as sb
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import waterfall as wf
from usufruct.keys import dev_address

ERRORS: list[type[ContractError]] = [*all_errors(), RevertReason, Panic]
SAMPLES: dict[str, object] = {"address": dev_address(0), "string": "text"}


def sample(error: type[ContractError]) -> ContractError:
    """An error with some value of the right type in each field."""
    types = error.SIGNATURE.partition("(")[2].rstrip(")").split(",")
    values = []
    for kind in types if types != [""] else []:
        size = int(kind.removeprefix("bytes")) if kind.startswith("bytes") else 0
        values.append(b"a".ljust(size, b"\0") if size else SAMPLES.get(kind, 7))
    return error(*values)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.SIGNATURE)
def test_every_error_has_a_sentence_with_all_its_values(error: type[ContractError]) -> None:
    sentence, remedy = SENTENCES[error.SIGNATURE]
    used = {
        name for text in (sentence, remedy) for _, name, _, _ in Formatter().parse(text) if name
    }
    assert used == set(error.FIELDS) - {"name"}
    text = explain(sample(error))
    assert "; " in text
    assert "{" not in text


def test_there_is_no_sentence_without_an_error() -> None:
    assert set(SENTENCES) == {error.SIGNATURE for error in ERRORS}


def test_refusals_and_states_are_as_many_as_in_the_contracts() -> None:
    assert len(REFUSALS) == len(rr.Refusal)
    assert len(STATUSES) == len(sb.Status)


def test_money_is_shown_in_currency_units_and_times_as_dates() -> None:
    error = wf.Underfunded(1, 2, 900_000_000, 1, 1_793_500_000)
    text = explain(error)
    assert text == (
        "period 2 of stream 1 needs 900.000000, 0.000001 is there; fund the rest; "
        "after 2026-11-01 02:26:40 UTC it settles with what is there and keeps the shortfall"
    )


def test_a_refusal_names_rule_and_date() -> None:
    a, b = dev_address(1), dev_address(2)
    error = rr.TransferRefused(a, b, 5, rr.Refusal.SENDER_LOCKED, 1_793_500_000)
    text = explain(error)
    assert "the sender's wallet is locked up" in text
    assert "2026-11-01" in text


def test_a_refusal_without_a_date_says_so() -> None:
    a, b = dev_address(1), dev_address(2)
    error = rr.TransferRefused(a, b, 5, rr.Refusal.RECIPIENT_UNKNOWN, 0)
    assert "this lifts: not by itself" in explain(error)


def test_shares_are_percentages_and_fields_are_text() -> None:
    assert "cover 94.00%, at least 95.00%" in explain(sb.CoverageTooLow(1, 9_400, 9_500))
    name = b"kind".ljust(32, b"\0")
    assert "kind = 9 is not allowed" in explain(sr.InvalidTerms(1, name, 9))


def test_numbers_the_tables_do_not_know_are_shown() -> None:
    assert "number 77" in explain(sb.WrongStatus(1, 1, 77))  # type: ignore[arg-type]  # a later contract


def test_foreign_errors_are_shown_as_they_are() -> None:
    class Strange(ContractError):
        NAME = "Strange"
        SIGNATURE = "Strange()"

    assert explain(Strange()) == "Strange()"


def test_fields_of_the_bindings_are_those_of_the_signature() -> None:
    for error in all_errors():
        assert len(sample(error).values()) == len(error.FIELDS) == len(fields(error))  # type: ignore[arg-type]
