"""Who asks, and the setting that says what everybody may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

__all__ = ["ANONYMOUS", "Access", "Grant", "Principal", "Role"]

DAY: Final = 86_400


class Role(StrEnum):
    """What somebody may do.

    | role | sees | writes |
    |---|---|---|
    | investor | the own wallet | claims of it |
    | operator | all of its streams, or of the project | |
    | auditor, regulator | everything, the access log too | |
    | transfer-agent | everything but the access log | compliance |
    """

    INVESTOR = "investor"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    REGULATOR = "regulator"
    TRANSFER_AGENT = "transfer-agent"


_READS_ALL: Final = frozenset({Role.AUDITOR, Role.REGULATOR, Role.TRANSFER_AGENT})
_READS_LOG: Final = frozenset({Role.AUDITOR, Role.REGULATOR})


@dataclass(frozen=True, slots=True)
class Grant:
    """A role and where it counts; no streams means all of them."""

    role: Role
    streams: frozenset[int] = frozenset()

    def covers(self, stream: int | None) -> bool:
        """Whether it counts for a stream; None stands for what no single stream is behind."""
        return not self.streams or stream in self.streams


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody whose token, key or cookie was checked, or nobody.

    Attributes:
        actor: How records name them; empty for nobody.
        wallet: Whose own things they see, 20 bytes.
        grants: Their roles.
    """

    actor: str = ""
    wallet: bytes | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def known(self) -> bool:
        """Whether it is somebody."""
        return bool(self.actor)

    def owns(self, wallet: bytes) -> bool:
        """Whether it is their own wallet."""
        return self.wallet is not None and self.wallet == wallet

    def reader(self, stream: int | None) -> Role | None:
        """The role by which they may read what belongs to others, of a stream or (None) of all."""
        for each in self.grants:
            reads = each.role in _READS_ALL or each.role is Role.OPERATOR
            if reads and each.covers(stream):
                return each.role
        return None

    def supervisor(self) -> Role | None:
        """The role by which they may read what belongs to others of some stream, of whichever."""
        return self.reader(None) or (Role.OPERATOR if self.has(Role.OPERATOR) else None)

    def only(self) -> frozenset[int] | None:
        """The streams of which alone they may read what belongs to others; None for all."""
        if self.reader(None) is not None:
            return None
        reads = [each.streams for each in self.grants if each.role is Role.OPERATOR]
        return frozenset().union(*reads)

    def log_reader(self) -> Role | None:
        """The role by which they may read the access log."""
        return next((each.role for each in self.grants if each.role in _READS_LOG), None)

    def has(self, role: Role) -> bool:
        """Whether they have a role, wherever it counts."""
        return any(each.role is role for each in self.grants)


ANONYMOUS: Final = Principal()


@dataclass(frozen=True, slots=True)
class Access:
    """How the interface is guarded.

    Attributes:
        public: What everybody sees: everything (a demonstration), or figures that are about nobody in particular.
        origin: Where people reach the service, e.g. https://rights.example; signed messages must name it.
        secret: 32 bytes from which nonces and webhook secrets are derived.
        session_seconds: How long a sign-in lasts.
        requests_per_second: Requests that one address or key may make on average; 0 for any number.
        loopback_webhooks: Whether webhooks may go to this machine and private networks.
        finality_blocks: Blocks on top of a fact until it is told to others.
    """

    public: Literal["aggregates", "all"] = "all"
    origin: str = "http://127.0.0.1:8000"
    secret: bytes = field(default=b"", repr=False)
    session_seconds: int = DAY
    requests_per_second: int = 0
    loopback_webhooks: bool = False
    finality_blocks: int = 64
