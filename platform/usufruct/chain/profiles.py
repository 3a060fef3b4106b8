"""What differs between chains: when a block is final, how much may be asked at once, fees, the shape of headers.

Nothing here is needed to understand a chain's data; it says what may be expected of its nodes. A chain of its own
names its profile in the variable USUFRUCT_CHAIN_PROFILE.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from usufruct.errors import ConfigError

__all__ = ["BATCH", "LOG_RANGE", "PROFILES", "VARIABLE", "Profile", "profile_of"]

LOG_RANGE: Final = 5_000
"""Blocks of one question for logs that every profile allows (Besu's and many providers' default limit)."""
BATCH: Final = 1_024
"""Requests sent together that every profile allows (Besu's default limit)."""
VARIABLE: Final = "USUFRUCT_CHAIN_PROFILE"
"""Environment variable that names the profile of a chain that is not known by its id."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of chain.

    Attributes:
        name: Its name.
        finality: `instant`: a block is final at once; `tag`: the node says by the tag `finalized`; `depth`: after
            some blocks.
        depth: Blocks after which a block counts as final where no tag tells, 0 with instant finality.
        log_range: Most blocks of one question for logs.
        batch: Most requests sent together.
        fees: `market` (EIP-1559) or `free`: transactions cost nothing, accounts hold nothing.
        authority: Whether headers carry validators and seals in extraData, longer than 32 bytes (QBFT, IBFT, Clique).
        block_seconds: Usual time between two blocks, 0 where blocks come with transactions.
        chain_ids: Chains that are known to be of this kind.
    """

    name: str
    finality: Literal["instant", "tag", "depth"]
    depth: int
    log_range: int = LOG_RANGE
    batch: int = BATCH
    fees: Literal["market", "free"] = "market"
    authority: bool = False
    block_seconds: int = 12
    chain_ids: tuple[int, ...] = ()


PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        each.name: each
        for each in (
            Profile("default", "depth", 64),
            Profile("clique", "depth", 12, authority=True, block_seconds=5),
            Profile("dev", "depth", 0, block_seconds=0, chain_ids=(31337,)),
            Profile("ethereum", "tag", 64, chain_ids=(1, 17000, 560048, 11155111)),
            Profile(
                "qbft",
                "instant",
                0,
                fees="free",
                authority=True,
                block_seconds=2,
                chain_ids=(20260901,),
            ),
        )
    }
)
"""All profiles by name; `default` assumes as little as possible."""


def profile_of(chain_id: int) -> Profile:
    """The profile of a chain: the one that USUFRUCT_CHAIN_PROFILE names, else by its id, else `default`.

    Raises:
        ConfigError: The variable names none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if named not in PROFILES:
            raise ConfigError(
                "there is no such chain profile",
                field=VARIABLE,
                value=named,
                rule=f"one of {', '.join(PROFILES)}",
                remedy="correct the variable, or unset it",
            )
        return PROFILES[named]
    known = (each for each in PROFILES.values() if chain_id in each.chain_ids)
    return next(known, PROFILES["default"])
