"""Small synthetic communities: one document for all, told by its streams, and its contracts on a test chain.

Development accounts fill the offices: 0 admits and issues, 1 keeps the money, 4 to 6 sign for the oracle.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.anvil import CHAIN_ID, Anvil, running_anvil

from usufruct.chain.client import ChainClient
from usufruct.config import Community, load_community
from usufruct.deploy.apply import apply
from usufruct.deploy.record import Deployment, load_deployment, record_path

ZONE: Final = "Asia/Shanghai"
MONTH: Final = "2027-02"
DAYS: Final = 28
"""Days of that month."""
SALT: Final = "the salt of a test, which nobody needs to keep"
ADA: Final = {"Ada": 10}
"""The holder, and the number of her development account."""


@dataclass(frozen=True)
class Meters:
    """A group of meters; the values are those of the document."""

    prefix: str
    first_id: int
    unit: str
    nameplate: str
    multiplier: str = "1000"
    interval: str | None = "6h"
    scheme: str = "gateway-secp256k1"
    count: int = 1


@dataclass(frozen=True)
class Series:
    """A series of which Ada has a hundred units, and to which all income of its stream goes."""

    code: str
    name: str
    symbol: str


@dataclass(frozen=True)
class Stream:
    """A stream with its meters; `rows` and `calendar` of its tariff are TOML."""

    id: int
    code: str
    kind: str
    base_unit: str
    rows: str
    calendar: str
    meters: tuple[Meters, ...]
    measure: str = "interval"
    privacy: str = "committed"
    series: Series | None = None


CISTERN: Final = Meters("cistern", 11, "mm", "2800000")
WATER: Final = Stream(
    id=1,
    code="WATER",
    kind="WATER",
    base_unit="L",
    rows='[{ id = "retained", price = "1.60", per = "m3" }]',
    calendar='[{ row = "retained" }]',
    meters=(CISTERN,),
    privacy="open",
)
EV: Final = Stream(
    id=2,
    code="EV",
    kind="PARKING",
    base_unit="Wh",
    rows='[{ id = "any", price = "0.42", per = "kWh" }]',
    calendar='[{ row = "any" }]',
    meters=(Meters("charger", 21, "kWh", "22000", interval=None, scheme="device-secp256k1"),),
    measure="session",
)
HOME: Final = Meters("home", 31, "kWh", "8000")
VPP: Final = Stream(
    id=3,
    code="VPP",
    kind="VPP",
    base_unit="Wh",
    rows='[{ id = "day", price = "0.54", per = "kWh" }, { id = "night", price = "0.21", per = "kWh" }]',
    calendar='[{ row = "day", from = "08:00", to = "22:00" }, { row = "night" }]',
    meters=(HOME,),
)

_HEAD = """\
schema = 1
[project]
code = "{code}"
name = "{code}"
label = "synthetic"
timezone = "{zone}"
gfa_m2 = 1_000
households = 4
first_period = "{first_period}"
salt = "{salt}"
[currency]
code = "USDX"
name = "Test Dollar"
decimals = 6
[delays]
signers = "2d"
rules = "7d"
[roles]
admin = ["dev:0"]
registrar = ["dev:0"]
issuer = ["dev:0"]
oracle_admin = ["dev:7"]
treasurer = ["dev:1"]
pauser = ["dev:2"]
guardian = ["dev:2"]
auditor = ["dev:3"]
policy = ["dev:3"]
fund_manager = ["dev:9"]
[oracle]
threshold = 2
signers = ["dev:4", "dev:5", "dev:6"]
"""
_STREAM = """\
[[stream]]
id = {id}
code = "{code}"
kind = "{kind}"
measure = "{measure}"
base_unit = "{base_unit}"
privacy = "{privacy}"
challenge_window = "3d"
funding_grace = "5d"
min_coverage = "95%"
max_estimated = "5%"
resolution_time = "7d"
unanswered_dispute = "dismiss"
[stream.tariff]
id = "{code}-tariff"
rows = {rows}
calendar = {calendar}
"""
_METERS = """\
[[meters]]
stream = "{stream}"
prefix = "{prefix}"
count = {count}
first_id = {first_id}
unit = "{unit}"
multiplier = "{multiplier}"
{interval}nameplate = "{nameplate}"
scheme = "{scheme}"
key = "dev"
calibrated_until = "2040-12-31"
"""
_PERSON = """\
[[participant]]
id = {number}
name = "{name}"
country = 344
class = "institution"
kyc_until = "2030-12-31"
wallets = ["dev:{number}"]
"""
_SERIES = """\
[[series]]
code = "{series.code}"
name = "{series.name}"
symbol = "{series.symbol}"
stream = "{stream}"
rank = "residual"
term = ["{first_period}", "2031-08"]
decimals = 0
classes = ["institution"]
min_ticket = 1
holders = [{{ wallet = "dev:10", units = 100 }}]
[[waterfall]]
stream = "{stream}"
steps = [
  {{ label = "holders", kind = "residual", payee = "series:{series.code}" }},
  {{ label = "owners", kind = "residual", payee = "dev:9" }},
]
"""


def document(
    code: str,
    streams: Sequence[Stream],
    *,
    zone: str = ZONE,
    first_period: str = MONTH,
    people: Mapping[str, int] = ADA,
) -> str:
    """The community's file; `people` are participants by name, each with the development account of its number."""
    parts = [_HEAD.format(code=code, zone=zone, first_period=first_period, salt=SALT)]
    parts += [_STREAM.format_map(vars(each)) for each in streams]
    parts += [_meters(each.code, group) for each in streams for group in each.meters]
    parts += [_PERSON.format(name=name, number=number) for name, number in people.items()]
    parts += [
        _SERIES.format(series=each.series, stream=each.code, first_period=first_period)
        for each in streams
        if each.series
    ]
    return "".join(parts)


def _meters(stream: str, group: Meters) -> str:
    interval = f'interval = "{group.interval}"\n' if group.interval else ""
    return _METERS.format_map(vars(group) | {"stream": stream, "interval": interval})


@dataclass(frozen=True)
class Deployed:
    """A community on a chain of its own.

    Attributes:
        folder: Holds its file, `community.toml`, and below `state` the record of its contracts.
        anvil: The chain.
        client: Its client.
        community: What the file says.
        deployment: Where its contracts are.
    """

    folder: Path
    anvil: Anvil
    client: ChainClient
    community: Community
    deployment: Deployment


@contextlib.contextmanager
def deployed(folder: Path, text: str, at: int | None = None) -> Iterator[Deployed]:
    """A document on a new chain whose time is `at`, by default a day before the first period.

    It is deployed once in a process, at 3 s of CPU; then chains begin with all that this left, block for block.
    """
    file = folder / "community.toml"
    file.write_text(text, "utf-8")
    community = load_community(file)
    begins = community.project.start - 86_400 if at is None else at
    left = _applied(text, begins)
    for name, content in left.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with running_anvil(folder, "--timestamp", str(begins)) as anvil:
        anvil.rpc("anvil_loadState", left.chain)
        anvil.rpc("evm_increaseTime", left.time - begins + 1)  # the node counts from its own start
        record = load_deployment(record_path(folder / "state", CHAIN_ID))
        yield Deployed(folder, anvil, ChainClient(anvil.url), community, record)


@dataclass(frozen=True)
class _Applied:
    """What a deployment leaves: the chain as its node writes it down, its time, and the state's files by name."""

    chain: str
    time: int
    files: Mapping[str, bytes]


@cache
def _applied(text: str, begins: int) -> _Applied:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "community.toml"
        file.write_text(text, "utf-8")
        with running_anvil(folder, "--timestamp", str(begins)) as anvil:
            client = ChainClient(anvil.url)
            apply(load_community(file), client, folder / "state", [])
            chain, time = anvil.rpc("anvil_dumpState"), client.block().timestamp
        files = [each for each in (folder / "state").rglob("*") if each.is_file()]
        kept = {str(each.relative_to(folder)): each.read_bytes() for each in files}
    return _Applied(chain, time, kept)
