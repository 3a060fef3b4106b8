"""Stage 3: wallets of participants. Names stay off the chain; identity is a salted hash."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usufruct.config import Participant
from usufruct.contracts import Address
from usufruct.contracts import participant_registry as pr
from usufruct.core.encoding import canonical_json
from usufruct.core.keccak import keccak256
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import day

__all__ = ["identity_hash", "people"]

_PAGE: Final = 100
_SHOWN: Final = 4


def people(site: Site) -> list[Action]:
    """Wallets that are new or whose attributes differ, in pages."""
    wanted = [
        (_registration(site, person, wallet), index)
        for index, person in enumerate(site.community.participants)
        for wallet in person.wallets
    ]
    present = site.read_many(
        "ParticipantRegistry", [pr.wallet_of(each.wallet) for each, _ in wanted]
    )
    identities = _identities(site)
    new, changed = [], []
    for (registration, index), found in zip(wanted, present, strict=True):
        if not isinstance(found, pr.Wallet) or not found.participant:
            new.append((registration, f"wallet {registration.wallet}"))
            continue
        if found.participant != registration.participant:
            raise _moved(site, index, registration, found)
        differences = _differences(registration, found, identities.get(registration.wallet))
        if differences:
            changed.append((registration, f"{registration.wallet}: {', '.join(differences)}"))
    actions = [*_paged(site, new, Change.CREATE), *_paged(site, changed, Change.CHANGE)]
    kept = len(wanted) - len(new) - len(changed)
    if kept:
        actions.append(
            Action("keep/wallets", Change.NOTHING, "wallets", f"{kept} wallets", "as in the file")
        )
    return actions


def identity_hash(salt: str, person: Participant) -> bytes:
    """keccak256(salt ‖ canonical JSON of number, name and country).

    Says who it is only to who knows the salt.
    """
    identity = {"id": person.id, "name": person.name, "country": person.country}
    return keccak256(salt.encode() + canonical_json(identity))


def _registration(site: Site, person: Participant, wallet: Address) -> pr.Registration:
    return pr.Registration(
        wallet=wallet,
        participant=person.id,
        kyc_until=person.kyc_until,
        country=person.country,
        class_=pr.Class(person.class_code),
        locked_until=person.locked_until,
        identity_hash=identity_hash(site.community.project.salt, person),
    )


def _identities(site: Site) -> dict[Address, bytes]:
    """The identity hash each wallet was last registered with; only events hold it."""
    registry = site.address("ParticipantRegistry")
    events = (
        pr.WalletRegistered.decode(log.topics, log.data)
        for log in site.logs(registry, [pr.WalletRegistered.TOPIC])
    )
    return {event.wallet: event.identity_hash for event in events}


def _differences(wanted: pr.Registration, found: pr.Wallet, identity: bytes | None) -> list[str]:
    pairs = (
        ("kyc_until", day(found.kyc_until), day(wanted.kyc_until)),
        ("country", found.country, wanted.country),
        ("class", found.class_.name.lower(), wanted.class_.name.lower()),
        ("locked_until", found.locked_until, wanted.locked_until),
    )
    texts = [f"{name} {before} → {after}" for name, before, after in pairs if before != after]
    if identity is not None and identity != wanted.identity_hash:
        texts.append("identity hash")
    return texts


def _paged(
    site: Site, items: list[tuple[pr.Registration, str]], change: Change
) -> Iterator[Action]:
    verb = "admit" if change is Change.CREATE else "update"
    reason = "not registered" if change is Change.CREATE else "the chain has other attributes"
    registry = site.address("ParticipantRegistry")
    for start in range(0, len(items), _PAGE):
        page = items[start : start + _PAGE]
        call = pr.register_batch([registration for registration, _ in page])
        more = len(page) - _SHOWN
        shown = "; ".join(text for _, text in page[:_SHOWN]) + (
            f"; {more} more" if more > 0 else ""
        )
        yield Action(
            key=f"wallets/{verb}/{keccak256(call.data).hex()[:16]}",
            change=change,
            subject="wallets",
            detail=f"{verb} {len(page)}: {shown}",
            reason=reason,
            office="registrar",
            transaction=calling(registry, call),
        )


def _moved(site: Site, index: int, wanted: pr.Registration, found: pr.Wallet) -> Exception:
    return fixed(
        site,
        f"participant[{index}].id",
        wanted.participant,
        found.participant,
        f"when wallet {wanted.wallet} was registered",
        "give this participant a new wallet",
    )
