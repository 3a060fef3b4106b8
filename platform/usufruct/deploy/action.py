"""What a plan consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from usufruct.contracts import Address, Call

__all__ = ["Action", "Change", "Transaction"]


class Change(StrEnum):
    """What happens to a subject."""

    CREATE = "create"
    CHANGE = "change"
    NOTHING = "nothing"
    WAIT = "wait"
    """It was changed already and takes effect later."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is sent."""

    to: Address | None
    """Receiver, None to create a contract."""
    data: bytes
    nonce: int | None = None
    """The nonce it must have, where an address was predicted from it."""


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a plan: at most one transaction.

    Attributes:
        key: Natural key, the same in every run.
        change: What happens.
        subject: Whom it concerns.
        detail: What is done.
        reason: Why, in terms of file and chain.
        office: Whose signature it takes, a role of the file; None if anyone may send it.
        account: The one account that must sign, where it is not any holder of an office.
        transaction: What is sent; None if nothing is, or if it depends on an earlier action.
        done: Tells whether the effect is on the chain by now; given where doing it twice would do
            harm.
        creates: Name of the contract that is created.
    """

    key: str
    change: Change
    subject: str
    detail: str
    reason: str
    office: str | None = None
    transaction: Transaction | None = None
    done: Callable[[], bool] | None = None
    creates: str | None = None
    account: Address | None = None

    @property
    def sends(self) -> bool:
        """True if it takes a transaction, now or once earlier actions are done."""
        return self.change in {Change.CREATE, Change.CHANGE}


def calling(to: Address | None, call: Call[Any]) -> Transaction | None:
    """The transaction of `call`; None while the contract does not exist."""
    return None if to is None else Transaction(to, call.data)
