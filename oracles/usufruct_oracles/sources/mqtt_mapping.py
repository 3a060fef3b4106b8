"""The mapping file of MQTT (protocol §4f): which topic or metric is whose meter.

```toml
[[topic]]                        # devices that publish JSON readings
filter = "site/+/energy"         # what is subscribed to
meters = { "site/a/energy" = "home-01" }

[[metric]]                       # Sparkplug B
place = "plant/gateway-1/inverter"   # group/node/device, or group/node
name = "Energy/Interval"
meter = "home-02"
unit = "kWh"
duration = "15m"
stamp = "end"                    # timestamps are the "start" or the "end" of intervals
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from usufruct.core.periods import parse_duration
from usufruct.errors import InputError
from usufruct_oracles.settings import Section, read_document
from usufruct_oracles.sources.sparkplug_host import NAMESPACE, MetricRule

_TOPIC = {"filter", "meters"}
_METRIC = {"place", "name", "meter", "unit", "duration", "stamp"}
_PLACES = (2, 3)
_MAX_TOPIC = 512


@dataclass(frozen=True, slots=True)
class MqttMapping:
    """A checked mapping.

    Attributes:
        filters: What is subscribed to.
        meters: Meter codes by topic, for JSON readings.
        metrics: Metrics of Sparkplug B.
    """

    filters: tuple[str, ...]
    meters: Mapping[str, str]
    metrics: tuple[MetricRule, ...]


def load_mqtt_mapping(path: Path) -> MqttMapping:
    """The mapping in a TOML file.

    Raises:
        ConfigError: It cannot be read, or something in it is wrong.
    """
    document = read_document(path)
    topics = document.sections(("topic",), _TOPIC)
    metrics = tuple(_metric(each) for each in document.sections(("metric",), _METRIC))
    meters: dict[str, str] = {}
    for section in topics:
        meters.update(_meters(section))
    filters = [_filter(each) for each in topics]
    filters += [_edge_filter(each.place) for each in metrics]
    return MqttMapping(tuple(dict.fromkeys(filters)), meters, metrics)


def _filter(section: Section) -> str:
    text = section.get("filter", str)
    levels = text.split("/")
    lone = all(each == "+" or "+" not in each for each in levels)
    if not 0 < len(text) <= _MAX_TOPIC or not lone or "#" in text[:-1] or "\0" in text:
        raise section.error("filter", text, "an MQTT topic filter", "correct the filter")
    if text.startswith(("#", "+", NAMESPACE)):
        rule = f"a filter that does not take in {NAMESPACE}"
        raise section.error("filter", text, rule, "map Sparkplug B by [[metric]]")
    return text


def _meters(section: Section) -> Mapping[str, str]:
    found = section.table("meters")
    for topic, code in found.items():
        if not isinstance(code, str) or not code:
            raise section.error(
                "meters", f"{topic} = {code}", "codes of meters", "correct the code"
            )
    return {topic: str(code) for topic, code in found.items()}


def _metric(section: Section) -> MetricRule:
    place, stamp = section.get("place", str), section.get("stamp", str)
    levels = place.split("/")
    if len(levels) not in _PLACES or not all(levels) or set(place) & {"+", "#"}:
        raise section.error("place", place, "group/node/device or group/node", "correct the place")
    if stamp not in {"start", "end"}:
        raise section.error("stamp", stamp, '"start" or "end"', "correct the value")
    length = section.get("duration", str)
    try:
        duration = parse_duration(length)
    except InputError as error:
        raise section.error("duration", length, 'a duration such as "15m"', "correct it") from error
    return MetricRule(
        place,
        section.get("name", str),
        section.get("meter", str),
        section.get("unit", str),
        duration,
        stamp,
    )


def _edge_filter(place: str) -> str:
    """All topics of an edge node: `#` takes in the level above it."""
    group, node = place.split("/")[:2]
    return f"{NAMESPACE}/{group}/+/{node}/#"
