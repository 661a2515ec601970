"""Upcasting data step by step."""

import pytest

from scoring.log import upcasters
from scoring.log.errors import UnknownSchemaVersion


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasters, "_steps", {})
    monkeypatch.setattr(upcasters, "_current", {})


def add_step(from_version: int) -> None:
    @upcasters.upcast("thing.done", from_version=from_version)
    def step(data: upcasters.Data) -> upcasters.Data:
        return {"path": [*data.get("path", []), from_version]}


def test_without_upcasters_version_one_is_current_and_data_is_unchanged() -> None:
    assert upcasters.current_version("thing.done") == 1
    assert upcasters.upcast_to_current("thing.done", "thing/1", 1, {"a": 1}) == {"a": 1}


def test_upcasters_run_in_order_from_the_written_version() -> None:
    for version in (2, 1, 3):
        add_step(version)

    assert upcasters.current_version("thing.done") == 4
    assert upcasters.upcast_to_current("thing.done", "thing/1", 1, {}) == {"path": [1, 2, 3]}
    assert upcasters.upcast_to_current("thing.done", "thing/1", 3, {}) == {"path": [3]}
    assert upcasters.upcast_to_current("thing.done", "thing/1", 4, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("written", "named"),
    [(1, 2), (5, 5)],
    ids=["an upcaster is missing", "the entry is newer than the code"],
)
def test_an_entry_that_cannot_be_upcast_is_named_in_the_error(written: int, named: int) -> None:
    add_step(1)
    add_step(3)

    with pytest.raises(UnknownSchemaVersion) as unknown:
        upcasters.upcast_to_current("thing.done", "thing/1", written, {})

    error = unknown.value
    assert (error.entry_type, error.stream, error.version) == ("thing.done", "thing/1", named)
    assert str(error) == f"thing.done in stream 'thing/1': schema version {named} cannot be read by this code"


def test_two_upcasters_from_one_version_are_refused() -> None:
    add_step(1)
    with pytest.raises(ValueError, match="two upcasters"):
        add_step(1)
