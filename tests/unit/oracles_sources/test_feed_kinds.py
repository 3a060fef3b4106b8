"""Settings of the gateway's sources: read strictly, opened, and their readings in the journal."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from tests.unit.oracles import kit

from usufruct.clock import FixedClock
from usufruct.errors import ConfigError
from usufruct_oracles.catalog import catalog_of
from usufruct_oracles.settings import Section, read_document
from usufruct_oracles.sources.espi_records import load_series
from usufruct_oracles.sources.feed_kinds import FileSettings, MqttSettings
from usufruct_oracles.sources.forms import DECODERS
from usufruct_oracles.sources.kinds import KINDS
from usufruct_oracles.sources.messages import Message
from usufruct_oracles.sources.mqtt_mapping import load_mqtt_mapping
from usufruct_oracles.sources.opening import SourceSettings, Surroundings
from usufruct_oracles.sources.sealing import SCHEME
from usufruct_oracles.sources.table_mapping import load_mapping
from usufruct_oracles.validation.messages import check_message, contents_of

TABLE = """
[start]
column = "start"
[duration]
constant = "1h"
[value]
column = "kWh"
unit = "kWh"
[meter]
constant = "home-01"
"""
MQTT_MAP = """
[[topic]]
filter = "site/+/energy"
meters = { "site/a/energy" = "home-01" }
[[metric]]
place = "plant/node/inv"
name = "Energy"
meter = "home-01"
unit = "kWh"
duration = "15m"
stamp = "end"
"""


def settings(tmp_path: Path, text: str) -> SourceSettings:
    path = tmp_path / "worker.toml"
    path.write_text(f"[source]\n{text}")
    document = read_document(path)
    values = document.values["source"]
    assert isinstance(values, dict)
    section = Section(document, ("source",), values)
    kind = KINDS[section.get("kind", str)]
    return kind.read(section.only({"kind", *kind.keys}))


def surroundings(stack: ExitStack) -> Surroundings:
    community = kit.community()
    meters = tuple(
        replace(each, scheme=SCHEME) if each.code == "home-01" else each
        for each in community.meters
    )
    return Surroundings(replace(community, meters=meters), FixedClock(kit.LATER), 31337, stack)


def aged(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000, 1_700_000_000))


def polled(found: SourceSettings) -> list[Message]:
    with ExitStack() as stack:
        source = found.open(surroundings(stack))
        messages = list(source.poll())
    assert all(isinstance(each, Message) for each in messages)
    return [each for each in messages if isinstance(each, Message)]


def test_a_table_becomes_messages_that_the_journal_understands(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(TABLE)
    aged(tmp_path / "in" / "a.csv", f"start,kWh\n{kit.at(0)},1.5\n".encode())
    (only,) = polled(
        settings(tmp_path, 'kind = "table"\ninbox = "in"\nkept = "kept"\nmapping = "map.toml"\n')
    )
    assert check_message(catalog_of(kit.community()), DECODERS, only) is None
    contents = contents_of(only)
    assert isinstance(contents, bytes)
    (row,) = DECODERS[only.form](contents, kit.meter("home-01"))
    assert (row.start, row.fault) == (kit.bounds()[0], None)


def test_each_kind_is_registered_with_its_forms() -> None:
    assert {"documents", "green-button", "mqtt", "rent-rolls", "table"} <= set(KINDS)
    assert {
        "espi/1",
        "json/1",
        "level/1",
        "licence/1",
        "receipt/1",
        "session/1",
        "sparkplug/1",
        "table/1",
    } <= set(DECODERS)


def test_mqtt_settings_take_the_password_from_the_environment_and_never_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "map.toml").write_text(MQTT_MAP)
    monkeypatch.setenv("BROKER_PASSWORD", "hunter2-hunter2")
    text = (
        'kind = "mqtt"\nhost = "h"\nclient_id = "alpha"\nmapping = "map.toml"\nstate = "births"\n'
        'username = "u"\npassword_env = "BROKER_PASSWORD"\ntls = true\n'
    )
    found = settings(tmp_path, text)
    assert isinstance(found, MqttSettings)
    assert (found.broker.port, found.broker.password) == (8883, "hunter2-hunter2")
    assert found.broker.tls is not None
    assert "hunter2" not in repr(found)
    assert found.mapping.filters == ("site/+/energy", "spBv1.0/plant/+/node/#")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ("capacity = 0\n", "source.capacity"),
        ("version = 3\n", "source.version"),
        ("port = 70000\n", "source.port"),
        ('password_env = "NOT_SET_ANYWHERE"\n', "source.password_env"),
        ('tls = true\nca = "no-such.pem"\n', "source.ca"),
        ('passwort = "x"\n', "source.passwort"),
    ],
)
def test_wrong_mqtt_settings_name_their_key(tmp_path: Path, more: str, field: str) -> None:
    (tmp_path / "map.toml").write_text(MQTT_MAP)
    text = (
        'kind = "mqtt"\nhost = "h"\nclient_id = "alpha"\nmapping = "map.toml"\nstate = "births"\n'
    )
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, text + more)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("site/+/energy", "site/a+/energy", "topic[0].filter"),
        ("site/+/energy", "#", "topic[0].filter"),
        ("site/+/energy", "a/#/b", "topic[0].filter"),
        ('"home-01" }', "1 }", "topic[0].meters"),
        ("plant/node/inv", "plant", "metric[0].place"),
        ('"15m"', '"a while"', "metric[0].duration"),
        ('"end"', '"middle"', "metric[0].stamp"),
    ],
)
def test_a_wrong_mqtt_mapping_names_its_place(
    tmp_path: Path, before: str, after: str, field: str
) -> None:
    path = tmp_path / "map.toml"
    path.write_text(MQTT_MAP.replace(before, after, 1))
    with pytest.raises(ConfigError) as caught:
        load_mqtt_mapping(path)
    assert caught.value.field == field


def test_the_examples_are_valid_and_name_meters_of_the_example_community() -> None:
    folder = kit.ROOT / "examples" / "sources"
    known = {each.code for each in kit.community().meters}
    table = load_mapping(folder / "table.toml")
    mqtt = load_mqtt_mapping(folder / "mqtt.toml")
    series = load_series(folder / "green-button.toml")
    named = {
        *table.meters.values(),
        *mqtt.meters.values(),
        *(each.meter for each in mqtt.metrics),
        *(each.meter for each in series),
    }
    assert named <= known


# --- Erasing ---


def paper(code: str) -> bytes:
    return f'{{"form":"level/1","meter":"{code}","secret":"{code} 4711"}}'.encode()


def test_a_households_own_files_and_all_copies_that_speak_of_it_are_gone(tmp_path: Path) -> None:
    narrow = TABLE.replace('constant = "home-01"', 'column = "who"')
    (tmp_path / "map.toml").write_text(narrow)
    own, other = (
        f"start,who,kWh\n{kit.at(0)},{code},1.25\n".encode() for code in ("home-01", "home-02")
    )
    both = own + other.split(b"\n", 1)[1]
    found = settings(
        tmp_path, 'kind = "table"\ninbox = "in"\nkept = "kept"\nmapping = "map.toml"\n'
    )
    assert isinstance(found, FileSettings)
    inbox, kept = tmp_path / "in", tmp_path / "kept"
    kept.mkdir()
    for name, data in (("both", both), ("own", own), ("other", other)):
        aged(inbox / f"{name}.csv", data)
        (kept / f"{sha256(data).hexdigest()}.csv").write_bytes(data)
        (kept / f"{sha256(data).hexdigest()}.report.json").write_bytes(b"{}")
    assert found.erase(kit.community(), "VPP", "home-01") == 5
    assert sorted(each.name for each in inbox.iterdir()) == ["both.csv", "other.csv"]
    assert {each.name.partition(".")[0] for each in kept.iterdir()} == {sha256(other).hexdigest()}
    assert found.shared(kit.community(), "home-01") == [inbox / "both.csv"]
    assert found.erase(kit.community(), "VPP", "home-01") == 0


def test_documents_of_a_household_are_removed_and_unreadable_ones_are_named(tmp_path: Path) -> None:
    found = settings(tmp_path, 'kind = "documents"\ninbox = "in"\nkept = "kept"\n')
    assert isinstance(found, FileSettings)
    for code in ("home-01", "home-02"):
        aged(tmp_path / "in" / f"{code}.json", paper(code))
    aged(tmp_path / "in" / "broken.json", b'{"meter":"home-01"')
    assert found.erase(kit.community(), "VPP", "home-01") == 1
    broken = tmp_path / "in" / "broken.json"
    assert found.shared(kit.community(), "home-01") == [broken]
    assert found.shared(kit.community(), "home-03") == [broken]
    assert (tmp_path / "in" / "home-02.json").is_file()
