"""Settings: flags before environment before file before defaults, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from usufruct.errors import ConfigError
from usufruct.index.settings import Settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"USUFRUCT_{name.upper()}", raising=False)


def written(folder: Path, text: str) -> Path:
    path = folder / "usufruct.toml"
    path.write_text(text)
    return path


def test_the_order_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path, 'rpc = "http://file"\nhost = "0.0.0.0"\nport = 1\nworkers = ["http://w"]\n'
    )
    monkeypatch.setenv("USUFRUCT_HOST", "::1")
    monkeypatch.setenv("USUFRUCT_PORT", "2")
    settings = Settings.load(file, port=3, rpc=None, workers=())
    assert (settings.rpc, settings.host, settings.port) == ("http://file", "::1", 3)
    assert settings.workers == ("http://w",)
    assert settings.database_url == "sqlite:///state/ledger.db"
    assert settings.record(7) == Path("state/deployments/7.json")
    elsewhere = Settings.load(None, state=tmp_path, deployment=Path("d.json"))
    assert elsewhere.database_url == f"sqlite:///{tmp_path}/ledger.db"
    assert elsewhere.record(7) == Path("d.json")


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USUFRUCT_WORKERS", '["http://a", "http://b"]')
    assert Settings.load(None).workers == ("http://a", "http://b")
    monkeypatch.setenv("USUFRUCT_WORKERS", "http://a")
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load(None)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('rcp = "http://x"', "rcp"),
        ('rpc = "ftp://x"', "rpc"),
        ("port = 70000", "port"),
        ("poll_seconds = 0", "poll_seconds"),
        ('workers = ["not a url"]', "workers.0"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(written(tmp_path, text))
    assert caught.value.field == field
    assert "known settings" in caught.value.one_line()


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such settings file"):
        Settings.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load(written(tmp_path, "rpc = "))
