import pytest

from usufruct.errors import ChainError, ConfigError, EvidenceError, InputError, UsufructError


def test_one_line_names_field_value_rule_and_remedy():
    error = UsufructError(
        "not a share", field="share", value="7", rule="is a percentage", remedy='write "7%"'
    )
    assert error.one_line() == 'share=7: is a percentage; write "7%"'


def test_one_line_without_a_field_is_the_message():
    assert UsufructError("the node is silent", remedy="start it").one_line() == (
        "the node is silent; start it"
    )


def test_one_line_with_a_field_but_no_rule_uses_the_message():
    assert UsufructError("not hex", field="root", value=b"\x01").one_line() == "root=0x01: not hex"


def test_one_line_with_message_and_rule():
    assert UsufructError("unreachable", rule="within 10 s").one_line() == "unreachable: within 10 s"


def test_config_error_begins_with_its_place():
    error = ConfigError("bad", field="id", value=0, rule="from 1", file="a.toml", line=7)
    assert error.one_line() == "a.toml:7: id=0: from 1"
    assert ConfigError("bad", file="a.toml").one_line() == "a.toml: bad"
    assert ConfigError("bad").one_line() == "bad"


def test_control_characters_and_long_values_stay_on_one_line():
    error = InputError("bad", field="name", value="a\nb\x1b[31m" + "x" * 500, rule="short")
    assert error.one_line() == (
        "name=a\\nb\\x1b[31m" + "x" * (96 - 8) + "… (508 characters): short"
    )
    assert InputError("bad", field="n", value="x" * 96, rule="r").one_line() == f"n={'x' * 96}: r"


def test_str_tells_everything():
    assert str(InputError("bad", field="n", value=1, rule="r")) == "bad (n=1: r)"
    assert str(InputError("bad")) == "bad"


@pytest.mark.parametrize("kind", [ConfigError, InputError, ChainError, EvidenceError])
def test_every_error_is_caught_as_one(kind):
    assert issubclass(kind, UsufructError)
