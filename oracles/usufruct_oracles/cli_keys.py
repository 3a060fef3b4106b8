"""The commands about keys: a new one for a rotation, and what to do when one has signed two things."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from usufruct.clock import SystemClock
from usufruct.contracts import telemetry_anchor as anchor
from usufruct.core.encoding import hex0x
from usufruct.core.signing import address_of
from usufruct.errors import ConfigError, InputError
from usufruct.keys import create_keystore, read_password
from usufruct_oracles import logs
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.equivocation import MOST_BYTES, verify
from usufruct_oracles.journal.database import Database
from usufruct_oracles.rotation import plan_rotation, steps
from usufruct_oracles.runtime import lay_ground
from usufruct_oracles.sightings import Sightings

Config = Annotated[Path, typer.Option("--config", help="The worker's TOML file.")]

equivocation = typer.Typer(
    name="equivocation",
    help="Signers that signed two different things for one place.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("rotate-key")(rotate_key)
    app.add_typer(equivocation)


def rotate_key(
    config: Config,
    out: Annotated[Path, typer.Option(help="The new keystore file; never overwritten.")],
    password_env: Annotated[
        str | None, typer.Option(help="Environment variable with its password.")
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="Or a file with it.")] = None,
) -> None:
    """Make a new encrypted key and say what has to be done until the worker signs with it.

    The key itself is never shown. Nothing is sent.
    """
    password, named = _password(password_env, password_file)
    ground = lay_ground(load_worker_config(config))
    signers, old = ground.view.signers, address_of(ground.key)
    plan_rotation(signers, old, "0x" + "00" * 20)  # before a key is made that could not be used
    new = create_keystore(out, password)
    where = ground.deployment.address("TelemetryAnchor")
    delay = ground.client.call(where, anchor.signers_delay())
    rotation = plan_rotation(signers, old, new)
    for line in steps(rotation, where, delay, str(out.resolve()), named):
        typer.echo(logs.escape(line))


def _password(env: str | None, file: Path | None) -> tuple[str, str]:
    """The password, and how the configuration names it."""
    if (env is None) == (file is None):
        raise InputError(
            "the new keystore needs a password",
            field="--password-env",
            value="nothing" if env is None else "two",
            rule="one of --password-env NAME and --password-file PATH",
            remedy="put a long random password into one of them",
        )
    if file is not None:
        return read_password(file), f'password_file = "{file.resolve()}"'
    password = os.environ.get(env or "", "")
    if not password:
        raise ConfigError(
            f"environment variable {env} is not set",
            field="--password-env",
            value=env,
            rule="the variable holds the new keystore's password",
            remedy=f"export {env}=… before",
        )
    return password, f'password_env = "{env}"'


@contextmanager
def _sightings(config: Path) -> Iterator[Sightings]:
    database = Database(load_worker_config(config).journal)
    try:
        yield Sightings(database)
    finally:
        database.close()


@equivocation.command("list")
def list_command(
    config: Config,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write the proofs into, one file each.")
    ] = None,
) -> None:
    """List the proofs this worker has stored; with --out, write them for others to verify."""
    with _sightings(config) as sightings:
        found = sightings.proofs()
    for each in found:
        state = "BARRED" if each.released_at is None else f"released: {each.reason}"
        typer.echo(logs.escape(f"{each.id}  {each.signer}  {each.place}  {state}"))
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"equivocation-{each.id}.json"
            path.write_bytes(each.document)
            typer.echo(f"    {path}")
    if not found:
        typer.echo("no signer is known to have signed two different things")


@equivocation.command("verify")
def verify_command(file: Annotated[Path, typer.Argument(help="A proof.")]) -> None:
    """Check a proof by itself, without a journal, a configuration or a chain."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror}",
            field="FILE",
            value=str(file),
            rule="a proof as `equivocation list --out` writes it",
            remedy="check the path",
        ) from error
    found = verify(data)
    typer.echo(f"{found.signer} signed two different messages for {found.place}")
    for digest in found.digests:
        typer.echo(f"  digest {hex0x(digest)}")
    typer.echo(f"  on chain {found.domain.chain_id} for the contract {found.domain.contract}")


@equivocation.command("release")
def release_command(
    signer: Annotated[str, typer.Argument(help="Address of the signer.")],
    config: Config,
    reason: Annotated[str, typer.Option(help="Why it may count again; it is recorded.")],
) -> None:
    """Let a signer count again, after a person has found out what happened. The proof stays stored."""
    with _sightings(config) as sightings:
        count = sightings.release(signer, reason, SystemClock().now())
    typer.echo(f"released {signer}: {count} proofs" if count else "nothing bars this signer")
