"""Whether the node is one that the platform can work with, and whether the clocks agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from usufruct.chain.authority import decode_extra_data
from usufruct.chain.client import ChainClient, RpcError
from usufruct.chain.profiles import VARIABLE, Profile
from usufruct.chain.records import data
from usufruct.chain.transport import Transport
from usufruct.clock import Clock
from usufruct.core.encoding import hex0x
from usufruct.deploy.record import Deployment
from usufruct.errors import ChainError, InputError
from usufruct.ops.finding import Finding, Level

__all__ = ["clock_findings", "node_findings"]

_AHEAD: Final = 15
"""Seconds that a chain may be ahead of the computer (the bound of most clients)."""
_BEHIND_BLOCKS: Final = 20
_PLAIN_EXTRA: Final = 32
_LEAST_VALIDATORS: Final = 4
"""Fewer than 3f + 1 = 4 validators cannot bear one that fails."""
_TIMEOUT: Final = 20.0


def node_findings(
    client: ChainClient, url: str, profile: Profile, deployment: Deployment | None
) -> Iterator[Finding]:
    """Identity, synchronisation, finality, limits, fees and headers of the node."""
    yield from _identity(client, deployment)
    yield _syncing(client)
    yield _finality(client, profile)
    if deployment is not None:
        yield _log_range(client, profile, deployment)
    yield _batch(client, url, profile)
    yield from _fees(client, profile)
    yield from _header(client, profile)


def clock_findings(client: ChainClient, profile: Profile, clock: Clock) -> Iterator[Finding]:
    """The chain's time beside the computer's."""
    age = clock.now() - client.block("latest").timestamp
    if age < -_AHEAD and profile.block_seconds:
        yield _bad(
            "clock",
            "chain ahead",
            f"the newest block is {-age} s ahead of this computer",
            "set the computer's clock by NTP (timedatectl set-ntp true); else the validators' clocks are wrong",
        )
    elif profile.block_seconds and age > profile.block_seconds * _BEHIND_BLOCKS:
        yield _bad(
            "clock",
            "newest block",
            f"the newest block is {age} s old, usual are {profile.block_seconds} s between two",
            "see whether the node has peers and the validators run; else set the computer's clock by NTP",
        )
    else:
        why = "" if profile.block_seconds else "; this chain makes blocks for transactions only"
        yield Finding("clock", "newest block", Level.OK, f"the newest block is {age} s old{why}")


def _identity(client: ChainClient, deployment: Deployment | None) -> Iterator[Finding]:
    chain_id, genesis = client.identity()
    version = str(client.rpc("web3_clientVersion"))[:80]
    yield Finding("node", "client", Level.OK, f"{version} at {client.url}, chain {chain_id}")
    if deployment is None:
        return
    if (chain_id, genesis) == (deployment.chain_id, deployment.genesis):
        yield Finding("node", "chain", Level.OK, "the chain that the deployment record is of")
    else:
        yield _bad(
            "node",
            "chain",
            f"chain {chain_id} that begins with {hex0x(genesis)}, the deployment record is of "
            f"chain {deployment.chain_id} that begins with {hex0x(deployment.genesis)}",
            "point --rpc at the right node, or --deployment at the right record",
        )


def _syncing(client: ChainClient) -> Finding:
    state = client.rpc("eth_syncing")
    if state is False:
        return Finding("node", "synchronised", Level.OK, "the node has caught up with its peers")
    return _bad(
        "node",
        "synchronised",
        "the node is still catching up",
        "wait until eth_syncing answers false, or ask another node",
    )


def _finality(client: ChainClient, profile: Profile) -> Finding:
    found = {tag: _tag(client, tag) for tag in ("safe", "finalized")}
    known = ", ".join(f"{tag} {number}" for tag, number in found.items() if number is not None)
    if profile.finality == "instant":
        return Finding("node", "finality", Level.OK, "a block is final at once")
    if profile.finality == "tag" and found["finalized"] is None:
        return _bad(
            "node",
            "finality",
            f"profile {profile.name} expects the tag finalized, and the node does not know it",
            f"ask a node with a consensus client, or set {VARIABLE}=default (final after 64 blocks)",
        )
    return Finding("node", "finality", Level.OK, known or f"after {profile.depth} blocks")


def _tag(client: ChainClient, tag: str) -> int | None:
    try:
        return client.block(tag).number
    except ChainError:
        return None


def _log_range(client: ChainClient, profile: Profile, deployment: Deployment) -> Finding:
    head = client.block_number()
    first = max(0, head - profile.log_range + 1)
    addresses = list(deployment.contracts.values())[:1]
    try:
        client.logs(first, head, addresses)
    except RpcError as error:
        return _bad(
            "node",
            "log range",
            f"logs of {head - first + 1} blocks are refused: {error.text}",
            f"let the node answer {profile.log_range} blocks (Besu: --rpc-max-logs-range={profile.log_range})",
        )
    return Finding(
        "node", "log range", Level.OK, f"logs of {head - first + 1} blocks in one answer"
    )


def _batch(client: ChainClient, url: str, profile: Profile) -> Finding:
    questions = [("eth_chainId", ())] * profile.batch
    try:
        answers = Transport(url, _TIMEOUT).mixed(questions)
        good = all("result" in each for each in answers)
    except ChainError:
        good = False
    if not good:
        return _bad(
            "node",
            "batch",
            f"{profile.batch} requests sent together are refused",
            f"raise the node's limit (Besu: --rpc-http-max-batch-size={profile.batch})",
        )
    return Finding("node", "batch", Level.OK, f"{profile.batch} requests in one message")


def _fees(client: ChainClient, profile: Profile) -> Iterator[Finding]:
    base = client.block("latest").base_fee
    if profile.fees == "free" and base:
        yield _bad(
            "node",
            "fees",
            f"profile {profile.name} expects no fees, the base fee is {base} wei",
            'set "zeroBaseFee": true in the genesis, or choose another profile by ' + VARIABLE,
        )
    else:
        text = "transactions are free" if profile.fees == "free" else f"base fee {base} wei"
        yield Finding("node", "fees", Level.OK, text)


def _header(client: ChainClient, profile: Profile) -> Iterator[Finding]:
    raw: Any = client.rpc("eth_getBlockByNumber", "latest", False)
    extra = data((raw or {}).get("extraData", "0x"))
    if len(extra) <= _PLAIN_EXTRA:
        if profile.authority:
            yield _bad(
                "node",
                "headers",
                "headers carry no validators, which this profile expects",
                f"choose another profile by {VARIABLE}, or see that the genesis has qbft",
            )
        else:
            yield Finding("node", "headers", Level.OK, "plain extra data")
        return
    try:
        found = decode_extra_data(extra)
    except InputError:
        yield Finding(
            "node", "headers", Level.NOTE, f"extra data of {len(extra)} bytes, not QBFT's"
        )
        return
    count = len(found.validators)
    if count < _LEAST_VALIDATORS:
        yield _bad(
            "node",
            "validators",
            f"{count} validators; one that fails stops the chain",
            "vote others in (qbft_proposeValidatorVote), at least 4",
        )
    else:
        yield Finding(
            "node", "validators", Level.OK, f"{count}, of which {(count - 1) // 3} may fail"
        )


def _bad(part: str, what: str, text: str, remedy: str) -> Finding:
    return Finding(part, what, Level.FAIL, text, remedy)
