"""The resolved community: plain frozen records with every reference, unit and time worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from usufruct.config.model_waterfalls import Kpi, Trigger, Waterfall, WaterfallStep
from usufruct.contracts import Address
from usufruct.core.periods import period_bounds
from usufruct.core.tariffs import Tariff
from usufruct.money import Currency

__all__ = [
    "CLASSES",
    "CONTRACT_ROLES",
    "KINDS",
    "PEOPLE_ROLES",
    "RANKS",
    "ROLES",
    "Community",
    "Delays",
    "DevReference",
    "Estimation",
    "Holder",
    "Jurisdiction",
    "Kpi",
    "Meter",
    "Oracle",
    "Participant",
    "Project",
    "Series",
    "Stream",
    "Trigger",
    "Votes",
    "Waterfall",
    "WaterfallStep",
]

KINDS: Final[Mapping[str, int]] = MappingProxyType(
    {"SUBUNIT": 1, "PARKING": 2, "STORAGE": 3, "VPP": 4, "WATER": 5, "DATA": 6}
)
"""Technologies of a stream and their numbers in StreamRegistry."""
CLASSES: Final[Mapping[str, int]] = MappingProxyType(
    {"retail": 1, "professional": 2, "institution": 3}
)
"""Investor classes and their numbers in ParticipantRegistry.

The number is the bit in a series' mask.
"""
RANKS: Final[Mapping[str, int]] = MappingProxyType(
    {"senior": 0, "mezzanine": 1, "junior": 2, "residual": 3}
)
"""Ranks of a series and their numbers in its terms."""
ROLES: Final[tuple[str, ...]] = (
    "admin",
    "registrar",
    "issuer",
    "oracle_admin",
    "treasurer",
    "pauser",
    "guardian",
    "auditor",
    "placement",
    "voting",
    "policy",
    "fund_manager",
    "chamber",
)
"""Offices, in the order of their role numbers: `admin` is AccessManager's own role 0."""
CONTRACT_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {"placement": "Offering", "voting": "HolderVote", "chamber": "ObjectiveDisputes"}
)
"""Offices that a contract of the project holds, not a person: the contract by office."""
PEOPLE_ROLES: Final[tuple[str, ...]] = tuple(role for role in ROLES if role not in CONTRACT_ROLES)
"""Offices that people hold: the keys of `[roles]`."""


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
class Estimation:
    """How intervals that nobody measured are estimated, in this order; what remains is missing.

    Attributes:
        longest_gap: Most intervals in a row that are interpolated between their measured neighbours, 0 for none.
        weeks: Number of the weeks before whose measured values at the same weekday and time are averaged, 0 for
            none.
        last_year: Whether the measured value 52 weeks before is taken.
    """

    longest_gap: int
    weeks: int
    last_year: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """One income stream.

    Attributes:
        id: Number on the chain.
        code: Short code.
        kind: Technology, a key of KINDS.
        kind_code: Its number.
        measure: `interval`, `session` or `money`.
        base_unit: Unit of quantities: Wh, L, s, or `unit` (for money: one minor unit of the
            currency).
        committed: True if only commitments to readings leave the workers.
        challenge_window: Seconds from attestation to finality.
        funding_grace: Seconds that settlement waits for full funding.
        min_coverage_bp: Least share of expected readings, basis points.
        max_estimated_bp: Largest estimated share, basis points.
        resolution_time: Seconds the guardian has for a dispute.
        lapse_upholds: True if a dispute nobody resolves voids the statement.
        common_parts: True if the stream uses common parts, which the owners must have agreed to.
        owners_share_bp: Least share of the owners, first after tax, basis points.
        depends_on: Codes of streams that must be open before.
        tariff: Prices and calendar.
        start: Unix time at which the first period begins.
        estimation: How missing intervals are estimated, None for not at all.
    """

    id: int
    code: str
    kind: str
    kind_code: int
    measure: str
    base_unit: str
    committed: bool
    challenge_window: int
    funding_grace: int
    min_coverage_bp: int
    max_estimated_bp: int
    resolution_time: int
    lapse_upholds: bool
    common_parts: bool
    owners_share_bp: int
    depends_on: tuple[str, ...]
    tariff: Tariff
    start: int
    estimation: Estimation | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter.

    Attributes:
        id: Number on the chain.
        code: Name in source records, e.g. `home-01`.
        stream: Code of its stream.
        stream_id: Number of its stream.
        unit: Unit of source values.
        multiplier: Source value × multiplier = base units.
        interval: Seconds of an interval, None for session and money streams.
        nameplate: Most base units in an hour.
        scheme: Signature scheme, a key of `usufruct.core.signing.SCHEMES`.
        public_key: Compressed public key, 33 bytes.
        valid_from: Unix time from which the key is valid: the start of the first period.
        calibrated_until: Unix time at which the calibration ends: the end of the day in the file.
        dev: True if the key is derived from the code and accepted on the development chain only.
        place: Dotted path of its table in the file.
    """

    id: int
    code: str
    stream: str
    stream_id: int
    unit: str
    multiplier: Fraction
    interval: int | None
    nameplate: int
    scheme: str
    public_key: bytes
    valid_from: int
    calibrated_until: int
    dev: bool
    place: str


@dataclass(frozen=True, slots=True)
class Participant:
    """A person or institution that may hold units; the name never leaves the file.

    Attributes:
        id: Number, the same for all wallets.
        name: Name.
        country: ISO 3166-1 numeric code.
        class_name: Investor class, a key of CLASSES.
        class_code: Its number.
        kyc_until: Last valid day of the identity check, days since 1970-01-01.
        locked_until: Unix time before which the wallets may not send units, 0 for none.
        wallets: Addresses.
    """

    id: int
    name: str
    country: int
    class_name: str
    class_code: int
    kyc_until: int
    locked_until: int
    wallets: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """What a wallet is issued at the beginning."""

    wallet: Address
    units: int


@dataclass(frozen=True, slots=True)
class Series:
    """A series of income rights.

    Attributes:
        code: Short code.
        name: Name of the token.
        symbol: Symbol of the token.
        stream: Code of its stream.
        stream_id: Number of its stream.
        rank: A key of RANKS.
        rank_code: Its number.
        term_from: First period paid.
        term_to: Last period paid.
        decimals: Decimals of the units.
        class_mask: Allowed investor classes, bit by class number.
        countries: Allowed ISO numeric codes, empty for any.
        min_ticket: Least units of a holder.
        locked_until: Unix time before which units do not move, 0 for none.
        tail: Periods after the term in which arrears may still be paid.
        holder_cap: Participants that may hold units, 0 for any number.
        country_cap: Participants of one country that may hold units, 0 for any number.
        window_every: Seconds from one transfer window to the next, 0 for always open.
        window_length: Seconds that each window is open.
        consent: Whether a change of the waterfall's rules needs a vote of the holders.
        holders: First holders.
    """

    code: str
    name: str
    symbol: str
    stream: str
    stream_id: int
    rank: str
    rank_code: int
    term_from: int
    term_to: int
    decimals: int
    class_mask: int
    countries: tuple[int, ...]
    min_ticket: int
    locked_until: int
    tail: int
    holder_cap: int
    country_cap: int
    window_every: int
    window_length: int
    consent: bool
    holders: tuple[Holder, ...]

    @property
    def supply(self) -> int:
        """Units of all first holders."""
        return sum(holder.units for holder in self.holders)


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
