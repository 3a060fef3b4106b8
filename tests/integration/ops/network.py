"""A village on a network without fees: real programs, encrypted keys, and a chain whose clock nobody moves."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from tests.support import communities, forks
from tests.support.another_node import CHAIN_ID
from tests.support.ports import free_port

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender
from usufruct.config import load_community
from usufruct.contracts import Address, address, settlement_currency
from usufruct.contracts import statement_book as sb
from usufruct.core.signing import public_key
from usufruct.deploy.record import Deployment, load_deployment, record_path
from usufruct.keys import dev_meter_key, load_key
from usufruct_oracles.simulate import write_month

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[3]
WORKERS = ("alpha", "beta", "gamma")
STREAMS = {1: "WATER", 3: "VPP"}
OFFICES = {0: "admin", 1: "treasurer", 2: "guardian", 3: "auditor", 7: "oracle_admin", 9: "manager"}
"""Who stands in for which development account of the village."""
KEYS = ("admin", "treasurer", "auditor", "oracle_admin", "operator", *WORKERS)
PASSWORD = "NETWORK_PASSWORD"
SECRET = "NETWORK_SECRET"
PARTS = tuple(
    f"usufruct.{part}.cli"
    for part in ("deploy", "keeper", "api", "proof", "exports", "exports.bank", "ops")
)
"""Of the platform's program, those whose commands are run."""
_PATIENCE = 180.0


def last_month() -> str:
    """The last whole month, in the village's time zone: a period that is over when the test begins."""
    today = dt.datetime.now(dt.UTC) + dt.timedelta(hours=8)
    return (today.replace(day=1) - dt.timedelta(days=1)).strftime("%Y-%m")


@dataclass
class Network:
    """The village's machines.

    Attributes:
        folder: Holds everything.
        rpc: The node; commands and workers may be told of another.
        chain_id: Its chain's.
        month: The period's month.
        password: Opens every keystore.
        secret: The workers' privacy secret.
        accounts: Address of each office and worker.
    """

    folder: Path
    rpc: str
    chain_id: int = CHAIN_ID
    month: str = field(default_factory=last_month)
    password: str = field(default_factory=lambda: secrets.token_hex(16))
    secret: str = field(default_factory=lambda: secrets.token_hex(24))
    accounts: dict[str, Address] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    # --- Places ---

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def community(self) -> Path:
        return self.folder / "community.toml"

    @property
    def deployment(self) -> Deployment:
        return load_deployment(record_path(self.state, self.chain_id))

    def keystore(self, name: str) -> Path:
        return self.folder / "keys" / f"{name}.json"

    def key(self, name: str) -> str:
        """How a command is told of a key."""
        return f"keystore:{self.keystore(name)}:{PASSWORD}"

    def private_key(self, name: str) -> bytes:
        return load_key(
            {"keystore": str(self.keystore(name)), "password_env": PASSWORD}, chain_id=self.chain_id
        )

    # --- Setting up ---

    def make_keys(self) -> None:
        """Encrypted keys for all who sign, and addresses nobody signs for."""
        os.environ[PASSWORD], os.environ[SECRET] = self.password, self.secret
        (self.folder / "keys").mkdir(mode=0o700)
        for name in KEYS:
            self.accounts[name] = _store(self.keystore(name), self.password)
        for name in ("guardian", "manager", "holder-10", "holder-11"):
            self.accounts[name] = address(secrets.token_bytes(20))

    def write_community(self, codes: Container[str] = tuple(STREAMS.values())) -> None:
        """The village with own accounts and meter keys, and windows that a test can wait for; some of its streams."""
        streams = [
            replace(communities.WATER, series=communities.Series("WATER-A", "Water", "VWATR")),
            replace(communities.VPP, series=communities.Series("VPP-A", "Homes", "VHOME")),
        ]
        streams = [each for each in streams if each.code in codes]
        people = {"Ada": 10, "Ben": 11}
        text = communities.document("VILLAGE", streams, first_period=self.month, people=people)
        text = text.replace('challenge_window = "3d"', 'challenge_window = "8s"')
        text = re.sub(r"holders = \[.*\]", self._holders(), text)
        dev = text
        for number, worker in zip((4, 5, 6), WORKERS, strict=True):
            text = text.replace(f'"dev:{number}"', f'"{self.accounts[worker]}"')
        for number, office in OFFICES.items():
            text = text.replace(f'"dev:{number}"', f'"{self.accounts[office]}"')
        for number in (10, 11):
            text = text.replace(f'"dev:{number}"', f'"{self.accounts[f"holder-{number}"]}"')
        self.community.write_text(_own_meters(text))
        simulated = self.folder / "simulated.toml"
        simulated.write_text(dev)
        write_month(
            load_community(simulated), self.month, self.folder / "inbox", seed=3, faults=False
        )

    @staticmethod
    def _holders() -> str:
        return 'holders = [{ wallet = "dev:10", units = 67 }, { wallet = "dev:11", units = 33 }]'

    # --- Programs ---

    def run(self, *command: str, code: int = 0, stdin: str | None = None) -> str:
        """The output of a command that ends with `code`."""
        if command[0] == "usufruct":
            done = forks.run("usufruct.cli:main", command, loaded=PARTS, folder=self.folder)
        else:
            done = subprocess.run(
                command,
                cwd=self.folder,
                input=stdin,
                capture_output=True,
                check=False,
                text=True,
                timeout=_PATIENCE,
            )
        self.note("commands", (done.stdout + done.stderr).encode())
        assert done.returncode == code, (command, done.stdout, done.stderr)
        return done.stdout

    def at(self, *command: str, rpc: str = "") -> tuple[str, ...]:
        """A command of the platform with a node, by default the network's, and the network's state."""
        return (*command, "--rpc", rpc or self.rpc, "--state", str(self.state))

    def note(self, name: str, text: bytes) -> None:
        """Keeps what a program said."""
        with (self.folder / f"{name}.log").open("ab") as file:
            file.write(text)

    def start(self, name: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A program that goes on, its output in a log."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                cwd=self.folder,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.running.append(process)
        return process

    def stop_all(self) -> None:
        """Ends what still runs."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()
        for process in self.running:
            process.wait(40)

    def start_workers(self, nodes: Sequence[str] = ()) -> list[str]:
        """Three workers, each with its own keystore, and its own of the nodes if some are given; their addresses."""
        ports = [free_port() for _ in WORKERS]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        for name, port, node in zip(WORKERS, ports, nodes or [self.rpc] * 3, strict=True):
            peers = "".join(
                f'[[worker.peers]]\nname = "{other}"\nurl = "{url}"\n'
                for other, url in zip(WORKERS, urls, strict=True)
                if other != name
            )
            config = self.folder / f"{name}.toml"
            config.write_text(
                f'[worker]\nname = "{name}"\ncommunity = "{self.community}"\nrpc = "{node}"\n'
                f'deployment = "{record_path(self.state, self.chain_id)}"\njournal = "{name}.sqlite"\n'
                f'listen = "127.0.0.1:{port}"\npoll = "200ms"\ntakeover = "5s"\ngrace = "60d"\n'
                f'key = {{ keystore = "{self.keystore(name)}", password_env = "{PASSWORD}" }}\n'
                f'privacy_secret = {{ env = "{SECRET}" }}\n{peers}'
                f'[source]\nkind = "csv"\ninbox = "{self.folder / "inbox"}"\n'
            )
            self.start(name, "usufruct-oracle", "run", "--config", str(config), "--json-logs")
        return urls

    def serve(
        self, name: str, state: Path, *more: str, **environment: str
    ) -> tuple[str, subprocess.Popen[bytes]]:
        """The platform's server on a state folder; its address, once it is ready. `more` are further options."""
        url = f"http://127.0.0.1:{(port := free_port())}"
        process = self.start(
            name,
            *("usufruct", "serve", "--rpc", self.rpc, "--state", str(state), "--port", str(port)),
            *("--community", str(self.community), "--poll-seconds", "0.3", "--log-json", *more),
            **{"USUFRUCT_EVIDENCE_SECONDS": "1", **environment},
        )
        self.wait(f"{name} to be ready", lambda: answers(f"{url}/ready"))
        return url, process

    def wait(self, what: str, done: Callable[[], object], seconds: float = _PATIENCE) -> None:
        """Until `done`; a program that ended by itself, or the time, fails the test."""
        deadline = time.monotonic() + seconds
        while not done():
            dead = [
                each.args for each in self.running if each.poll() not in (None, 0, -signal.SIGTERM)
            ]
            assert not dead, (dead, self.logs())
            assert time.monotonic() < deadline, (
                f"waited {seconds} s for {what}: {self.logs()[-3000:]}"
            )
            time.sleep(0.2)

    def logs(self) -> str:
        """All that any program said."""
        return "\n".join(
            path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log"))
        )

    # --- The chain ---

    def record(self, client: ChainClient, stream: int) -> sb.Record:
        return client.call(self.deployment.address("StatementBook"), sb.record_of(stream, 1))

    def mint(self, client: ChainClient, stream: str, amount: int) -> None:
        """The operator gets test money from the treasurer."""
        with Outbox(self.state / "treasurer.sqlite") as outbox:
            call = settlement_currency.mint(self.accounts["operator"], amount)
            Sender(client, self.private_key("treasurer"), outbox).submit(
                f"mint/{stream}", self.deployment.address("SettlementCurrency"), call.data
            )

    def secrets_used(self) -> Mapping[str, str]:
        """Everything that no log may show."""
        keys = {name: self.private_key(name).hex() for name in KEYS}
        return {"password": self.password, "privacy secret": self.secret, **keys}


def _store(path: Path, password: str) -> Address:
    """A new keystore that opens fast, and is opened again and again: most of a real one's cost is that it does not."""
    account = Account.create()
    path.write_text(json.dumps(account.encrypt(password, kdf="scrypt", iterations=1 << 10)))
    path.chmod(0o600)
    return address(account.address)


def _own_meters(text: str) -> str:
    """The meters' public keys in place of "dev", which is refused on any chain but Anvil's."""

    def block(found: re.Match[str]) -> str:
        prefix = re.search(r'prefix = "(\w+)"', found[0])
        scheme = re.search(r'scheme = "([\w-]+)"', found[0])
        assert prefix is not None
        assert scheme is not None
        key = public_key(scheme[1], dev_meter_key(f"{prefix[1]}-01"))
        return found[0].replace('key = "dev"', f'key = "0x{key.hex()}"')

    return re.sub(r"\[\[meters\]\].*?(?=\n\[)", block, text, flags=re.DOTALL)


def answers(url: str) -> bool:
    """Whether a GET gives 200."""
    try:
        return httpx.get(url, timeout=3, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def items(url: str, path: str) -> list[Any]:
    """All items of a list of the API."""
    answer = httpx.get(url + path, timeout=30, trust_env=False)
    answer.raise_for_status()
    body = answer.json()
    assert not body.get("has_more")
    found: list[Any] = body["data"]
    return found
