"""What the chain says of the offerings of a series: which were opened, what they placed, and whether they are over."""

from __future__ import annotations

from collections import Counter

from usufruct.config import Offering
from usufruct.contracts import Address
from usufruct.contracts import offering as of
from usufruct.deploy.site import Site

__all__ = ["opened", "placed", "unfinished"]


def opened(site: Site, series: Address) -> list[of.OfferingOpened]:
    """The offerings of a series in the order of their opening."""
    topics = [of.OfferingOpened.TOPIC, None, bytes(12) + bytes.fromhex(series[2:])]
    return [
        of.OfferingOpened.decode(log.topics, log.data)
        for log in site.logs(site.address("Offering"), topics)
    ]


def placed(site: Site, series: Address) -> Counter[Address]:
    """Units that offerings of a series delivered, by wallet."""
    found: Counter[Address] = Counter()
    for event in opened(site, series):
        topics = [of.Delivered.TOPIC, event.offering.to_bytes(32, "big")]
        for log in site.logs(site.address("Offering"), topics):
            delivered = of.Delivered.decode(log.topics, log.data)
            found[delivered.subscriber] += delivered.units
    return found


def unfinished(site: Site, code: str, series: Address | None) -> list[Offering]:
    """Offerings of the file for a series (None: not created yet) that still need it unsealed."""
    wanted = [each for each in site.community.offerings if each.series == code]
    events = opened(site, series) if series is not None and wanted else []
    return [each for each in wanted if not _over(site, each, events)]


def _over(site: Site, offering: Offering, events: list[of.OfferingOpened]) -> bool:
    """Whether nothing of an offering is left to be placed: it is complete, has failed, or was missed."""
    if offering.number > len(events):
        return offering.closes <= site.now
    state = site.read("Offering", of.state_of(events[offering.number - 1].offering))
    return state is not None and state.status in (of.Status.FAILED, of.Status.COMPLETE)
