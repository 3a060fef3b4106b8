"""Arguments of both `replay` commands, the platform's and the workers'."""

from __future__ import annotations

from typing import Annotated

import typer

Period = Annotated[int, typer.Argument(min=1, help="Number of the period, from 1.")]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", help="METER/SEQ=VALUE: another value of a reading, base units."),
]
Drops = Annotated[
    list[str] | None, typer.Option("--drop", help="METER/SEQ: a reading that is left out.")
]
Prices = Annotated[
    list[str] | None,
    typer.Option("--price", help="ROW=PRICE: another price of a row, minor units."),
]
