"""The time zone in which the days of a ledger end: that of the project, as the server that fills it was told."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from usufruct.core.periods import zone
from usufruct.ledger.models import meta

__all__ = ["note_zone", "zone_of"]

_KEY: Final = "timezone"


def note_zone(connection: Connection, timezone: tzinfo) -> None:
    """Notes an IANA zone, or UTC, for whoever reads the ledger without the server."""
    connection.execute(delete(meta).where(meta.c.key == _KEY))
    connection.execute(insert(meta).values(key=_KEY, value=str(timezone)))


def zone_of(connection: Connection) -> tzinfo:
    """The zone that was noted last; UTC where no server was told one."""
    name = connection.execute(select(meta.c.value).where(meta.c.key == _KEY)).scalar()
    return UTC if name in (None, str(UTC)) else zone(str(name))
