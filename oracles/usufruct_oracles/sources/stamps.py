"""Times as tables write them: with an offset, as unix time, or naive in a stated zone with a stated policy.

A naive time in the hour that the clock skips does not exist, and one in the hour that it repeats is two
moments. Nothing is guessed: the mapping says what is meant, and without a word both are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from usufruct.core.periods import zone
from usufruct.errors import InputError
from usufruct_oracles.validation.rows import LATEST

REPEATED = ("refuse", "first", "second", "sequence")
"""Policies for the hour that the clock repeats; `sequence`: the second time a table comes to it."""
SKIPPED = ("refuse", "shift")
"""Policies for the hour that the clock skips; `shift`: taken as the hour after."""
FORMATS = ("iso", "unix", "unix-ms")
"""Formats with a name; others are strptime patterns."""

_WHOLE = re.compile(r"\d{1,14}", re.ASCII)
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.0{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_MIDNIGHT = re.compile(r"24:00(:00)?")
_THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Stamp:
    """How a column of times is read.

    Attributes:
        format: `iso`, `unix`, `unix-ms` or a strptime pattern.
        zone: IANA zone of times without an offset; "" if there are none.
        repeated: One of `REPEATED`.
        skipped: One of `SKIPPED`.
        midnight24: Whether 24:00 is the end of its day; refused otherwise.
    """

    format: str = "iso"
    zone: str = ""
    repeated: str = "refuse"
    skipped: str = "refuse"
    midnight24: bool = False

    def moment(self, text: str, before: int | None) -> int:
        """Unix seconds of a time.

        Args:
            text: The time, as in the table.
            before: The moment of the row before it, for the policy `sequence`.

        Raises:
            InputError: Not such a time, or one that the policies refuse.
        """
        if self.format in {"unix", "unix-ms"}:
            return self._unix(text)
        text, days = self._without_24(text)
        found = self._naive(text) + timedelta(days=days)
        if found.tzinfo is not None:
            return _bounded(int(found.timestamp()), text)
        if not self.zone:
            raise _bad(text, "a time with an offset: the mapping names no zone", 'add zone = "…"')
        return _bounded(self._local(found, text, before), text)

    def _unix(self, text: str) -> int:
        if _WHOLE.fullmatch(text) is None:
            raise _bad(text, "whole digits of unix time", "correct the cell")
        number = int(text)
        if self.format == "unix-ms":
            number, rest = divmod(number, _THOUSAND)
            if rest:
                raise _bad(text, "milliseconds of a whole second", "correct the cell")
        return _bounded(number, text)

    def _without_24(self, text: str) -> tuple[str, int]:
        """The text with 24:00 written as 00:00, and the days to add for it."""
        if _MIDNIGHT.search(text) is None:
            return text, 0
        if not self.midnight24:
            raise _bad(
                text, "hours up to 23", "set midnight24 = true if 24:00 is the end of its day"
            )
        return _MIDNIGHT.sub(lambda match: "00:00" + (match[1] or ""), text, count=1), 1

    def _naive(self, text: str) -> datetime:
        try:
            if self.format != "iso":
                return datetime.strptime(text, self.format)  # noqa: DTZ007 - the zone comes next
            match = _ISO.fullmatch(text)
            if match is not None:
                day, minute, second, offset = match.groups()
                return datetime.fromisoformat(f"{day}T{minute}:{second or '00'}{offset or ''}")
        except ValueError:
            pass
        raise _bad(text, f"a time of the format {self.format}, whole seconds", "correct the cell")

    def _local(self, naive: datetime, text: str, before: int | None) -> int:
        place = zone(self.zone)
        first, second = (int(naive.replace(tzinfo=place, fold=fold).timestamp()) for fold in (0, 1))
        if first == second:
            return first
        if datetime.fromtimestamp(first, place).replace(tzinfo=None) != naive:
            if self.skipped == "shift":
                return first
            raise _bad(
                text, f"a time that exists in {self.zone}", 'correct it, or set skipped = "shift"'
            )
        if self.repeated == "refuse":
            raise _bad(
                text,
                f"one moment: in {self.zone} it is two",
                'set repeated = "first", "second" or "sequence"',
            )
        if self.repeated == "sequence":
            return first if before is None or first > before else second
        return first if self.repeated == "first" else second


def _bounded(moment: int, text: str) -> int:
    if not 0 <= moment < LATEST:
        raise _bad(text, "a time from 1970 on", "correct the cell")
    return moment


def _bad(text: str, rule: str, remedy: str) -> InputError:
    return InputError("not a time", field="time", value=text, rule=rule, remedy=remedy)
