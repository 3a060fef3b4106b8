"""The resolved community: plain frozen records with every reference, unit and time worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from usufruct.config.model_rights import Offering, Participant, Series
from usufruct.config.model_streams import Meter, Stream
from usufruct.config.model_waterfalls import Waterfall
from usufruct.contracts import Address
from usufruct.core.periods import period_bounds
from usufruct.money import Currency

__all__ = [
    "Community",
    "Delays",
    "DevReference",
    "Jurisdiction",
    "Oracle",
    "Project",
    "Votes",
]


@dataclass(frozen=True, slots=True)
class Project:
    """The operating unit.

    Attributes:
        code: Short code, ASCII.
        name: Name for people.
        label: What kind of data it runs on, e.g. `synthetic`.
        timezone: IANA zone of its calendar.
        gfa_m2: Gross floor area in square metres.
        households: Number of households.
        first_period: First period as "YYYY-MM"; periods are calendar months.
        salt: Secret that salts identity and serial hashes.
    """

    code: str
    name: str
    label: str
    timezone: str
    gfa_m2: int
    households: int
    first_period: str
    salt: str = field(repr=False)

    @property
    def start(self) -> int:
        """Unix time at which the first period begins."""
        return period_bounds(self.first_period, 1, self.timezone)[0]


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that changes wait in public.

    Attributes:
        signers: A new table of oracle signers.
        rules: New waterfall rules.
        admin: A new administrator, and a change of which office may call what.
        grant: A grant of an office, by office.
        execution: A call of an office after its announcement, by office.
        policy: A change of the jurisdiction policy.
        bond: A withdrawal from an operator's bond after its announcement.
    """

    signers: int
    rules: int
    admin: int = 0
    grant: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    execution: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    policy: int = 0
    bond: int = 0


@dataclass(frozen=True, slots=True)
class Votes:
    """How holders and owners decide, fixed at deployment.

    Attributes:
        holders: Seconds in which holders vote.
        approval: Seconds that their approval can be used.
        proposal_bp: Least share of the units of a holder who proposes, basis points.
        quorum: Part of the units that must vote: numerator, denominator, whether to be exceeded.
        majority: Part of yes and no that must be yes, in the same form.
        owners: Seconds in which owners vote.
    """

    holders: int
    approval: int
    proposal_bp: int
    quorum: tuple[int, int, bool]
    majority: tuple[int, int, bool]
    owners: int


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What must be filed before units move, at first.

    Attributes:
        mode: Number of the mode in JurisdictionPolicy.
        cool_off: Seconds from the recording of a filing to the end of the lock.
    """

    mode: int
    cool_off: int


@dataclass(frozen=True, slots=True)
class Oracle:
    """The oracle quorum.

    `threshold` of `signers` (ascending by address, as the contract wants them).
    """

    threshold: int
    signers: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class DevReference:
    """A place of the file that names a development account or key."""

    field: str
    line: int
    value: str


@dataclass(frozen=True, slots=True)
class Community:
    """Everything in a community file, resolved.

    Attributes:
        file: Path of the file.
        project: The operating unit.
        currency: Settlement currency.
        currency_name: Its name.
        delays: Waiting times.
        roles: Accounts by office (keys as in PEOPLE_ROLES); an office may be vacant.
        oracle: The oracle quorum.
        votes: How holders and owners decide.
        jurisdiction: What must be filed before units move.
        streams: In the order of the file.
        meters: In the order of the file, groups expanded.
        participants: In the order of the file.
        series: In the order of the file.
        offerings: In the order of the file.
        waterfalls: In the order of the file.
        dev_accounts: Number of the development account by address, for those the file names.
        dev_references: Where the file names development accounts and keys.
        lines: Line of each field, by dotted path.
    """

    file: str
    project: Project
    currency: Currency
    currency_name: str
    delays: Delays
    roles: Mapping[str, tuple[Address, ...]]
    oracle: Oracle
    votes: Votes
    jurisdiction: Jurisdiction
    streams: tuple[Stream, ...]
    meters: tuple[Meter, ...]
    participants: tuple[Participant, ...]
    series: tuple[Series, ...]
    offerings: tuple[Offering, ...]
    waterfalls: tuple[Waterfall, ...]
    dev_accounts: Mapping[str, int] = field(repr=False)
    dev_references: tuple[DevReference, ...] = field(repr=False)
    lines: Mapping[str, int] = field(repr=False)

    def stream(self, code: str) -> Stream:
        """The stream with that code; KeyError if there is none."""
        return {stream.code: stream for stream in self.streams}[code]

    def streams_in_order(self) -> tuple[Stream, ...]:
        """The streams, each after those it depends on."""
        order: dict[str, Stream] = {}
        for stream in self.streams:
            self._place(stream, order)
        return tuple(order.values())

    def _place(self, stream: Stream, order: dict[str, Stream]) -> None:
        for code in stream.depends_on:
            self._place(self.stream(code), order)
        order.setdefault(stream.code, stream)
