"""From a wallet and a period to the bytes of a document, for the command line and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection

from usufruct.exports.account import read_account
from usufruct.exports.bank.record import Transfer
from usufruct.exports.calendar import AsOf, Window
from usufruct.exports.document import Document
from usufruct.exports.project import Project, currency_of
from usufruct.exports.statement import statement_document
from usufruct.exports.tables import to_csv, to_xlsx
from usufruct.exports.tax import tax_document

__all__ = ["MEDIA_TYPES", "account_document", "render"]

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Media type by format."""


def account_document(
    connection: Connection,
    project: Project,
    wallet: bytes,
    transfers: Sequence[Transfer],
    *,
    period: str | None = None,
    year: str | None = None,
    known: AsOf | None = None,
) -> tuple[Document, Window]:
    """The statement of a period, or the tax summary of a year, and the stretch of time it is of.

    With `known` as the ledger was then; bank transfers are those given, which are to be of the same moment.

    Raises:
        InputError: The text names no period or year.
        EvidenceError: The ledger does not add up.
    """
    currency = currency_of(connection)
    if period is not None:
        window = project.calendar.period(period)
        account = read_account(connection, wallet, window, known)
        return statement_document(project, currency, account, transfers), window
    window = project.calendar.year(year or "")
    account = read_account(connection, wallet, window, known)
    return tax_document(project, currency, account, transfers), window


def render(document: Document, format_: str, font: Path | None = None) -> bytes:
    """The document in one of the formats pdf, csv and xlsx."""
    if format_ == "pdf":
        from usufruct.exports.pdf import to_pdf  # noqa: PLC0415  # a slow import that only PDFs need

        return to_pdf(document, font)
    return to_csv(document) if format_ == "csv" else to_xlsx(document)
