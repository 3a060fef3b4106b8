from __future__ import annotations

import string
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from usufruct.config.locate import Path, dotted, locate

TEXT = '''# comment [not.a.table]
title = "a = b"

[owner]
name = 'x [y] {z}'
dob = 1979-05-27 07:32:00Z  # with a blank

[[fruit]]
name = "apple"
sizes = [
  1, 2,
  # three is odd
  3,
]
physical = { color = "red", "odd key" = { deep = [[1], [2, 3]] } }

  [fruit.taste]
  text = """
[not.a.header]
\\""" = """

  [[fruit.kind]]
  id = 1

  [[fruit.kind]]
  id = 2

[[fruit]]
name = "pear"

  [[fruit.kind]]
  id = 3

[a.b]
c.d = true
\'\'\'quoted\'\'\' = 1
'''.replace("'''quoted''' = 1\n", "'quoted' = 1\n")

PLACES: dict[str, int] = {
    "title": 2,
    "owner": 4,
    "owner.name": 5,
    "owner.dob": 6,
    "fruit[0]": 8,
    "fruit[0].name": 9,
    "fruit[0].sizes": 10,
    "fruit[0].sizes[1]": 11,
    "fruit[0].sizes[2]": 13,
    "fruit[0].physical.odd key.deep[1][1]": 15,
    "fruit[0].taste": 17,
    "fruit[0].taste.text": 18,
    "fruit[0].kind[0].id": 23,
    "fruit[0].kind[1].id": 26,
    "fruit[1]": 28,
    "fruit[1].name": 29,
    "fruit[1].kind[0].id": 32,
    "a.b": 34,
    "a.b.c.d": 35,
    "a.b.quoted": 36,
}


def test_every_key_table_and_element_has_its_line() -> None:
    tomllib.loads(TEXT)
    lines = {dotted(path): line for path, line in locate(TEXT).items()}
    assert {path: lines[path] for path in PLACES} == PLACES


def paths(value: object, path: Path = ()) -> set[Path]:
    """All paths of a parsed TOML value."""
    found = {path}
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found |= paths(inner, (*path, index))
    return found


def test_the_places_are_exactly_the_paths_that_tomllib_sees() -> None:
    parsed = paths(tomllib.loads(TEXT))
    # `a` exists only inside the header [a.b].
    assert set(locate(TEXT)) == parsed - {("a",)}


keys = st.text(string.ascii_lowercase, min_size=1, max_size=3)
scalars = st.one_of(
    st.integers(-99, 99).map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.text(string.ascii_letters + " #[]{}=,.'", max_size=8).map(lambda text: f'"{text}"'),
    st.text(string.ascii_letters + ' #[]{}=,."', max_size=8).map(lambda text: f"'{text}'"),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ " + " ,\n # c ]\n ".join(items) + " ]"),
        st.dictionaries(keys, inner.filter(lambda text: "\n" not in text), max_size=3).map(
            lambda table: (
                "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"
            )
        ),
    ),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(keys, values, max_size=3), max_size=3))
def test_any_document_is_located_completely(tables: list[dict[str, str]]) -> None:
    text = ""
    for table in tables:
        text += "[[t]]\n" + "".join(f"{key} = {value}\n" for key, value in table.items())
    assert set(locate(text)) == paths(tomllib.loads(text))
