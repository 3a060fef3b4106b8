"""Whether the contracts are ours, what must always hold does, offices are as the file says, and nothing lags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import httpx

from usufruct.chain.client import ChainClient
from usufruct.config import Community
from usufruct.contracts import ZERO_ADDRESS, all_modules
from usufruct.deploy.grants import grants
from usufruct.deploy.health import examine
from usufruct.deploy.offices import offices
from usufruct.deploy.record import Deployment, artifact_name
from usufruct.deploy.site import Site
from usufruct.keeper.keeper import Keeper
from usufruct.keeper.site import DryRun, KeeperSite
from usufruct.keeper.status import late, status
from usufruct.ledger.database import Database
from usufruct.ledger.reads.places import CURSOR
from usufruct.money import Currency
from usufruct.ops.finding import Finding, Level

__all__ = ["contract_findings", "due_findings", "lag_findings", "role_findings", "worker_findings"]

_SHOWN: Final = 5
_TIMEOUT: Final = 5.0


def contract_findings(client: ChainClient, deployment: Deployment) -> Iterator[Finding]:
    """Each contract's code beside the artefact it should be of, then the contract that checks the others."""
    artifacts = {module.CONTRACT: module.artifact() for module in all_modules()}
    wrong = 0
    for name, where in deployment.contracts.items():
        expected = artifacts.get(artifact_name(name))
        if expected is None:
            continue
        reason = _differs(client.code(where), expected.deployed_bytecode, expected.immutables)
        if reason is not None:
            wrong += 1
            yield Finding(
                "contracts",
                name,
                Level.FAIL,
                f"{where}: {reason}",
                "check --rpc and the deployment record; if both are right, this version of the program is not the "
                "one that deployed: use that one",
            )
    if not wrong:
        text = f"{len(deployment.contracts)} contracts have the code of this version's artefacts"
        yield Finding("contracts", "code", Level.OK, text)
    yield from _health(client, deployment)


def _differs(code: bytes, expected: str, immutables: Sequence[tuple[int, int]]) -> str | None:
    """Why the code is not the artefact's, immutable values and addresses of libraries aside; None if it is."""
    if not code:
        return "there is no contract"
    digits = expected.removeprefix("0x")
    if len(code) * 2 != len(digits):
        return f"it has {len(code)} bytes of code instead of {len(digits) // 2}"
    found = bytearray(code)
    wanted = bytearray(_filled(digits))
    holes = [*immutables, *_link_holes(digits)]
    for start, length in holes:
        found[start : start + length] = wanted[start : start + length] = bytes(length)
    return None if found == wanted else "its code is another"


def _filled(digits: str) -> bytes:
    """The code with zeros where libraries' addresses are to be."""
    return bytes.fromhex(_zeroed(digits))


def _zeroed(digits: str) -> str:
    for start, length in _link_holes(digits):
        digits = digits[: 2 * start] + "0" * 2 * length + digits[2 * (start + length) :]
    return digits


def _link_holes(digits: str) -> list[tuple[int, int]]:
    """Places of unlinked addresses: `__$` and 34 hexadecimal digits and `$__`."""
    found, at = [], digits.find("__$")
    while at >= 0:
        found.append((at // 2, 20))
        at = digits.find("__$", at + 40)
    return found


def _health(client: ChainClient, deployment: Deployment) -> Iterator[Finding]:
    health = examine(client, deployment)
    broken = [each for each in health.findings if not each.ok]
    for each in broken[:_SHOWN]:
        yield Finding(
            "contracts",
            f"{each.subject} {each.name}",
            Level.FAIL,
            f"{each.actual}, bound {each.bound}",
            "pause the series and ask the auditor; usufruct health shows all statements",
        )
    if not broken:
        text = f"all {len(health.findings)} statements of HealthCheck hold at block {health.block}"
        yield Finding("contracts", "HealthCheck", Level.OK, text)


def role_findings(
    community: Community, client: ChainClient, deployment: Deployment
) -> Iterator[Finding]:
    """Who holds which office beside the community file."""
    site = Site(community, client, deployment)
    differing = [each for each in offices(site) if each.sends]
    for each in differing[:_SHOWN]:
        yield Finding(
            "roles",
            each.subject,
            Level.FAIL,
            f"{each.detail}: {each.reason}",
            f"usufruct plan {community.file or 'FILE'} shows it, usufruct apply puts it right; or correct the file",
        )
    if not differing:
        held = next((each.detail for each in grants(site) if not each.sends), "")
        yield Finding("roles", "offices", Level.OK, f"as in the file: {held}")


def lag_findings(client: ChainClient, database: Database, allowed: int) -> Iterator[Finding]:
    """How far the ledger is behind the chain."""
    with database.read() as connection:
        row = connection.execute(CURSOR).first()
    head = client.block_number()
    at = int(row.block) if row is not None else 0
    if row is None or head - at > allowed:
        yield Finding(
            "lag",
            "ledger",
            Level.FAIL,
            f"the ledger is at block {at} of {head}",
            "start usufruct serve with this database; if it runs, its log says what holds it up",
        )
    else:
        yield Finding("lag", "ledger", Level.OK, f"the ledger is at block {at} of {head}")


def worker_findings(workers: Sequence[str]) -> Iterator[Finding]:
    """Whether the oracle workers are ready."""
    for url in workers:
        try:
            answer = httpx.get(f"{url.rstrip('/')}/readyz", timeout=_TIMEOUT, trust_env=False)
            said = f"HTTP {answer.status_code}"
            good = answer.status_code == httpx.codes.OK
        except httpx.HTTPError as error:
            said, good = type(error).__name__, False
        if good:
            yield Finding("lag", f"worker {url}", Level.OK, "ready")
        else:
            remedy = "start it: usufruct-oracle run; usufruct-oracle status says what it waits for"
            yield Finding("lag", f"worker {url}", Level.FAIL, f"not ready: {said}", remedy)


def due_findings(
    client: ChainClient,
    deployment: Deployment,
    database: Database,
    currency: Currency,
    community: Community | None,
    tolerance: int,
) -> Iterator[Finding]:
    """What should have happened and has not."""
    site = KeeperSite(client, deployment, DryRun(ZERO_ADDRESS), currency)
    found = status(site, database, Keeper(site, database), community)
    overdue = late(found, client.block("latest").timestamp, tolerance)
    for each in overdue[:_SHOWN]:
        yield Finding(
            "lag",
            f"{each.kind} {each.subject}",
            Level.FAIL,
            each.reason(),
            "usufruct keep --status shows all",
        )
    if not overdue:
        text = f"{len(found)} things are due, none for long" if found else "nothing is due"
        yield Finding("lag", "due", Level.OK, text)
