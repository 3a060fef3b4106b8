"""Makes the files of a dossier."""

from __future__ import annotations

from usufruct.finance.numbers import refused
from usufruct.finance.pack.document import document
from usufruct.finance.pack.html import page
from usufruct.finance.pack.model import Dossier

__all__ = ["files_of"]


def files_of(dossier: Dossier) -> dict[str, bytes]:
    """The files by path; the same dossier gives the same bytes.

    Raises:
        InputError: The packages that write PDF and XLSX are not installed.
    """
    try:
        from usufruct.finance.pack.pdf import pdf  # noqa: PLC0415  # of the extra `pack`
        from usufruct.finance.pack.workbook import workbook  # noqa: PLC0415  # the same
    except ImportError as error:
        raise refused(
            "pack", error.name, "PDF and XLSX need the extra `pack`", "pip install 'usufruct[pack]'"
        ) from None
    inputs = {f"inputs/{name}": data for name, data in dossier.inputs.items()}
    return inputs | {
        "pack.json": document(dossier),
        "pack.html": page(dossier),
        "pack.pdf": pdf(dossier),
        "pack.xlsx": workbook(dossier),
    }
