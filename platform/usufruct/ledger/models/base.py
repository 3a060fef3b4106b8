"""What all tables share: the metadata, widths, and the columns of position and number."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)

HASH = LargeBinary(32)
ADDRESS = LargeBinary(20)


def pos_column(*, primary: bool = True) -> Column[Any]:
    """The packed position of the log that a row comes from."""
    return Column("pos", BigInteger, primary_key=primary, nullable=False, autoincrement=False)


def id_column() -> Column[Any]:
    """A number given by us, not by the database."""
    return Column("id", Integer, primary_key=True, autoincrement=False)
