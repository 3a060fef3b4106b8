"""Making source files: signing meter-days with development keys, and putting files into a drop folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from usufruct.config import Meter
from usufruct.core.signing import sign_record
from usufruct.errors import ConfigError
from usufruct.keys import dev_meter_key
from usufruct_oracles.sources.base import SourceFile
from usufruct_oracles.sources.corrections import SUFFIX, correction_payload, corrections_csv
from usufruct_oracles.sources.records import Signed, record_payload, signatures_bytes


def sign_day(meter: Meter, day: str, lines: Sequence[str], *, forged: bool = False) -> Signed:
    """The signature of a meter's day with its development key.

    Args:
        meter: The meter.
        day: Local day.
        lines: Its lines, in file order; none for "alive, nothing happened".
        forged: Whether to sign with a key that is not the meter's.

    Raises:
        ConfigError: The meter has a key of its own.
    """
    return _sign(meter, record_payload(meter.stream, meter.code, day, lines), forged=forged)


def corrections_file(
    meter: Meter, day: str, lines: Sequence[str], *, label: str = "", forged: bool = False
) -> SourceFile:
    """A corrections file of one meter's readings of a day, signed with its development key.

    Raises:
        ConfigError: The meter has a key of its own.
    """
    place = f"{day}.{label}{SUFFIX}" if label else day + SUFFIX
    payload = correction_payload(meter.stream, meter.code, day, lines)
    signed = signatures_bytes(meter.stream, place, [_sign(meter, payload, forged=forged)])
    return SourceFile("corrections", meter.stream, place, corrections_csv(lines), signed)


def _sign(meter: Meter, payload: bytes, *, forged: bool) -> Signed:
    if not meter.dev:
        raise ConfigError(
            f"meter {meter.code} has a key of its own",
            field="meters.key",
            value=meter.code,
            rule="only development keys are known here",
            remedy='use a community whose meters have key = "dev"',
        )
    key = dev_meter_key(f"{meter.code} forged" if forged else meter.code)
    return Signed(meter.code, meter.scheme, sign_record(meter.scheme, key, payload))


def drop(file: SourceFile, inbox: Path) -> Path:
    """Puts a file into a drop folder as protocol §4 says: signatures first, the CSV by a rename."""
    path = inbox / file.stream / f"{file.day}.csv"
    if file.signatures is not None:
        replace(path.with_suffix(".sig.json"), file.signatures)
    replace(path, file.csv)
    return path


def replace(path: Path, content: bytes) -> None:
    """Writes a file so that a reader sees the old or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
