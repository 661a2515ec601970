"""How each entry of a case's stream changes its row. No database."""

from datetime import timedelta
from typing import Any

import pytest

from reviews import projections as fold
from reviews.models import Case
from reviews.queue.ranking import rank_of
from scoring.log.entries import Entry, NewEntry
from scoring.sql.bulk_tables import BulkTable, Row
from scoring.timestamps import from_iso
from tests.factories.log import NOW, as_read

UNTIL = "2026-03-01T12:45:00Z"
FACTS = {"why": "review", "outcome": "review", "score": 0.5, "stake": 10_000, "expected_loss": 5_000}
HELD = {"reviewer": "ana", "until": UNTIL}
VERDICT = {"reviewer": "ana", "verdict": "fraud", "reason_code": "stolen_card", "note": "d" * 32}


def entry(entry_type: str, version: int, **data: Any) -> Entry:
    new = NewEntry("case/payment/shop/T-1", version - 1, entry_type, {"event_position": 7, **data})
    return as_read(new)


def opened(**data: Any) -> Row:
    about = {"event": "payment/shop/T-1", "event_type": "payment", "currency": "USD"}
    return fold.opened_case(None, entry("case.opened", 1, **about, **{**FACTS, **data}))


def claimed() -> Row:
    return fold.claimed_case(opened(), entry("case.claimed", 2, **HELD))


def decided() -> Row:
    return fold.decided_case(claimed(), entry("case.decided", 3, **VERDICT))


def closed() -> Row:
    return fold.closed_case(opened(), entry("case.closed", 2, outcome="allow", because="revised"))


def changes(before: Row, after: Row) -> Row:
    return {name: value for name, value in after.items() if before[name] != value}


def test_a_row_has_every_column_of_its_table_and_no_other() -> None:
    for row in (opened(), claimed(), decided(), closed()):
        assert set(row) == set(BulkTable.of(Case).columns)


def test_an_opened_case_gets_its_rank() -> None:
    row = opened()
    assert (row["event_position"], row["state"], row["opened_at"], row["version"]) == (7, "open", NOW, 1)
    assert row["rank"] == rank_of(loss=5_000, currency="USD", sampled=False, opened_at=NOW)
    assert opened(why="sample")["rank"] < row["rank"]


def test_claiming_sets_the_reviewer_and_releasing_clears_it() -> None:
    assert changes(opened(), claimed()) == {
        "state": "claimed",
        "claimed_by": "ana",
        "claimed_at": NOW,
        "lease_until": from_iso(UNTIL),
        "version": 2,
    }
    released = fold.released_case(claimed(), entry("case.released", 3))
    assert changes(opened(), released) == {"version": 3, "released_at": NOW}


def test_a_verdict_is_stored_with_its_reviewer_and_time() -> None:
    assert changes(opened(), decided()) == {
        "state": "decided",
        "verdict": "fraud",
        "reason_code": "stolen_card",
        "note": "d" * 32,
        "decided_by": "ana",
        "decided_at": NOW,
        "version": 3,
    }


def test_reopening_clears_the_verdict() -> None:
    row = fold.reopened_case(decided(), entry("case.reopened", 4, reviewer="bo", until=UNTIL))
    assert changes(claimed(), row) == {"claimed_by": "bo", "version": 4}


def test_a_reopened_case_ranks_by_the_current_facts() -> None:
    later = {**FACTS, "score": 0.9, "expected_loss": 9_000}
    row = fold.reopened_case(closed(), entry("case.reopened", 3, **later, reviewer=""))
    assert changes(opened(), row) == {
        "version": 3,
        "score": 0.9,
        "expected_loss": 9_000,
        "rank": rank_of(loss=9_000, currency="USD", sampled=False, opened_at=NOW),
    }


def test_a_rescored_case_stays_claimed() -> None:
    later = {**FACTS, "outcome": "allow", "score": 0.1, "expected_loss": 1_000}
    row = fold.rescored_case(claimed(), entry("case.rescored", 3, **later))
    assert set(changes(claimed(), row)) == {"version", "outcome", "score", "expected_loss", "rank"}


def test_a_fold_does_not_change_its_input_row() -> None:
    before = claimed()
    fold.decided_case(before, entry("case.decided", 3, **VERDICT))
    assert before == claimed()


def test_a_stream_that_begins_in_the_middle_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"case/payment/shop/T-1 does not begin with case\.opened"):
        fold.claimed_case(None, entry("case.claimed", 2, **HELD))


@pytest.mark.parametrize(
    ("row", "minutes", "free", "held"),
    [
        (opened(), 0, True, False),
        (claimed(), 0, False, True),
        (claimed(), 20, True, False),  # its lease ended at 12:45
        (decided(), 0, False, False),
        (closed(), 0, False, False),
    ],
    ids=["open", "claimed", "lease ran out", "decided", "closed"],
)
def test_when_a_case_is_free_or_held(row: Row, minutes: int, free: bool, held: bool) -> None:
    case, now = Case(**row), NOW + timedelta(minutes=minutes)
    assert (case.is_free(now), case.is_held(now)) == (free, held)
    assert case.is_held_by("ana", now) is held
    assert not case.is_held_by("bo", now)


ROUTED = {"queue": "large", "queue_version": 2, "sla_minutes": 60, "shared_entities": [5, 6]}


def test_a_routed_case_is_due_when_its_sla_ends() -> None:
    assert changes(opened(), opened(**ROUTED)) == {
        "queue": "large",
        "queue_version": 2,
        "due_at": NOW + timedelta(minutes=60),
        "shared_entities": [5, 6],
    }


def test_a_routed_case_stays_in_its_queue_when_it_is_decided_again() -> None:
    spam = entry("case.rescored", 2, **{**FACTS, "queue": "spam"})
    again = fold.rescored_case(opened(**ROUTED), spam)
    assert (again["queue"], again["due_at"]) == ("large", NOW + timedelta(minutes=60))
    assert fold.rescored_case(opened(queue="scam"), spam)["queue"] == "spam"


def test_a_snoozed_case_is_open_and_a_claim_ends_the_snooze() -> None:
    snoozed = fold.snoozed_case(claimed(), entry("case.snoozed", 3, until=UNTIL, reviewer="ana", reason="r"))
    assert changes(opened(), snoozed) == {"version": 3, "snoozed_until": from_iso(UNTIL)}
    assert fold.claimed_case(snoozed, entry("case.claimed", 4, **HELD))["snoozed_until"] is None


def test_an_assigned_case_is_kept_by_its_claimant_only_if_they_get_it() -> None:
    own = fold.assigned_case(claimed(), entry("case.assigned", 3, to="ana"))
    other = fold.assigned_case(claimed(), entry("case.assigned", 3, to="bo"))
    assert (own["assigned_to"], own["claimed_by"], own["state"]) == ("ana", "ana", "claimed")
    assert (other["assigned_to"], other["claimed_by"], other["state"]) == ("bo", "", "open")


def test_a_transferred_case_is_due_by_the_sla_of_its_new_queue_from_its_opening() -> None:
    later = entry("case.transferred", 3, **ROUTED, reason="r")._replace(recorded_at=NOW + timedelta(hours=5))
    moved = fold.transferred_case(claimed(), later)
    assert (moved["queue"], moved["claimed_by"]) == ("large", "")
    assert moved["due_at"] == NOW + timedelta(minutes=60)


def test_a_verdict_ends_what_set_a_case_aside() -> None:
    assigned = fold.assigned_case(claimed(), entry("case.assigned", 3, to="ana"))
    assert fold.decided_case(assigned, entry("case.decided", 4, **VERDICT))["assigned_to"] == ""


def test_a_quality_check_has_as_long_as_the_case_had() -> None:
    row = fold.decided_case(opened(**ROUTED), entry("case.decided", 2, **VERDICT))
    later = entry("case.check_opened", 3, check="second")._replace(recorded_at=NOW + timedelta(days=2))
    assert fold.check_opened_case(row, later)["due_at"] == NOW + timedelta(days=2, minutes=60)


def test_why_a_case_was_next_is_kept_while_its_lease_is_renewed() -> None:
    first = fold.claimed_case(opened(), entry("case.claimed", 2, **HELD, because={"linked": 3}))
    renewed = fold.claimed_case(first, entry("case.claimed", 3, **HELD))
    assert (first["next_because"], renewed["next_because"]) == ({"linked": 3}, {"linked": 3})
    assert fold.released_case(renewed, entry("case.released", 4))["next_because"] == {}
