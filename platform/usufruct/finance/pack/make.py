"""Makes the files of a dossier."""

from __future__ import annotations

from usufruct.finance.pack.document import document
from usufruct.finance.pack.html import page
from usufruct.finance.pack.model import Dossier
from usufruct.finance.pack.pdf import pdf
from usufruct.finance.pack.workbook import workbook

__all__ = ["files_of"]


def files_of(dossier: Dossier) -> dict[str, bytes]:
    """The files by path; the same dossier gives the same bytes."""
    inputs = {f"inputs/{name}": data for name, data in dossier.inputs.items()}
    return inputs | {
        "pack.json": document(dossier),
        "pack.html": page(dossier),
        "pack.pdf": pdf(dossier),
        "pack.xlsx": workbook(dossier),
    }
