"""Green Button files as tests need them."""

from __future__ import annotations

from collections.abc import Sequence


def reading(
    start: object,
    value: object,
    duration: object = 900,
    quality: Sequence[int] = (),
    more: str = "",
) -> str:
    codes = "".join(
        f"<ReadingQuality><quality>{each}</quality></ReadingQuality>" for each in quality
    )
    period = f"<timePeriod><duration>{duration}</duration><start>{start}</start></timePeriod>"
    return f"<IntervalReading>{more}{codes}{period}<value>{value}</value></IntervalReading>"


def block(*readings: str, start: int = 0, duration: int = 86_400) -> str:
    interval = f"<interval><duration>{duration}</duration><start>{start}</start></interval>"
    return f"<IntervalBlock>{interval}{''.join(readings)}</IntervalBlock>"


def entry(content: str, own: str = "", up: str = "", related: Sequence[str] = ()) -> str:
    links = "".join(
        f'<link rel="{rel}" href="{href}"/>'
        for rel, href in (("self", own), ("up", up), *(("related", each) for each in related))
        if href
    )
    head, _, rest = content.partition(">")
    closing = "/" if head.endswith("/") else ""
    return f'<entry>{links}<content>{head.removesuffix("/")} xmlns="http://naesb.org/espi"{closing}>{rest}</content></entry>'


def reading_type(
    *,
    uom: int = 72,
    power: int = 0,
    flow: int = 1,
    accumulation: int = 4,
    length: int = 900,
    more: str = "",
) -> str:
    return (
        f"<ReadingType><accumulationBehaviour>{accumulation}</accumulationBehaviour><flowDirection>{flow}"
        f"</flowDirection><intervalLength>{length}</intervalLength><powerOfTenMultiplier>{power}"
        f"</powerOfTenMultiplier><uom>{uom}</uom>{more}</ReadingType>"
    )


def series(*blocks: str, point: str = "1", meter: str = "1", kind: str = "") -> str:
    """The entries of a meter reading, its type and its blocks."""
    base = f"/espi/UsagePoint/{point}/MeterReading"
    type_href = f"/espi/ReadingType/{point}-{meter}"
    parts = [
        entry(
            "<MeterReading/>",
            f"{base}/{meter}",
            base,
            [f"{base}/{meter}/IntervalBlock", type_href],
        ),
        entry(kind or reading_type(), type_href, "/espi/ReadingType"),
    ]
    for number, each in enumerate(blocks, 1):
        up = f"{base}/{meter}/IntervalBlock"
        parts.append(entry(each, f"{up}/{number}", up))
    return "".join(parts)


def usage_point(point: str = "1", service: int = 0, related: Sequence[str] = ()) -> str:
    base = "/espi/UsagePoint"
    return entry(
        f"<UsagePoint><ServiceCategory><kind>{service}</kind></ServiceCategory></UsagePoint>",
        f"{base}/{point}",
        base,
        [f"{base}/{point}/MeterReading", *related],
    )


def feed(*entries: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>t</title>{''.join(entries)}</feed>"
    ).encode()


def simple(*readings: str, kind: str = "") -> bytes:
    """One usage point, one meter reading, one block."""
    return feed(usage_point(), series(block(*readings), kind=kind))
