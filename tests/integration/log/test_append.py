"""Appends: written entries, conflicts and their effect on projections."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from scoring.decisions.models import Decision
from scoring.intake.models import Event, Label
from scoring.log.append import append, append_new
from scoring.log.entries import NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.models import LogEntry, VaultItem
from scoring.log.read import last_version, read_positions, read_stream, read_streams
from scoring.log.writing.alongside import Alongside
from scoring.log.writing.bulk import append_bulk
from scoring.registry.models import ModelVersion, Route
from scoring.sql.bulk_tables import BulkTable, select_states
from scoring.sql.statements import Sql
from tests.factories.log import (
    NOW,
    decided,
    labeled,
    model_trained,
    open_append,
    received,
    route_changed,
)
from tests.waiting import wait_for_blocked_session

AWKWARD = 'back\\slash "quote" \t tab \n line \r return \u2603 \\N \\. 100 % {braces}'


@pytest.mark.django_db
def test_append_returns_the_entries_that_readers_get() -> None:
    [event] = append([received("T-1", note=AWKWARD)], now=NOW)
    [decision] = append([decided(event)], now=NOW)

    assert read_stream("payment/shop/T-1") == [event, decision]
    assert event.data["fields"]["note"] == AWKWARD
    assert event.data["occurred_at"] == "2026-03-01T12:29:00Z"


@pytest.mark.django_db
def test_bulk_writes_the_same_rows_as_append() -> None:
    def everything(tag: str) -> list[NewEntry]:
        return [
            received(f"{tag}-1", note=AWKWARD),
            received(f"{tag}-\\b\tt", history=True),
            labeled(f"payment/shop/{tag}-1"),
            labeled(f"payment/shop/{tag}-1", version=2, value=None, previous="fraud", effective=None),
        ]

    singly = append(everything("A"), now=NOW)
    in_bulk = append_bulk(everything("B"), now=NOW)

    assert read_positions([entry.position for entry in in_bulk]) == in_bulk
    for model, key in ((LogEntry, "stream"), (Event, "external_id"), (Label, "event_stream")):
        assert _rows(model, singly, key=key, tag="A") == _rows(model, in_bulk, key=key, tag="B")


@pytest.mark.django_db
def test_bulk_decisions_keep_their_vectors() -> None:
    [event] = append_bulk([received("T-1")], now=NOW)
    [decision] = append_bulk([decided(event)], now=NOW)

    assert read_stream("payment/shop/T-1")[1].packed == decided(event).packed == decision.packed
    assert Decision.objects.get().position == decision.position


def _rows(model: Any, entries: Any, *, key: str, tag: str) -> list[dict[str, Any]]:
    """The rows of `entries` without what has to differ: positions, and the tag in their names."""
    rows = model.objects.filter(position__in=[e.position for e in entries]).order_by("position").values()
    text = [{name: str(value).replace(f"{tag}-", "?-") for name, value in row.items()} for row in rows]
    return [{name: value for name, value in row.items() if name != "position"} for row in text]


@pytest.mark.django_db
def test_positions_follow_the_given_order_across_streams() -> None:
    given = [received(name) for name in ("z", "a", "m")]

    for written in (append(given, now=NOW), append_bulk([received(n) for n in ("y", "b", "n")], now=NOW)):
        positions = [entry.position for entry in written]
        assert positions == sorted(positions)
    assert [entry.data["id"] for entry in written] == ["y", "b", "n"]


@pytest.mark.django_db
@pytest.mark.parametrize("write", [append, append_bulk])
@pytest.mark.parametrize(
    ("expected_version", "why"), [(0, "the version is taken"), (2, "the version before it is missing")]
)
def test_a_stream_at_another_version_raises_a_conflict(write: Any, expected_version: int, why: str) -> None:
    append([received("T-1")], now=NOW)
    late = NewEntry("payment/shop/T-1", expected_version, "event.parked", {"error": why})

    with pytest.raises(StreamConflict) as refused, transaction.atomic():
        write([received("T-2"), late], now=NOW)

    assert (refused.value.stream, refused.value.expected_version) == ("payment/shop/T-1", expected_version)
    assert Event.objects.count() == 1  # nothing of the refused batch was written


@pytest.mark.django_db
@pytest.mark.parametrize("write", [append, append_bulk])
def test_a_gap_inside_a_batch_raises_a_conflict(write: Any) -> None:
    with pytest.raises(StreamConflict):
        write([labeled("payment/shop/T-1"), labeled("payment/shop/T-1", version=3)], now=NOW)


@pytest.mark.django_db
def test_new_streams_begin_and_existing_ones_are_returned() -> None:
    append([received("T-1")], now=NOW)
    first, again = received("T-2"), received("T-2", card="another")

    written, existing = append_new([received("T-1"), first, again, received("T-3")], now=NOW)

    assert [entry.data["id"] for entry in written] == ["T-2", "T-3"]
    assert [(new.stream, new is again) for new in existing] == [
        ("payment/shop/T-1", False),
        ("payment/shop/T-2", True),
    ]
    assert read_stream("payment/shop/T-2")[0].data["fields"]["card"] == "c-1"


@pytest.mark.django_db
def test_a_later_version_of_a_stream_cannot_begin_one() -> None:
    with pytest.raises(ValueError, match="'label/payment/shop/T-1' was given at 1"):
        append_new([received("T-2"), labeled("payment/shop/T-1", version=2)], now=NOW)
    assert not LogEntry.objects.exists()


@pytest.mark.django_db
def test_a_fold_gets_the_state_that_the_previous_one_left() -> None:
    """If read as text, its lists would be encoded twice at the next change."""
    append([route_changed(1)], now=NOW)
    with transaction.atomic():
        states = select_states(connection, BulkTable.of(Route), ["payment"])
    assert states["payment"]["arms"] == Route.objects.get().arms == route_changed(1).data["arms"]


@pytest.mark.django_db
def test_a_long_list_begins_streams_as_a_short_one_does() -> None:
    append([received("L-7")], now=NOW)

    written, existing = append_new([received(f"L-{i}") for i in range(500)], now=NOW)

    assert [new.stream for new in existing] == ["payment/shop/L-7"]
    assert [entry.data["id"] for entry in written] == [f"L-{i}" for i in range(500) if i != 7]
    assert Event.objects.count() == 500


@pytest.mark.django_db(transaction=True)
def test_a_long_list_is_written_while_another_writer_begins_one_of_its_streams() -> None:
    outcome: list[Any] = []

    def write() -> None:
        outcome.append(append_new([received(f"L-{i}") for i in range(500)], now=NOW))
        connection.close()

    thread = threading.Thread(target=write)
    with open_append([received("L-7", card="the other writer's")]):
        thread.start()
        wait_for_blocked_session()
    thread.join()

    [(written, existing)] = outcome
    assert (len(written), [new.stream for new in existing]) == (499, ["payment/shop/L-7"])
    assert read_stream("payment/shop/L-7")[0].data["fields"]["card"] == "the other writer's"
    assert Event.objects.count() == 500


@pytest.mark.django_db
def test_an_event_and_its_row_are_one_statement(django_assert_num_queries: Any) -> None:
    for number in range(2):  # the first use of a connection also checks the epoch, the second one plans
        append_new([received(f"T-{number}")], now=NOW)

    with django_assert_num_queries(1):
        append_new([received("T-2")], now=NOW)
    with django_assert_num_queries(6):  # what exists, savepoint, positions, two COPYs, release
        append_new([received(f"B-{i}") for i in range(500)], now=NOW)


KEEP_ONE = (
    "INSERT INTO scoring_vaultitem (digest, kind, value, first_seen_at) VALUES ('first', '', '', now())"
)
KEEP_EACH = """
    kept AS (
        INSERT INTO scoring_vaultitem (digest, kind, value, first_seen_at)
        SELECT stream, '', '', now() FROM written)
"""


def keeping(*, guard: str = "true") -> Alongside:
    """Stores one value first, and one for each entry written."""
    return Alongside(
        first=Sql(KEEP_ONE), before=Sql("counted AS (SELECT 1)"), clauses=(Sql(KEEP_EACH),), guard=Sql(guard)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("write", [append, append_bulk, append_new])
def test_rows_alongside_entries_are_written_with_them(write: Any) -> None:
    write([received("T-1"), received("T-2")], now=NOW, alongside=keeping())

    assert set(VaultItem.objects.values_list("digest", flat=True)) == {
        "first",
        "payment/shop/T-1",
        "payment/shop/T-2",
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", [append, append_bulk])
@pytest.mark.parametrize(
    ("version", "guard"),
    [(0, "(SELECT count(*) FROM counted) = 2"), (0, "true"), (7, "true")],
    ids=["the guard does not hold", "a version is taken", "a predecessor is missing"],
)
def test_no_rows_are_written_alongside_refused_entries(write: Any, version: int, guard: str) -> None:
    if guard == "true":
        append([received("T-1")], now=NOW)
    refused = NewEntry("payment/shop/T-1", version, "event.received", received("T-1").data)

    with pytest.raises(StreamConflict) as conflict:
        write([refused], now=NOW, alongside=keeping(guard=guard))

    assert (conflict.value.stream, conflict.value.expected_version) == (refused.stream, version)
    assert not VaultItem.objects.exists()
    assert LogEntry.objects.count() == (1 if guard == "true" else 0)


@pytest.mark.django_db
def test_a_long_stream_name_is_found_when_its_predecessor_is_missing() -> None:
    stream = f"label/payment/shop/{'T' * 200}"
    late = NewEntry(stream, 2, "label.parked", {"position": 1, "kind": "label", "error": "x"})

    with pytest.raises(StreamConflict) as conflict, transaction.atomic():
        append([received("T-1"), late], now=NOW)

    assert (conflict.value.stream, conflict.value.expected_version) == (stream, 2)


@pytest.mark.django_db
def test_every_projection_is_folded_as_entries_are_appended() -> None:
    [event] = append([received("T-1")], now=NOW)
    append([decided(event), labeled(event.stream), model_trained(1)], now=NOW)
    append([route_changed(1), route_changed(2)], now=NOW)
    append([route_changed(3)], now=NOW)

    assert Event.objects.get().stream == event.stream
    assert (Decision.objects.get().event_position, Decision.objects.get().outcome) == (
        event.position,
        "allow",
    )
    assert Label.objects.get().effective == "fraud"
    assert ModelVersion.objects.get().parameters == {"trees": 200, "depth": 6}
    assert (Route.objects.get().version, Route.objects.get().arms[0]["model"]) == (3, "payment-3")


@pytest.mark.django_db
def test_projections_roll_back_with_the_transaction() -> None:
    with transaction.atomic():
        append([received("T-1")], now=NOW)
        assert Event.objects.exists()
        transaction.set_rollback(True)

    assert not LogEntry.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_of_two_simultaneous_writers_of_a_stream_gets_a_conflict() -> None:
    append([received("T-1")], now=NOW)
    start, outcomes = threading.Barrier(2), []

    def write(who: int) -> None:
        start.wait()
        try:
            append([NewEntry("payment/shop/T-1", 1, "event.parked", {"error": str(who)})], now=NOW)
            outcomes.append("written")
        except StreamConflict:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(who,)) for who in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "written"]
    assert len(read_stream("payment/shop/T-1")) == 2


@pytest.mark.django_db(transaction=True)
def test_two_batches_with_the_same_streams_in_opposite_order_do_not_deadlock() -> None:
    names = [f"T-{i}" for i in range(300)]
    start, failures = threading.Barrier(2), []

    def write(order: list[str]) -> None:
        start.wait()
        try:
            append_new([received(name) for name in order], now=NOW)
        except Exception as error:  # noqa: BLE001 - a deadlock would be one
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(order,)) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(read_streams([f"payment/shop/{name}" for name in names])) == 300


@pytest.mark.django_db
def test_the_last_version_of_a_stream_is_that_of_its_last_entry() -> None:
    assert last_version("payment/shop/T-1") == 0
    append([received("T-1"), received("T-2")], now=NOW)
    assert (last_version("payment/shop/T-1"), last_version("payment/shop/T-3")) == (1, 0)
    append([labeled("payment/shop/T-1")], now=NOW)
    append([labeled("payment/shop/T-1", version=2)], now=NOW)
    assert last_version("label/payment/shop/T-1") == 2
