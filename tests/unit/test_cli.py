from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from usufruct import cli
from usufruct.contracts import stream_registry as sr
from usufruct.errors import ChainError, ConfigError

FILE = Path(__file__).resolve().parents[2] / "examples" / "community.toml"
CANARY = "c0ffee" * 10 + "c0fe"


def run(monkeypatch: pytest.MonkeyPatch, error: Exception) -> int:
    """Exit code of a program whose only command raises `error`."""

    def fail() -> None:
        raise error

    def register(app: typer.Typer) -> None:
        app.command("fail")(fail)

    part = type(sys)("part")
    part.register = register  # type: ignore[attr-defined]  # a module made for this test
    monkeypatch.setitem(sys.modules, "part", part)
    monkeypatch.setattr(cli, "PARTS", {"fail": "part"})
    monkeypatch.setattr(sys, "argv", ["usufruct", "fail"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def test_an_error_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = ChainError("gone", field="rpc", value="http://x", rule="a node", remedy="start it")
    assert run(monkeypatch, error) == 2
    assert capsys.readouterr().err == "rpc=http://x: a node; start it\n"


def test_a_contract_error_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, sr.UnknownStream(9)) == 2
    shown = capsys.readouterr().err
    assert shown == "refused by the contract: stream 9 is not open; open it with usufruct apply\n"


def test_a_defect_shows_no_traceback_and_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, RuntimeError(CANARY)) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    assert CANARY not in shown
    assert "USUFRUCT_DEBUG=1" in shown


def test_the_traceback_is_there_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USUFRUCT_DEBUG", "1")
    with pytest.raises(ConfigError):
        run(monkeypatch, ConfigError("wrong"))


def test_the_modules_of_other_parts_are_not_imported_for_a_command() -> None:
    code = (
        "import sys; from usufruct.cli import build; build('plan');"
        "print([name for name in sys.modules if name.startswith(('fastapi', 'usufruct.api'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_every_part_registers_the_commands_it_is_known_for() -> None:
    assert sorted(commands(cli.build())) == sorted(cli.PARTS)
    for name in cli.PARTS:
        assert name in commands(cli.build(name))


def commands(app: typer.Typer) -> list[str]:
    """Names of an app's commands and groups of commands."""
    named = [*app.registered_commands, *app.registered_groups]
    return [each.name for each in named if isinstance(each.name, str)]


def usufruct(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from usufruct.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_problem_of_a_file_has_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "town.toml"
    text = FILE.read_text().replace("threshold = 2", "threshold = 9").replace('"2d"', '"2d "')
    broken.write_text(text.replace('"2d "', '"2d"').replace("first_id = 201", "first_id = 101"))
    done = usufruct("plan", str(broken))
    assert done.returncode == 2
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.partition("=")[0].rpartition(" ")[2] for line in lines] == [
        "oracle.threshold",
        "meters[1]",
        "meters[1]",
    ]
    assert all(line.startswith(f"{broken}:") for line in lines)


def test_no_node_is_one_line() -> None:
    done = usufruct("plan", str(FILE), "--rpc", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "http://127.0.0.1:9" in done.stderr


def test_a_pasted_key_is_not_repeated() -> None:
    done = usufruct("apply", str(FILE), "--rpc", "http://127.0.0.1:9", "--key", CANARY)
    assert done.returncode == 2
    assert CANARY not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_the_commands_explain_themselves(command: str) -> None:
    done = usufruct(command, "--help")
    assert done.returncode == 0
    assert "--rpc" in done.stdout
    assert "--state" in done.stdout
