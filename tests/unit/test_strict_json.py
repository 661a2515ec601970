"""A key is named once in an object, however it is written."""

import doctest
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import strict_json
from scoring.strict_json import LoneSurrogate, RepeatedKey, load_json

REPEATED = RepeatedKey("a")


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(strict_json).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a":1,"a":1}',
        '{"a" : 1, "a": 2}',
        '{"a"\n: 1, "a": 2}',
        '{"a": 1, "b": "\\":", "\\u0061": 2}',
        '{"b": {"a": 1, "a": 2}}',
        '{"b": [{"c": 1}, [{"a": 1, "a": 2}]]}',
    ],
)
def test_an_object_that_repeats_a_key_is_told_by_the_key(text: str) -> None:
    assert load_json(text.encode()) == REPEATED


def test_an_item_that_repeats_a_key_spoils_no_other() -> None:
    text = b'[{"a": 1}, {"a": 1, "a": 2}, {"b": {"a": 1, "a": 2}}, [], 5, {"a": 3}]'
    assert load_json(text) == [{"a": 1}, REPEATED, REPEATED, [], 5, {"a": 3}]


@pytest.mark.parametrize(
    "text",
    ['{"a": "\\":", "b": "{"}', '{"a": {"x": 1}, "b": {"x": 2}}', "[]", "{}", '"a"', "1", '[["a", "a"]]'],
)
def test_other_texts_are_read_as_they_are(text: str) -> None:
    assert load_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r'{"text": "12345678901234567\ud800"}', LoneSurrogate("text", 0xD800, 18)),
        (r'{"a": 1, "links": ["x", "\uDFFF y"]}', LoneSurrogate("links[1]", 0xDFFF, 1)),
        (r'{"event": {"text": "\ud83d\ude00 \udc00"}}', LoneSurrogate("event.text", 0xDC00, 3)),
        (r'{"\ud800": 1}', LoneSurrogate(r"\ud800", 0xD800, 1)),
        (r'"\ud800"', LoneSurrogate("", 0xD800, 1)),
    ],
)
def test_a_lone_surrogate_is_told_with_its_field_and_place(text: str, found: LoneSurrogate) -> None:
    assert load_json(text.encode()) == found


def test_an_item_with_a_lone_surrogate_spoils_no_other() -> None:
    text = rb'[{"a": 1.5}, {"a": "\ud800"}, {"a": 1, "a": 2}, {"a": "\ud83d\ude00"}]'
    assert load_json(text) == [{"a": 1.5}, LoneSurrogate("a", 0xD800, 1), REPEATED, {"a": "\U0001f600"}]


@pytest.mark.parametrize("text", [rb'{"a": "\ud800"', rb'{"a": "\ud800", "b": NaN}', b'{"a": "\xff\\ud800"}'])
def test_what_is_wrong_in_other_ways_too_is_no_json(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        load_json(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.sampled_from('a":{}[]\\ ,\n')),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.sampled_from('ab":\\'), max_size=2), inner),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",\n", "\t:\n")]))
def test_a_text_without_repeated_keys_is_what_it_says(value: Any, separators: tuple[str, str]) -> None:
    assert load_json(json.dumps(value, separators=separators).encode()) == value


@given(
    st.dictionaries(st.text(st.sampled_from('ab":\\ '), max_size=3), st.text(max_size=3), min_size=1),
    st.data(),
)
def test_every_repeated_key_is_seen(value: dict[str, str], data: Any) -> None:
    key = data.draw(st.sampled_from(sorted(value)))
    pairs = data.draw(st.permutations([*value.items(), (key, "again")]))
    text = "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(each)}" for name, each in pairs) + "}"
    assert load_json(text.encode()) == RepeatedKey(key)
    assert load_json(f"[{text}, 1]".encode()) == [RepeatedKey(key), 1]


def test_a_text_that_python_cannot_read_as_deep_is_no_json() -> None:
    with pytest.raises(orjson.JSONDecodeError, match="nested too deeply"):
        load_json(b'{"a" :' * 1020 + b"1" + b"}" * 1020)
