"""The commands around devices: look into a message, make a token for those who push."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from usufruct.config import Meter, load_community
from usufruct.errors import InputError
from usufruct_oracles import logs
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.inspect_file import Question, inspect_file
from usufruct_oracles.sources.push.tokens import new_token, token_entry

_EXIT_UNSOUND = 1


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(inspect)
    app.command()(token)


def inspect(
    file: Annotated[Path, typer.Argument(help="OCMF records, OCPP requests, or a message.")],
    key: Annotated[
        str | None, typer.Option(help="The device's public key, hexadecimal or base64.")
    ] = None,
    community: Annotated[Path | None, typer.Option(help="The community file.")] = None,
    meter: Annotated[str | None, typer.Option(help="Code of the meter in it.")] = None,
    form: Annotated[str | None, typer.Option(help="Form of the content, such as alive/1.")] = None,
) -> None:
    """Show what a message says, whether its signature holds, and what of it counts.

    Exit code 1 if a signature does not hold.
    """
    found = _meter(community, meter)
    if key is None and found is not None and found.scheme.startswith("device-"):
        key = found.public_key.hex()
    sheet = inspect_file(file, Question(key, found, form))
    for line in str(sheet).split("\n"):
        typer.echo(logs.escape(line))
    if not sheet.sound:
        raise typer.Exit(_EXIT_UNSOUND)


def _meter(community: Path | None, code: str | None) -> Meter | None:
    if (community is None) != (code is None):
        raise InputError(
            "half of a meter is named",
            field="--meter",
            value=code,
            rule="--community FILE and --meter CODE together",
            remedy="give both or neither",
        )
    if community is None or code is None:
        return None
    found = catalog_of(load_community(community)).meters.get(code)
    if found is None:
        raise InputError(
            "no such meter",
            field="--meter",
            value=code,
            rule="the code of a meter of the community",
            remedy="see `usufruct plan` for the codes",
        )
    return found


def token(
    name: Annotated[str, typer.Argument(help="Name of the device or hub.")],
    meters: Annotated[
        list[str] | None, typer.Option("--meter", help="Codes it may speak for, * for any.")
    ] = None,
) -> None:
    """Make a token for HTTP push: shown once, with the entry for the tokens file."""
    secret = new_token()
    entry = token_entry(name, secret, meters or [])
    typer.echo(f"token: {secret}", err=True)
    typer.echo(entry)
