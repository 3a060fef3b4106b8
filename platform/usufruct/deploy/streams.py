"""Stage 4: streams opened, their batch chains begun, their tariffs kept up to date."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from usufruct.config import Stream
from usufruct.contracts import owner_vote as ov
from usufruct.contracts import stream_registry as sr
from usufruct.contracts import telemetry_anchor as ta
from usufruct.contracts._runtime import encode
from usufruct.core.encoding import hex0x
from usufruct.core.keccak import keccak256
from usufruct.core.periods import period_bounds, period_name, period_of
from usufruct.deploy.action import Action, Change, calling
from usufruct.deploy.site import Site, fixed
from usufruct.deploy.words import moment, percentage, span

__all__ = ["activation", "streams", "waits"]

_LATEST: Final = 2**40 - 1
_NEW_STREAM: Final = "open another stream under a new id"


def streams(site: Site) -> list[Action]:
    """Streams to be opened, in the order of their dependencies, and tariffs to be set."""
    ordered = site.community.streams_in_order()
    return [
        action for stream in ordered for action in (*_open(site, stream), *_chain(site, stream))
    ]


def _open(site: Site, stream: Stream) -> Iterator[Action]:
    registry = site.address("StreamRegistry")
    code = site.read("StreamRegistry", sr.code_of(stream.id))
    if code and any(code):
        _check_terms(site, stream, code)
        yield from _tariff(site, stream)
        return
    if waits(site, stream):
        reason = "it or a stream it depends on waits for the owners' vote"
        detail = f"open; motion {hex0x(activation(stream))}"
        subject = f"stream {stream.code}"
        yield Action(f"wait/{subject}", Change.WAIT, subject, detail, reason)
        return
    depends_on = [site.community.stream(each).id for each in stream.depends_on]
    call = sr.open(
        stream.id, _bytes32(stream.code), _terms(stream), stream.tariff.hash(), depends_on
    )
    yield Action(
        key=f"stream/{stream.id}/open",
        change=Change.CREATE,
        subject=f"stream {stream.code}",
        detail=f"open as {stream.id}, {stream.kind}, tariff {stream.tariff.id}",
        reason="not open",
        office="issuer",
        transaction=calling(registry, call),
    )


def waits(site: Site, stream: Stream) -> bool:
    """Whether owners have yet to agree to the use of common parts, here or in a dependency."""
    if any(waits(site, site.community.stream(each)) for each in stream.depends_on):
        return True
    code = site.read("StreamRegistry", sr.code_of(stream.id))
    if not stream.common_parts or any(code or b""):
        return False
    return not site.read("OwnerVote", ov.is_passed(activation(stream)))


def activation(stream: Stream) -> bytes:
    """The motion that activates a stream: keccak256(abi.encode("usufruct/activate", stream))."""
    return keccak256(encode(("string", "uint32"), ("usufruct/activate", stream.id)))


def _terms(stream: Stream) -> sr.Terms:
    return sr.Terms(
        start=stream.start,
        challenge_window=stream.challenge_window,
        funding_grace=stream.funding_grace,
        min_coverage_bp=stream.min_coverage_bp,
        max_estimated_bp=stream.max_estimated_bp,
        kind=stream.kind_code,
        committed=stream.committed,
        resolution_time=stream.resolution_time,
        lapse_upholds=stream.lapse_upholds,
        common_parts=stream.common_parts,
        owners_share_bp=stream.owners_share_bp,
    )


def _check_terms(site: Site, stream: Stream, code: bytes) -> None:
    """An open stream must be what the file says: its terms were promised to the holders."""
    found = site.read("StreamRegistry", sr.terms_of(stream.id))
    needs = site.read("StreamRegistry", sr.dependencies_of(stream.id))
    if found is None or needs is None:
        raise AssertionError("the registry has just answered")
    wanted = _terms(stream)
    place = f"stream[{site.community.streams.index(stream)}]"
    pairs = (
        ("code", stream.code, code.rstrip(b"\0").decode("ascii", "replace")),
        ("kind", wanted.kind, found.kind),
        ("privacy", _privacy(wanted), _privacy(found)),
        ("challenge_window", span(wanted.challenge_window), span(found.challenge_window)),
        ("funding_grace", span(wanted.funding_grace), span(found.funding_grace)),
        ("min_coverage", percentage(wanted.min_coverage_bp), percentage(found.min_coverage_bp)),
        ("max_estimated", percentage(wanted.max_estimated_bp), percentage(found.max_estimated_bp)),
        ("resolution_time", span(wanted.resolution_time), span(found.resolution_time)),
        ("unanswered_dispute", _unanswered(wanted), _unanswered(found)),
        ("common_parts", wanted.common_parts, found.common_parts),
        ("owners_share", percentage(wanted.owners_share_bp), percentage(found.owners_share_bp)),
        (
            "depends_on",
            sorted(site.community.stream(each).id for each in stream.depends_on),
            sorted(needs),
        ),
    )
    for name, mine, theirs in pairs:
        if mine != theirs:
            raise fixed(site, f"{place}.{name}", mine, theirs, "at opening", _NEW_STREAM)
    if wanted.start != found.start:
        way_out = "deploy a new project"
        field = "project.first_period"
        start = f"a start at {moment(found.start)}"
        raise fixed(site, field, moment(wanted.start), start, "at opening", way_out)


def _privacy(terms: sr.Terms) -> str:
    return "committed" if terms.committed else "open"


def _unanswered(terms: sr.Terms) -> str:
    return "uphold" if terms.lapse_upholds else "dismiss"


def _tariff(site: Site, stream: Stream) -> Iterator[Action]:
    """A new tariff takes effect with the next period that has not begun."""
    newest = site.read("StreamRegistry", sr.tariff_at(stream.id, _LATEST))
    wanted, subject = stream.tariff.hash(), f"stream {stream.code}"
    if newest == wanted:
        yield Action(
            f"keep/{subject}",
            Change.NOTHING,
            subject,
            f"tariff {stream.tariff.id}",
            "as in the file",
        )
        return
    number, begins = _next_period(site, stream)
    month = period_name(site.community.project.first_period, number)
    call = sr.set_tariff(stream.id, begins, wanted)
    yield Action(
        key=f"stream/{stream.id}/tariff/{wanted.hex()[:16]}/{begins}",
        change=Change.CHANGE,
        subject=subject,
        detail=f"tariff {stream.tariff.id} from {month}",
        reason=f"the chain has {hex0x(newest or b'')[:18]}…",
        office="issuer",
        transaction=calling(site.address("StreamRegistry"), call),
    )


def _next_period(site: Site, stream: Stream) -> tuple[int, int]:
    """Number and start of the first period that may still get another tariff."""
    project = site.community.project
    registry, issuer = site.address("StreamRegistry"), site.community.roles["issuer"][0]
    number = max(period_of(project.first_period, site.now, project.timezone), 1) + 1
    while True:
        begins = period_bounds(project.first_period, number, project.timezone)[0]
        call = sr.set_tariff(stream.id, begins, stream.tariff.hash())
        if registry is None:
            return number, begins
        try:
            site.client.call(registry, call, sender=issuer)
        except sr.TariffNotLater as error:
            # Another tariff waits already; this one follows it.
            number = period_of(project.first_period, error.earliest - 1, project.timezone) + 1
            continue
        except sr.AccessManagedUnauthorized:
            pass
        return number, begins


def _chain(site: Site, stream: Stream) -> Iterator[Action]:
    anchor = site.address("TelemetryAnchor")
    head = site.read("TelemetryAnchor", ta.head_of(stream.id))
    if head and any(head):
        first = site.read("TelemetryAnchor", ta.head_at(stream.id, stream.start))
        if not any(first or b""):
            field, way_out = "project.first_period", "deploy a new project"
            raise fixed(site, field, moment(stream.start), "another start", "at opening", way_out)
        return
    yield Action(
        key=f"chain/{stream.id}/open",
        change=Change.CREATE,
        subject=f"stream {stream.code}",
        detail=f"begin the chain of batches at {site.community.project.first_period}",
        reason="not begun",
        office="oracle_admin",
        transaction=calling(anchor, ta.open_chain(stream.id, stream.start)),
    )


def _bytes32(text: str) -> bytes:
    return text.encode("ascii").ljust(32, b"\0")
