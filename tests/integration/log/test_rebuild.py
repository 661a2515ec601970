"""Rebuilt tables equal the appended ones row for row."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import models

from scoring.decisions.models import Decision
from scoring.intake.models import Event, Label
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.models import LogEntry
from scoring.log.writing.alongside import Alongside
from scoring.log.writing.bulk import append_bulk
from scoring.registry.models import ModelVersion, Route
from tests.factories.log import NOW, decided, labeled, model_trained, received, route_changed, sequenced

pytestmark = pytest.mark.django_db

PROJECTIONS: tuple[type[models.Model], ...] = (Event, Decision, Label, Route, ModelVersion)


def rows_of(model: type[models.Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


def a_full_log() -> None:
    events = append_bulk([received(f"T-{i}", history=i % 3 == 0) for i in range(50)], now=NOW)
    decisions = append([decided(event, seq=number + 1) for number, event in enumerate(events)], now=NOW)
    append([decided(events[0], revision=1, basis="fallback", score=None, model=None)], now=NOW)
    append_bulk([labeled(event.stream) for event in events[::5]], now=NOW)
    append([route_changed(1), route_changed(2), model_trained(1), model_trained(2)], now=NOW)
    append([route_changed(3)], now=NOW)
    assert decisions


def test_rebuilt_tables_equal_the_appended_ones_row_for_row() -> None:
    a_full_log()
    before = {model: rows_of(model) for model in PROJECTIONS}
    assert all(before.values())

    call_command("rebuild", verbosity=0)

    assert {model: rows_of(model) for model in PROJECTIONS} == before


def test_rebuilding_repairs_lost_changed_and_extra_rows() -> None:
    a_full_log()
    before = {model: rows_of(model) for model in PROJECTIONS}
    Event.objects.filter(external_id="T-7").delete()
    Decision.objects.update(outcome="block")
    Route.objects.update(version=99, arms=[])
    Label.objects.create(position=10**9, event_stream="x", source="y", known_at=NOW)

    call_command("rebuild", verbosity=0)

    assert {model: rows_of(model) for model in PROJECTIONS} == before


def test_rebuilding_one_projection_leaves_the_others_alone() -> None:
    a_full_log()
    before = rows_of(Event)
    Event.objects.all().delete()
    Label.objects.all().delete()

    call_command("rebuild", projection=["event"], verbosity=0)

    assert rows_of(Event) == before
    assert not Label.objects.exists()


def test_an_unknown_projection_error_lists_the_known_ones() -> None:
    with pytest.raises(CommandError, match=r"'evnt'.*decision, .*event, "):
        call_command("rebuild", projection=["evnt"], verbosity=0)


def test_the_rebuilt_pending_rows_equal_those_of_intake() -> None:
    places = [
        pending.NewPending(f"payment/shop/{name}", "commerce", pending.NORMAL, wake_token=None)
        for name in ("done", "waiting")
    ]
    alongside = Alongside(clauses=pending.queue_clauses(places, now=NOW))
    done, _ = append([received("done"), received("waiting")], now=NOW, alongside=alongside)
    label, held = append([labeled(done.stream), labeled("payment/shop/never-seen")], now=NOW)
    pending.enqueue_labels([label, held], held={held.data["event"]}, with_history=set(), now=NOW)
    append([sequenced([done.position])], now=NOW)
    pending.complete([done.position])
    before = rows_of(Pending)
    assert [row["state"] for row in before] == ["ready", "ready", "held"]

    call_command("rebuild", verbosity=0)

    assert rows_of(Pending) == before


def test_rebuilt_history_keeps_its_known_time_and_parked_entries_their_error() -> None:
    event, bad = append([received("old", history=True), received("bad")], now=NOW)
    [label] = append([labeled(event.stream, history=True)], now=NOW)
    append([NewEntry(bad.stream, 1, "event.parked", _parked(bad.position, "event"))], now=NOW)

    call_command("rebuild", projection=["pending"], verbosity=0)

    rows = {row.position: row for row in Pending.objects.all()}
    assert (rows[event.position].state, rows[event.position].due_at) == (
        "history",
        Event.objects.get(position=event.position).occurred_at,
    )
    assert (rows[label.position].state, rows[label.position].due_at) == ("history", NOW)
    assert (rows[bad.position].state, rows[bad.position].error) == ("parked", "ValueError: bad")
    assert {row.lane for row in rows.values()} == {"commerce"}


def test_a_fallback_decision_is_pending_until_it_is_rescored() -> None:
    revised, waiting, unsequenced = append([received(name) for name in "abc"], now=NOW)
    append([sequenced([revised.position, waiting.position])], now=NOW)
    append([decided(event, basis="fallback") for event in (revised, waiting, unsequenced)], now=NOW)
    append([decided(revised, revision=1)], now=NOW)

    call_command("rebuild", projection=["pending"], verbosity=0)

    found = [(row.position, row.kind, row.state) for row in Pending.objects.order_by("position")]
    assert found == [(waiting.position, "rescore", "waiting"), (unsequenced.position, "event", "ready")]


def test_a_retried_entry_keeps_its_last_error_and_a_bad_rescore_is_parked() -> None:
    bad, unmodeled = append([received("bad"), received("unmodeled")], now=NOW)
    append([sequenced([unmodeled.position])], now=NOW)
    append([decided(unmodeled, basis="fallback")], now=NOW)
    for number, error in enumerate(("first", "last"), start=1):
        parked = _parked(bad.position, "event") | {"error": error}
        append([NewEntry(bad.stream, number, "event.parked", parked)], now=NOW)
    parked = _parked(unmodeled.position, "rescore")
    append([NewEntry(unmodeled.stream, 2, "event.parked", parked)], now=NOW)

    rebuild_pending()

    found = Pending.objects.order_by("position").values_list("kind", "state", "error", "priority")
    assert list(found) == [
        ("event", "parked", "last", pending.NORMAL),
        ("rescore", "parked", "ValueError: bad", pending.LATER),
    ]


def test_rebuild_reports_positions_passed_and_pending_entries() -> None:
    a_full_log()
    passed: list[int] = []
    count = rebuild_pending(advance=passed.append)
    assert count == Pending.objects.count() == 60
    assert sum(passed) == LogEntry.objects.latest("position").position
    assert min(passed) >= 0


def _parked(position: int, kind: str) -> dict[str, Any]:
    return {"position": position, "kind": kind, "error": "ValueError: bad"}
