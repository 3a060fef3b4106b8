"""What the participant registry said of wallets."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, bindparam, select

from usufruct.ledger.models import freeze, recovery, registration, wallet
from usufruct.ledger.reads.rows import Query

__all__ = ["ADMISSION", "OWN_PARTICIPANT", "STANDING", "STANDING_OF_SOME"]


def _standing(number: ColumnElement[int]) -> Query:
    """What the registry said of a wallet before the position :end."""
    return select(
        number.label("wallet"),
        select(registration.c.kyc_until)
        .where(registration.c.wallet == number, registration.c.pos < bindparam("end"))
        .order_by(registration.c.pos.desc())
        .limit(1)
        .scalar_subquery()
        .label("kyc_until"),
        select(freeze.c.frozen)
        .where(freeze.c.wallet == number, freeze.c.pos < bindparam("end"))
        .order_by(freeze.c.pos.desc())
        .limit(1)
        .scalar_subquery()
        .label("frozen"),
    )


STANDING: Final = _standing(wallet.c.id).where(wallet.c.id == bindparam("wallet"))
"""Of :wallet before the position :end: last valid day of the identity check, and freeze."""
STANDING_OF_SOME: Final = _standing(wallet.c.id).where(
    wallet.c.id.in_(bindparam("wallets", expanding=True))
)
"""The same of each of :wallets."""

ADMISSION: Final = (
    select(registration.c["class"].label("class_"), registration.c.country)
    .where(registration.c.wallet == bindparam("wallet"), registration.c.pos < bindparam("end"))
    .order_by(registration.c.pos.desc())
    .limit(1)
)
"""Class and country of :wallet as registered before the position :end."""

_lost = recovery.alias("lost")
OWN_PARTICIPANT: Final = (
    select(
        registration.c.participant,
        select(freeze.c.frozen)
        .where(freeze.c.wallet == registration.c.wallet)
        .order_by(freeze.c.pos.desc())
        .limit(1)
        .scalar_subquery()
        .label("frozen"),
        select(_lost.c.pos)
        .where(_lost.c.lost == registration.c.wallet)
        .limit(1)
        .scalar_subquery()
        .label("lost"),
    )
    .join_from(registration, wallet, wallet.c.id == registration.c.wallet)
    .where(wallet.c.address == bindparam("address"))
    .order_by(registration.c.pos.desc())
    .limit(1)
)
"""The participant that the wallet :address is registered to now, whether it is frozen, and whether it was lost."""
