"""The stream of changes to the ruleset."""

import threading

import pytest
from django.db import connection
from django.utils import timezone

from scoring.intake.receive import receive_events
from scoring.lanes.claiming import claim
from scoring.rules.ruleset.stream import Change, append_changes, change_ruleset, current_version, iter_changes
from tests.factories.payments import payments


def defined(name: str) -> Change:
    return Change("test.defined", {"name": name})


@pytest.mark.django_db
def test_the_version_is_the_number_of_changes() -> None:
    assert current_version() == 0
    written = append_changes([defined("a"), defined("b")], actor="ana", now=timezone.now())
    assert [entry.stream_version for entry in written] == [1, 2]
    assert [entry.metadata["actor"] for entry in written] == ["ana", "ana"]
    assert current_version() == 2
    assert append_changes([], actor="ana", now=timezone.now()) == []


@pytest.mark.django_db
def test_changes_are_read_in_order_by_version_and_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.rules.ruleset.stream.BATCH", 2)
    other = Change("test.archived", {"name": "b"})
    append_changes(
        [defined("a"), defined("b"), other, defined("c"), defined("d")], actor="ana", now=timezone.now()
    )

    def versions(**bounds: object) -> list[int]:
        return [entry.stream_version for entry in iter_changes(**bounds)]

    assert versions() == [1, 2, 3, 4, 5]
    assert versions(after=1, until=4) == [2, 3, 4]
    assert versions(types=["test.defined"]) == [1, 2, 4, 5]
    assert versions(after=5) == []


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_wait_for_each_other_and_each_reads_what_the_one_before_wrote() -> None:
    def build() -> list[Change]:
        return [defined(f"after {current_version()}")]

    def change_often() -> None:
        try:
            for _ in range(5):
                change_ruleset(build, actor="ana", now=timezone.now())
        finally:
            connection.close()

    writers = [threading.Thread(target=change_often) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [entry.data["name"] for entry in iter_changes()] == [f"after {before}" for before in range(40)]


@pytest.mark.django_db
def test_what_a_change_must_not_violate_stops_it() -> None:
    def build() -> list[Change]:
        raise ValueError("not allowed")

    with pytest.raises(ValueError, match="not allowed"):
        change_ruleset(build, actor="ana", now=timezone.now())
    assert current_version() == 0


@pytest.mark.django_db(transaction=True)
def test_a_claim_names_the_version_of_the_ruleset(online_redis: object) -> None:
    receive_events(payments(1), source="shop", now=timezone.now())
    assert claim("commerce", limit=1)[0].ruleset == 0
    append_changes([defined("a"), defined("b")], actor="ana", now=timezone.now())
    assert claim("commerce", limit=1)[0].ruleset == 2
