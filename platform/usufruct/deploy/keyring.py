"""The keys at hand, and which of them signs for which office."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from usufruct.chain.client import ChainClient
from usufruct.chain.outbox import Outbox
from usufruct.chain.sender import Sender, Timing
from usufruct.config import Community
from usufruct.contracts import Address
from usufruct.deploy.action import Action
from usufruct.errors import ConfigError
from usufruct.keys import DEV_CHAIN_ID, SecretBytes, dev_account

__all__ = ["Keyring"]


class Keyring:
    """Senders by account, in the order in which their keys were given."""

    def __init__(
        self,
        community: Community,
        client: ChainClient,
        outbox: Outbox,
        keys: Iterable[SecretBytes],
        timing: Timing | None = None,
    ) -> None:
        """Takes the given keys and, on the development chain, those of all accounts the file names."""
        self._community = community
        self._senders: dict[Address, Sender] = {}
        for key in (*keys, *_dev_keys(community, client.chain_id)):
            sender = Sender(client, key, outbox, timing=timing)
            self._senders.setdefault(sender.address, sender)

    @property
    def senders(self) -> Sequence[Sender]:
        """All senders."""
        return tuple(self._senders.values())

    @property
    def deployer(self) -> Sender:
        """Who deploys: the first key that belongs to an administrator of the file.

        Raises:
            ConfigError: There is none.
        """
        found = self._for_office("admin")
        if found is None:
            raise self._missing(["admin"])
        return found

    def signers(self) -> dict[str, Address]:
        """The account that signs for each office.

        One whose key is at hand, else the first of the file; vacant offices are left out.
        """
        chosen = {}
        for office, accounts in self._community.roles.items():
            sender = self._for_office(office)
            if accounts:
                chosen[office] = accounts[0] if sender is None else sender.address
        return chosen

    def sender(self, action: Action) -> Sender:
        """Who sends `action`.

        Raises:
            ConfigError: The key is not at hand.
        """
        if action.account is not None:
            return self._senders[action.account]
        found = self.deployer if action.office is None else self._for_office(action.office)
        if found is None:
            raise self._missing([str(action.office)])
        return found

    def require(self, actions: Iterable[Action]) -> None:
        """Raises ConfigError unless every action can be signed; before anything is sent."""
        offices = {action.office for action in actions if action.office is not None}
        missing = sorted(office for office in offices if self._for_office(office) is None)
        if missing:
            raise self._missing(missing)

    def _for_office(self, office: str) -> Sender | None:
        accounts = self._community.roles[office]
        return next((self._senders[each] for each in self._senders if each in accounts), None)

    def _missing(self, offices: list[str]) -> ConfigError:
        office = offices[0]
        accounts = self._community.roles[office]
        others = f" (and for {', '.join(offices[1:])})" if len(offices) > 1 else ""
        return ConfigError(
            f"no key at hand signs for {office}",
            field=f"roles.{office}",
            value=", ".join(accounts) or "(vacant)",
            rule="each action is signed by an account that holds its office",
            remedy=f"pass --key for one of these accounts{others}; keys given: {self._given()}",
            file=self._community.file,
            line=self._community.lines.get(f"roles.{office}"),
        )

    def _given(self) -> str:
        return ", ".join(self._senders) or "none"


def _dev_keys(community: Community, chain_id: int) -> list[SecretBytes]:
    if chain_id != DEV_CHAIN_ID:
        return []
    offices = {account for accounts in community.roles.values() for account in accounts}
    numbers = community.dev_accounts.items()
    return [dev_account(number) for account, number in numbers if account in offices]
