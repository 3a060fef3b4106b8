"""The worker's configuration: what is read, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.oracles_worker.fakes import ROOT

from usufruct.errors import ConfigError
from usufruct_oracles.config import load_worker_config
from usufruct_oracles.sources.csv_folder import CsvSource
from usufruct_oracles.sources.simulator import SimulatorSource

GOOD = """\
[worker]
name = "alpha"
community = "community.toml"
deployment = "state/deployments/31337.json"
rpc = "http://user:hidden@127.0.0.1:8545/hidden"
journal = "alpha.sqlite"
listen = "127.0.0.1:7001"
key = { dev = 4 }
privacy_secret = { env = "WORKER_SECRET" }
grace = "6h"
poll = "250ms"
takeover = "5s"
readers = ["0x976EA74026E726554dB657fA54763abd0C3a0aa9"]

[[worker.peers]]
name = "beta"
url = "http://127.0.0.1:7002/"

[[worker.peers]]
name = "gamma"
url = "https://gamma.example:7003"

[source]
kind = "csv"
inbox = "inbox"
"""
SECRET = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKER_SECRET", SECRET)


def write(folder: Path, text: str = GOOD) -> Path:
    path = folder / "worker.toml"
    path.write_text(text)
    return path


def test_all_fields_are_read(tmp_path: Path) -> None:
    config = load_worker_config(write(tmp_path))
    assert config.community == tmp_path / "community.toml"
    assert config.deployment == tmp_path / "state" / "deployments" / "31337.json"
    assert config.journal == f"sqlite:///{tmp_path}/alpha.sqlite"
    assert config.outbox == f"sqlite:///{tmp_path}/alpha-outbox.sqlite"
    assert (config.host, config.port) == ("127.0.0.1", 7001)
    assert (config.grace, config.poll, config.takeover) == (21_600, 0.25, 5.0)
    assert config.privacy_secret == SECRET.encode()
    assert [peer.url for peer in config.peers] == [
        "http://127.0.0.1:7002",
        "https://gamma.example:7003",
    ]
    assert config.sources == (CsvSource(tmp_path / "inbox"),)


def test_defaults_and_the_simulator(tmp_path: Path) -> None:
    text = GOOD.replace('grace = "6h"\npoll = "250ms"\ntakeover = "5s"\n', "")
    text = text.replace(
        'kind = "csv"\ninbox = "inbox"', 'kind = "simulator"\nseed = 7\nmonth = "2026-09"'
    )
    config = load_worker_config(write(tmp_path, text))
    assert (config.grace, config.poll, config.takeover) == (21_600, 1.0, 5.0)
    assert config.sources == (SimulatorSource(7, "2026-09", faults=True),)


def test_a_worker_may_have_several_sources(tmp_path: Path) -> None:
    text = GOOD.replace("[source]", "[[source]]")
    text += '\n[[source]]\nkind = "simulator"\nseed = 7\nmonth = "2026-09"\n'
    config = load_worker_config(write(tmp_path, text))
    assert config.sources == (
        CsvSource(tmp_path / "inbox"),
        SimulatorSource(7, "2026-09", faults=True),
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('month = "2026-09"', 'month = "2026-09"\ninbox = "x"', "source[1].inbox"),
        ('kind = "simulator"', 'kind = "nonsense"', "source[1].kind"),
        ('kind = "simulator"', "", "source[1].kind"),
    ],
)
def test_a_mistake_in_one_of_several_sources_is_named(
    tmp_path: Path, old: str, new: str, field: str
) -> None:
    text = GOOD.replace("[source]", "[[source]]")
    text += '\n[[source]]\nkind = "simulator"\nseed = 7\nmonth = "2026-09"\n'
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, text.replace(old, new)))
    assert (caught.value.field, caught.value.line is not None) == (field, True)


@pytest.mark.parametrize("source", ["", "source = 3\n", "source = []\n", "source = [1]\n"])
def test_a_worker_has_a_source(tmp_path: Path, source: str) -> None:
    text = source + GOOD[: GOOD.index("[source]")]
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, text))
    assert caught.value.field == "source"


def test_a_url_is_a_database_for_journal_and_outbox(tmp_path: Path) -> None:
    text = GOOD.replace('"alpha.sqlite"', '"postgresql://oracle@db/alpha"')
    config = load_worker_config(write(tmp_path, text))
    assert config.journal == "postgresql+psycopg://oracle@db/alpha"
    assert config.outbox == config.journal


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    text = GOOD.replace('{ env = "WORKER_SECRET" }', '{ file = "secret" }')
    assert load_worker_config(write(tmp_path, text)).privacy_secret == SECRET.encode()


def test_secrets_do_not_show(tmp_path: Path) -> None:
    shown = repr(load_worker_config(write(tmp_path)))
    assert SECRET not in shown
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ('name = "alpha"', 'name = "al pha"', 2, "worker.name"),
        ('name = "alpha"', "name = 3", 2, "worker.name"),
        ('community = "community.toml"\n', "", 1, "worker.community"),
        ('rpc = "http://user:hidden@127.0.0.1:8545/hidden"', 'rpc = "ftp://x"', 5, "worker.rpc"),
        ('listen = "127.0.0.1:7001"', 'listen = "7001"', 7, "worker.listen"),
        ('listen = "127.0.0.1:7001"', 'listen = "127.0.0.1:70001"', 7, "worker.listen"),
        ("key = { dev = 4 }", 'key = "0xabc"', 8, "worker.key"),
        ('{ env = "WORKER_SECRET" }', '"plain"', 9, "worker.privacy_secret"),
        ('{ env = "WORKER_SECRET" }', '{ env = "ABSENT" }', 9, "worker.privacy_secret"),
        ('{ env = "WORKER_SECRET" }', '{ file = "absent" }', 9, "worker.privacy_secret"),
        ('grace = "6h"', 'grace = "6 hours"', 10, "worker.grace"),
        ('poll = "250ms"', 'poll = "0s"', 11, "worker.poll"),
        ('"0x976EA74026E726554dB657fA54763abd0C3a0aa9"', '"0x1"', 13, "worker.readers"),
        ('name = "gamma"', 'name = "beta"', 20, "worker.peers[1].name"),
        ('name = "gamma"', 'name = "alpha"', 20, "worker.peers[1].name"),
        ('url = "https://gamma.example:7003"', 'adress = "x"', 21, "worker.peers[1].adress"),
        ('kind = "csv"', 'kind = "fax"', 24, "source.kind"),
        ('kind = "csv"\ninbox = "inbox"', 'kind = "csv"', 23, "source.inbox"),
        ('inbox = "inbox"', 'inbox = "inbox"\nseed = 1', 26, "source.seed"),
        ('takeover = "5s"', 'takeover = "5s"\nurl = "x"', 13, "worker.url"),
    ],
)
def test_a_mistake_names_file_line_field_rule_and_remedy(
    tmp_path: Path, old: str, new: str, line: int, field: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_worker_config(path)
    error = caught.value
    assert (error.file, error.line, error.field) == (str(path), line, field)
    assert error.rule
    assert error.remedy
    assert "hidden" not in error.one_line()
    assert "\n" not in error.one_line()


def test_a_secret_written_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    text = GOOD.replace('{ env = "WORKER_SECRET" }', '{ value = "my-very-own-secret" }')
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, text))
    assert "my-very-own-secret" not in caught.value.one_line()


def test_a_bad_month_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace(
        'kind = "csv"\ninbox = "inbox"', 'kind = "simulator"\nseed = 7\nmonth = "2026-13"'
    )
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, text))
    assert (caught.value.field, caught.value.line) == ("source.month", 26)


def test_what_is_not_toml_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_worker_config(write(tmp_path, GOOD.replace("key = {", "key = {{")))
    assert caught.value.line == 8


def test_a_missing_file_or_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_worker_config(tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"\[worker\] is missing"):
        load_worker_config(write(tmp_path, "[source]\n"))
    with pytest.raises(ConfigError, match="not a list of tables"):
        load_worker_config(
            write(
                tmp_path,
                GOOD.replace("[[worker.peers]]", "[worker.peers]", 1).split("[[")[0]
                + GOOD[GOOD.index("[source]") :],
            )
        )


def test_the_example_in_the_documentation_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "oracles" / "usufruct_oracles" / "config.py").read_text()
    example = text.split("```toml\n")[1].split("```")[0].replace('"0x…"', "")
    monkeypatch.setenv("NAME", SECRET)
    assert load_worker_config(write(tmp_path, example)).name == "alpha"
