"""Rows of settings as logged, and the problems of their names and numbers."""

from dataclasses import dataclass

import pytest

from scoring.configuration.type_settings.rows import check_names, check_range, rows_of


@dataclass(frozen=True)
class Limit:
    name: str
    limit: float = 1.0
    on: bool = True


DEFAULTS = (Limit("a", 0.1), Limit("b", 0.2))


def test_rows_are_those_of_the_defaults_in_their_order() -> None:
    logged = [{"name": "dropped", "limit": 9.0}, {"name": "b", "on": False}]
    assert rows_of(logged, DEFAULTS, key="name") == (Limit("a", 0.1), Limit("b", 0.2, on=False))


def test_names_must_be_all_in_their_order() -> None:
    allowed = ("a", "b")
    assert list(check_names("limits", allowed, allowed)) == []
    for found, named in ((("b", "a"), "b, a"), ((), "none")):
        assert list(check_names("limits", found, allowed)) == [
            ("limits", f"must be a, b, one each, not {named}", allowed)
        ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1, ""),
        (5_000.0, ""),
        (0.999, "must be 1 to 5,000, not 0.999"),
        (5_001, "must be 1 to 5,000, not 5,001"),
        (float("nan"), "must be 1 to 5,000, not nan"),
        (None, "must be 1 to 5,000, not none"),
    ],
)
def test_numbers_must_be_within_their_bounds(value: float | None, problem: str) -> None:
    found = [text for _, text, _ in check_range("limit", value, (1, 5_000))]
    assert found == ([problem] if problem else [])
