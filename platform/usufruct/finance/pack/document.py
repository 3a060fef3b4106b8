"""pack.json: every figure of the dossier with its source, for machines."""

from __future__ import annotations

from typing import Any, Final

from usufruct.core.encoding import canonical_json
from usufruct.finance.pack.model import Dossier, Entry

__all__ = ["FORMAT", "document"]

FORMAT: Final = "usufruct/pack/1"
"""Format of pack.json (docs/protocol.md)."""


def document(dossier: Dossier) -> bytes:
    """The bytes of pack.json: canonical JSON."""
    currency = dossier.currency
    return canonical_json(
        {
            "format": FORMAT,
            "title": dossier.title,
            "name": dossier.name,
            "currency": None if currency is None else currency.code,
            "decimals": None if currency is None else currency.decimals,
            "statements": {
                name: {
                    "stream": each.stream,
                    "period": each.period,
                    "month": each.month,
                    "version": each.version,
                    "digest": each.digest,
                    "gross": str(each.gross),
                    "distributable": str(each.distributable),
                    "status": each.status,
                }
                for name, each in dossier.receipts.items()
            },
            "chapters": [
                {
                    "title": chapter.title,
                    "chinese": chapter.chinese,
                    "parts": [
                        {
                            "title": part.title,
                            "figures": [_figure(each) for each in part.entries],
                            "flags": part.flags,
                        }
                        for part in chapter.parts
                    ],
                }
                for chapter in dossier.chapters
            ],
        }
    )


def _figure(entry: Entry) -> dict[str, Any]:
    return entry.figure.plain() | {"source": entry.source}
