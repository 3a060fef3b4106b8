"""Stage 5: meters registered, keys rotated, calibrations extended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usufruct.config import Meter
from usufruct.contracts import meter_registry as mr
from usufruct.core.keccak import keccak256
from usufruct.core.periods import day_of
from usufruct.core.signing import SCHEMES, key_xy
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import moment
from usufruct.errors import ConfigError

__all__ = ["meters", "serial_hash"]

_PAGE: Final = 100
_KEY_DELAY: Final = 86_400
"""Seconds by which MeterRegistry wants a new key announced ahead."""
_SLACK: Final = 3_600
"""Seconds for the announcement to be mined."""
_NEW_METER: Final = "register the device under a new id"


def meters(site: Site) -> list[Action]:
    """Meters that are new, in pages, and those that differ, one by one."""
    wanted = site.community.meters
    present = site.read_many("MeterRegistry", [mr.meter_of(meter.id) for meter in wanted])
    serials = _serials(site)
    _check_salt(site, serials)
    new, actions, kept = [], [], 0
    for meter, found in zip(wanted, present, strict=True):
        if not isinstance(found, mr.Meter):
            new.append(meter)
            continue
        _check(site, meter, found, serials.get(meter.id))
        changes = [*_key(site, meter, found), *_calibration(site, meter, found)]
        actions += changes
        kept += not changes
    actions = [*_registrations(site, new), *actions]
    if kept:
        text = f"{kept} meters"
        actions.append(Action("keep/meters", Change.NOTHING, "meters", text, "as in the file"))
    return actions


def serial_hash(salt: str, meter: Meter) -> bytes:
    """keccak256(salt ‖ code of the meter)."""
    return keccak256(salt.encode() + meter.code.encode())


def _serials(site: Site) -> dict[int, bytes]:
    """The serial hash each meter was registered with; only events hold it."""
    registry = site.address("MeterRegistry")
    events = (
        mr.MeterRegistered.decode(log.topics, log.data)
        for log in site.logs(registry, [mr.MeterRegistered.TOPIC])
    )
    return {event.id: event.serial_hash for event in events}


def _registrations(site: Site, new: list[Meter]) -> Iterator[Action]:
    salt = site.community.project.salt
    for start in range(0, len(new), _PAGE):
        page = new[start : start + _PAGE]
        call = mr.register([_registration(meter, salt) for meter in page])
        yield Action(
            key=f"meters/register/{keccak256(call.data).hex()[:16]}",
            change=Change.CREATE,
            subject="meters",
            detail=f"register {len(page)}: {page[0].code} … {page[-1].code}",
            reason="not registered",
            office="oracle_admin",
            transaction=calling(site.address("MeterRegistry"), call),
        )


def _registration(meter: Meter, salt: str) -> mr.Registration:
    x, y = key_xy(meter.scheme, meter.public_key)
    return mr.Registration(
        id=meter.id,
        stream=meter.stream_id,
        scheme=mr.Scheme(SCHEMES[meter.scheme]),
        valid_from=meter.valid_from,
        calibrated_until=meter.calibrated_until,
        key_x=x,
        key_y=y,
        serial_hash=serial_hash(salt, meter),
    )


def _check_salt(site: Site, serials: dict[int, bytes]) -> None:
    """If no registered meter has the hash it should have, it is the salt that was changed."""
    salt = site.community.project.salt
    known = [meter for meter in site.community.meters if meter.id in serials]
    if known and not any(serials[meter.id] == serial_hash(salt, meter) for meter in known):
        raise ConfigError(
            "project.salt cannot be changed any more",
            field="project.salt",
            value="…",
            rule="fixed when the first meters were registered; all serial hashes depend on it",
            remedy="restore the old salt; without it nobody can tell whose hashes are on the chain",
            file=site.community.file,
            line=site.community.lines.get("project.salt"),
        )


def _check(site: Site, meter: Meter, found: mr.Meter, serial: bytes | None) -> None:
    if found.stream != meter.stream_id:
        field = f"{meter.place}.stream"
        raise fixed(site, field, meter.stream_id, found.stream, "at registration", _NEW_METER)
    if serial is not None and serial != serial_hash(site.community.project.salt, meter):
        text = "the hash of another code"
        raise fixed(site, meter.place, meter.code, text, "at registration", _NEW_METER)
    if found.retired:
        raise ConfigError(
            f"meter {meter.code} is retired",
            field=meter.place,
            value=meter.code,
            rule="retirement is final",
            remedy=f"remove the meter from the file, or {_NEW_METER}",
            file=site.community.file,
            line=site.community.lines.get(meter.place),
        )


def _key(site: Site, meter: Meter, found: mr.Meter) -> Iterator[Action]:
    x, y = key_xy(meter.scheme, meter.public_key)
    scheme = mr.Scheme(SCHEMES[meter.scheme])
    if (scheme, x, y) == (found.scheme, found.key_x, found.key_y):
        return
    since = max(site.now + _KEY_DELAY + _SLACK, found.valid_from)
    yield Action(
        key=f"meter/{meter.id}/key/{x.hex()[:16]}",
        change=Change.CHANGE,
        subject=f"meter {meter.code}",
        detail=f"new {meter.scheme} key from {moment(since)} on",
        reason="the chain has another key",
        office="oracle_admin",
        transaction=calling(
            site.address("MeterRegistry"), mr.rotate_key(meter.id, scheme, since, x, y)
        ),
    )


def _calibration(site: Site, meter: Meter, found: mr.Meter) -> Iterator[Action]:
    if meter.calibrated_until == found.calibrated_until:
        return
    if meter.calibrated_until < found.calibrated_until:
        raise fixed(
            site,
            f"{meter.place}.calibrated_until",
            _last_day(site, meter.calibrated_until),
            _last_day(site, found.calibrated_until),
            "when the meter was calibrated; it can only be extended",
            "retire the meter if it must not be used",
        )
    yield Action(
        key=f"meter/{meter.id}/calibrate/{meter.calibrated_until}",
        change=Change.CHANGE,
        subject=f"meter {meter.code}",
        detail=f"calibrated until {_last_day(site, meter.calibrated_until)}",
        reason=f"the chain has {_last_day(site, found.calibrated_until)}",
        office="oracle_admin",
        transaction=calling(
            site.address("MeterRegistry"), mr.calibrate(meter.id, meter.calibrated_until)
        ),
    )


def _last_day(site: Site, end: int) -> str:
    """The last day before `end` in the project's time zone."""
    return day_of(end - 1, site.community.project.timezone).isoformat()
