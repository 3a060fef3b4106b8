"""The processes of the demo: chain, three oracle workers, server, keeper; started by their command lines."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demonstrate.anvil import CHAIN_ID, Anvil
from demonstrate.api import Api, answers
from demonstrate.options import Options
from demonstrate.processes import ProcessFailed, Stack, free_port
from usufruct.contracts import Address
from usufruct.keys import dev_address

BIN = Path(sys.executable).parent
WORKERS = 3
_FIRST_WORKER_ACCOUNT = 4
DRIFTING, KILLED, LIAR = range(WORKERS)
"""What goes wrong with which worker where faults are asked for."""
DRIFT = 5_000, 0.5
"""By how many seconds the clock is wrong, and by how many more each second."""


@dataclass(frozen=True, slots=True)
class Places:
    """Files and folders of one demo state."""

    state: Path

    @property
    def chain(self) -> Path:
        """Anvil's state."""
        return self.state / "anvil.json"

    @property
    def deployment(self) -> Path:
        """Record of the deployed contracts."""
        return self.state / "deployments" / f"{CHAIN_ID}.json"

    @property
    def ledger(self) -> str:
        """Database URL of the platform."""
        return f"sqlite:///{self.state / 'ledger.db'}"

    @property
    def secret(self) -> Path:
        """Privacy secret that the three workers share."""
        return self.state / "privacy.secret"

    def inbox(self, worker: int) -> Path:
        """Drop folder of a worker."""
        return self.state / f"worker-{worker}" / "inbox"

    def proof(self, payout: str) -> Path:
        """Where a payout's proof is kept."""
        return self.state / "proofs" / f"{payout}.json"


def command(name: str, *arguments: str, quiet: bool = True) -> str:
    """Run one of the product's commands to its end and return its output.

    Raises:
        ProcessFailed: It ended with another code than 0.
    """
    argv = [str(BIN / name), *arguments]
    done = subprocess.run(argv, capture_output=quiet, text=True, check=False)
    if done.returncode:
        said = f"\n{done.stdout}{done.stderr}" if quiet else ""
        raise ProcessFailed(
            f"{' '.join([name, *arguments])} ended with code {done.returncode}{said}"
        )
    return done.stdout or ""


def write_secret(places: Places, seed: int) -> None:
    """A demo secret that follows from the seed, so that the same seed gives the same roots."""
    if not places.secret.exists():
        digest = hashlib.sha256(f"usufruct demo privacy secret/{seed}".encode()).hexdigest()
        places.secret.touch(mode=0o600)
        places.secret.write_text(digest + "\n")


class Workers:
    """Three oracle workers, each with its own key, journal and drop folder."""

    def __init__(
        self,
        processes: Stack,
        places: Places,
        community: Path,
        anvil: Anvil,
        *,
        drifting: bool = False,
    ) -> None:
        self._processes = processes
        self.places = places
        self.ports = [free_port() for _ in range(WORKERS)]
        self.urls = [f"http://127.0.0.1:{port}" for port in self.ports]
        for worker in range(WORKERS):
            config = places.state / f"worker-{worker}" / "worker.toml"
            places.inbox(worker).mkdir(parents=True, exist_ok=True)
            config.write_text(self._config(worker, community, anvil))
            program = [str(BIN / "usufruct-oracle")]
            if drifting and worker == DRIFTING:
                program = [sys.executable, "-m", "demonstrate.wrong_clock", *map(str, DRIFT)]
            processes.start(f"worker-{worker}", [*program, "run", "--config", str(config)])

    @staticmethod
    def address(worker: int) -> Address:
        """Address with which a worker signs."""
        return dev_address(_FIRST_WORKER_ACCOUNT + worker)

    def _config(self, worker: int, community: Path, anvil: Anvil) -> str:
        peers = "".join(
            f'\n[[worker.peers]]\nname = "worker-{other}"\nurl = "{self.urls[other]}"\n'
            for other in range(WORKERS)
            if other != worker
        )
        folder = self.places.state / f"worker-{worker}"
        return f"""# Written by scripts/demo.
[worker]
name = "worker-{worker}"
community = "{community}"
deployment = "{self.places.deployment}"
rpc = "{anvil.url}"
journal = "{folder / "journal.db"}"
listen = "127.0.0.1:{self.ports[worker]}"
key = {{ dev = {_FIRST_WORKER_ACCOUNT + worker} }}
privacy_secret = {{ file = "{self.places.secret}" }}
poll = "1s"
takeover = "5s"
grace = "60d"  # the demo moves the clock past the challenge window before the next month is fed
{peers}
[source]
kind = "csv"
inbox = "{self.places.inbox(worker)}"
"""

    def wait(self) -> None:
        """Wait until every worker answers."""
        self._processes.wait_until(
            "the workers", lambda: all(answers(f"{u}/health") for u in self.urls), 60
        )


def serve(
    options: Options,
    processes: Stack,
    places: Places,
    anvil: Anvil,
    community: Path,
    workers: Workers,
) -> Api:
    """Start the indexer, the payout query API and the pages."""
    port = options.port or free_port()
    argv = [
        *(str(BIN / "usufruct"), "serve", "--rpc", anvil.url, "--community", str(community)),
        *("--deployment", str(places.deployment), "--database", places.ledger),
        *("--host", "127.0.0.1", "--port", str(port), "--poll-seconds", "0.3"),
        *("--reader-rpc", anvil.url),
    ]
    for url in workers.urls:
        argv += ["--worker", url]
    processes.start("server", argv, {"USUFRUCT_EVIDENCE_SECONDS": "1"})
    return Api(f"http://127.0.0.1:{port}")


def feed(places: Places, month: Path, chosen: Callable[[Path], bool]) -> int:
    """Hand the chosen ones of a month's files to every worker, signatures first; returns their number."""
    files = [csv for csv in sorted(month.glob("*/*.csv")) if chosen(csv)]
    for worker in range(WORKERS):
        for csv in files:
            target = places.inbox(worker) / csv.parent.name
            target.mkdir(parents=True, exist_ok=True)
            for source in (csv.with_suffix("").with_suffix(".sig.json"), csv):
                if source.exists():
                    draft = target / f".{source.name}.part"
                    shutil.copyfile(source, draft)
                    draft.replace(target / source.name)
    return len(files)
