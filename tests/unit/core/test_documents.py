import pytest

from usufruct.core.documents import digits, integer, items, keyed, natural, text, wrong
from usufruct.errors import InputError


def test_parts_of_the_right_kind_are_returned():
    assert keyed({"a": 1}, {"a"}, "x") == {"a": 1}
    assert items([1], "x") == [1]
    assert text("a", "x") == "a"
    assert integer(-1, "x") == -1
    assert natural(0, "x") == 0
    assert digits("10", "x") == 10
    assert digits("0", "x") == 0
    assert digits("9" * 78, "x") == 10**78 - 1


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda value, name: keyed(value, {"a"}, name), {"a": 1, "b": 2}),
        (lambda value, name: keyed(value, {"a"}, name), []),
        (items, {}),
        (text, 1),
        (integer, True),
        (integer, "1"),
        (natural, -1),
        (digits, 1),
        (digits, ""),
        (digits, "01"),
        (digits, "+1"),
        (digits, "²"),
        (digits, "9" * 79),
    ],
)
def test_the_error_names_the_part(read, value):
    with pytest.raises(InputError) as caught:
        read(value, "part")
    assert caught.value.field == "part"


def test_an_error_has_a_cure():
    assert wrong("a", 1, "a text").remedy
