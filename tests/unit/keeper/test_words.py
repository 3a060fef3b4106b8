"""What the keeper says."""

from __future__ import annotations

import pytest

from usufruct.contracts import ContractError
from usufruct.contracts.revenue_right import (
    GasTooLow,
    PaymentRejected,
    PaymentWithheld,
    Refusal,
)
from usufruct.keeper.push import as_addresses, why_withheld
from usufruct.keeper.site import when
from usufruct.keys import dev_address


def test_times_are_written_for_people() -> None:
    assert when(1_790_000_000) == "2026-09-21 14:13:20Z"


def test_addresses_have_their_checksum() -> None:
    raw = bytes.fromhex("70997970c51812dc3a010c7d01b50e0d17dc79c8")
    assert as_addresses([raw]) == ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PaymentRejected(dev_address(1), 5), "is refused by the currency"),
        (PaymentWithheld(dev_address(1), Refusal.RECIPIENT_FROZEN), "is frozen"),
        (
            PaymentWithheld(dev_address(1), Refusal.RECIPIENT_EXPIRED),
            "has an expired identity check",
        ),
        (GasTooLow(80_000, 115_000), "cannot be paid now: 80000 gas are left"),
    ],
)
def test_a_payment_that_was_not_made_is_blamed_on_what_stopped_it(
    error: ContractError, why: str
) -> None:
    assert why_withheld(error).startswith(why)
