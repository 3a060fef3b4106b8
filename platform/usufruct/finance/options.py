"""Options of the finance commands that take receipts from a ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from usufruct.finance.attested import Feed, read_feed
from usufruct.finance.numbers import refused

__all__ = ["Annualise", "Ledger", "Stream", "feed_of"]

Ledger = Annotated[
    str | None,
    typer.Option(help='URL of the ledger that fills in what the file calls "attested".'),
]
Stream = Annotated[str | None, typer.Option(help="Code of the stream that is meant.")]
Annualise = Annotated[
    bool, typer.Option("--annualise", help="Let fewer than a year's periods stand for a year.")
]


def feed_of(ledger: str | None, stream: str | None, *, annualise: bool = False) -> Feed | None:
    """What the named ledger attests, None if none is named.

    Raises:
        ConfigError: There is no ledger at the URL.
        InputError: A stream without a ledger, or periods in the middle are missing.
    """
    if ledger is None:
        if stream is not None or annualise:
            raise refused("--stream", stream, "it is of a ledger", "name one with --ledger URL")
        return None
    return read_feed(ledger, stream or "", annualise=annualise)
