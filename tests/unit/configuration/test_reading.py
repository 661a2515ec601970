"""What a configuration file may contain, and how problems name their place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.configuration.errors import ConfigurationInvalid
from scoring.configuration.reading import MAX_BYTES, read_document
from scoring.configuration.writing import document_text

VALUES = [
    ("a: 1", {"a": 1}),
    ("a: -1.5", {"a": -1.5}),
    ("a: 1e-3", {"a": 0.001}),
    ("a: true", {"a": True}),
    ("a: null", {"a": None}),
    ("a:", {"a": None}),
    ("a: yes", {"a": "yes"}),
    ("a: off", {"a": "off"}),
    ("a: 12:30", {"a": "12:30"}),
    ("a: 2026-03-01", {"a": "2026-03-01"}),
    ("a: 010", {"a": "010"}),
    ("a: 1_000", {"a": "1_000"}),
    ("a: .inf", {"a": ".inf"}),
    ('a: "1"', {"a": "1"}),
    ("a: |\n  x > 1\n  && y", {"a": "x > 1\n&& y"}),
    ("a: [1, b]", {"a": [1, "b"]}),
    ("a: {b: c} # said", {"a": {"b": "c"}}),
]


@pytest.mark.parametrize(("text", "data"), VALUES)
def test_plain_values_mean_what_they_look_like(text: str, data: dict[str, Any]) -> None:
    assert read_document(f"version: 1\n{text}").data == {"version": 1, **data}


WRONG = [
    ("", "the file is not a mapping"),
    ("- 1", "line 1: the file is not a mapping"),
    ("a: 1", "line 1, version: is missing"),
    ("version: 2", "line 1, version: is 2 (allowed: 1)"),
    ("version: true", "line 1, version: is True"),
    ("version: 1\na: [", "line 2: is not YAML"),
    ("version: 1\na: &x {b: 1}\nc: *x", "line 3: is not YAML: aliases are not allowed"),
    ("version: 1\na: !!python/object:os.system x", "line 2, a: has the tag"),
    ("version: 1\na: !own x", "line 2, a: has the tag !own"),
    ("version: 1\na: 1\na: 2", "line 3, a: stands here twice"),
    ("version: 1\na:\n  b: 1\n  b: 2", "line 4, a.b: stands here twice"),
    ("version: 1\na: {[1]: 2}", "line 2, a: has a key that is not text"),
    (f"version: 1\na: {'[' * 20}{']' * 20}", "is nested too deeply"),
    (f"version: 1\na: 1{'0' * 400}.0", "is too large"),
    (f"version: 1\na: {'9' * 19}", "line 2, a: 999999999999999999 is too large (allowed: at most 18 digits)"),
    (f"version: 1\na: {'9' * 5_000}", "is too large"),
    ('version: 1\na: "x\\0"', "line 2, a: has the character U+0000"),
    ('version: 1\na: "\\uD800"', "line 2, a: has the character U+D800"),
    ('version: 1\n"a\\0": 1', "line 2: has a key that has the character U+0000"),
    (f"version: 1\na: {'x' * MAX_BYTES}", "the file is too large"),
    ("version: 1\n--- \nversion: 1", "line 2: is not YAML"),
    ("version: 1\na: \x00", "is not YAML"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_what_is_no_configuration_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationInvalid) as error:
        read_document(text)
    assert problem in str(error.value)


def test_every_problem_is_named() -> None:
    with pytest.raises(ConfigurationInvalid) as error:
        read_document("version: 1\na: !x 1\nb: !y 2\n")
    assert [problem.line for problem in error.value.problems] == [2, 3]


def test_parts_know_their_lines_and_missing_parts_those_they_belong_to() -> None:
    document = read_document("version: 1\nrules:\n  payment:\n    velocity:\n      share: 1\n")
    assert document.line_of(("rules", "payment", "velocity", "share")) == 5
    assert document.line_of(("rules", "payment", "velocity", "unit")) == 4
    assert document.line_of(("lists",)) == 1


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False)
)
DATA = st.recursive(
    PLAIN,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXTS.filter(bool), each, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["lists", "rules", "schedules"]), DATA))
def test_what_is_written_is_read_as_it_was(sections: dict[str, Any]) -> None:
    text = document_text(sections)
    assert read_document(text).data == {"version": 1, **sections}
    assert document_text(sections) == text
