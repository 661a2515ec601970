"""How decisions, revisions and retractions open, change and close an event's case. No database."""

from datetime import timedelta
from typing import Any

import pytest

from reviews.models import Case
from reviews.queue.opening import MAX_BECAUSE, close_retracted, entry_for_revision, opening_of
from reviews.queue.ranking import is_sampled
from scoring.catalog.registry import event_type
from scoring.log.entries import Entry, NewEntry
from tests.factories.log import NOW, as_read, decided, received

LEASE_END = NOW + timedelta(minutes=15)
SAMPLED = next(name for name in map(str, range(10_000)) if is_sampled(f"payment/shop/{name}"))
OTHER = "0"


def decision(outcome: str, *, of: str = OTHER, revision: int = 1, **data: Any) -> Entry:
    return as_read(decided(as_read(received(of)), revision=revision, outcome=outcome, **data), position=9)


def case(state: str, why: str = "review", *, lease_until: Any = None) -> Case:
    return Case(
        event_position=7,
        event_stream=f"payment/shop/{OTHER}",
        version=4,
        state=state,
        why=why,
        outcome="review",
        claimed_by="ana" if state == "claimed" else "",
        lease_until=lease_until,
    )


HELD = {"lease_until": LEASE_END}
RAN_OUT = {"lease_until": NOW}


@pytest.mark.parametrize(
    ("present", "outcome", "answer"),
    [
        (None, "review", "case.opened"),
        (None, "allow", None),
        (case("open"), "review", "case.rescored"),
        (case("open"), "allow", "case.closed"),
        (case("open"), "block", "case.closed"),
        (case("open", "sample"), "allow", "case.rescored"),
        (case("open", "sample"), "block", "case.rescored"),
        (case("open", "sample"), "review", "case.rescored"),
        (case("claimed", **HELD), "review", "case.rescored"),
        (case("claimed", **HELD), "allow", "case.rescored"),
        (case("claimed", **RAN_OUT), "allow", "case.closed"),
        (case("claimed", "sample", **RAN_OUT), "allow", "case.rescored"),
        (case("decided"), "review", None),
        (case("decided"), "allow", None),
        (case("closed"), "review", "case.reopened"),
        (case("closed"), "allow", None),
        (case("closed", "sample"), "allow", None),
    ],
    ids=[
        "an event without a case gets one when it is sent to review",
        "an event without a case gets none for another outcome",
        "an open case is ranked by the new decision",
        "an open case is closed when the event is allowed",
        "an open case is closed when the event is blocked",
        "a sampled case stays when the event is allowed",
        "a sampled case stays when the event is blocked",
        "a sampled case that is sent to review is ranked again",
        "a held case is ranked by the new decision",
        "a held case stays with its reviewer, whatever the outcome",
        "a case whose lease has just expired is closed",
        "a sampled case whose lease has expired stays",
        "a decided case is not reopened",
        "a verdict is not undone",
        "a closed case is reopened when the event is sent to review",
        "a closed case stays closed",
        "a closed sampled case stays closed",
    ],
)
def test_the_effect_of_a_later_decision_on_a_case(
    present: Case | None, outcome: str, answer: str | None
) -> None:
    entry = entry_for_revision(decision(outcome), present, now=NOW)

    assert (entry and entry.type) == answer
    if entry and present:
        assert (entry.expected_version, entry.stream) == (4, f"case/payment/shop/{OTHER}")
        assert entry.data["event_position"] == 7


def test_an_event_is_drawn_for_the_sample_by_its_first_decision_only() -> None:
    assert opening_of(decision("allow", of=SAMPLED)) is not None
    assert entry_for_revision(decision("allow", of=SAMPLED), None, now=NOW) is None


@pytest.mark.parametrize(
    ("present", "outcome", "why"),
    [
        (case("open"), "review", "review"),
        (case("open", "sample"), "allow", "sample"),
        (case("open", "sample"), "review", "review"),
        (case("claimed", **HELD), "allow", "review"),
        (case("closed", "sample"), "review", "review"),
    ],
)
def test_a_case_shows_its_current_cause(present: Case, outcome: str, why: str) -> None:
    answer = entry_for_revision(decision(outcome), present, now=NOW)
    assert answer is not None
    assert answer.data["why"] == why


@pytest.mark.parametrize(
    ("outcome", "of", "why"),
    [
        ("review", OTHER, "review"),
        ("review", SAMPLED, "review"),
        ("allow", SAMPLED, "sample"),
        ("block", SAMPLED, "sample"),
        ("allow", OTHER, None),
        ("block", OTHER, None),
        ("challenge", OTHER, None),
        ("limit", OTHER, None),
    ],
)
def test_which_decisions_open_a_case(outcome: str, of: str, why: str | None) -> None:
    opening = opening_of(decision(outcome, of=of, revision=0))

    assert (opening and opening.data["why"]) == why
    if opening:
        assert (opening.type, opening.expected_version) == ("case.opened", 0)
        assert opening.data["event"] == f"payment/shop/{of}"
        assert opening.metadata == {"causation": 9}


@pytest.mark.parametrize(
    ("stake", "at_risk"),
    [(8_000, 8_000), (0, 0), (None, event_type("payment").nominal_stake)],
    ids=["the stake", "no stake", "unknown stake: the type's nominal one"],
)
def test_the_expected_loss_of_an_event(stake: int | None, at_risk: int) -> None:
    opening = opening_of(decision("review", revision=0, stake=stake, score=0.5))
    assert opening is not None
    assert (opening.data["stake"], opening.data["expected_loss"]) == (stake, at_risk // 2)


@pytest.mark.parametrize(
    ("data", "because"),
    [
        ({}, "the decision was revised from review to allow"),
        ({"event_version": 8}, "the event was corrected, and the decision revised from review to allow"),
    ],
    ids=["another model", "other fields"],
)
def test_a_closed_case_says_why_it_was_closed(data: dict[str, Any], because: str) -> None:
    answer = entry_for_revision(decision("allow", **data), case("open"), now=NOW)
    assert answer is not None
    assert answer.data == {"event_position": 7, "outcome": "allow", "because": because}


@pytest.mark.parametrize(
    ("revision", "data"), [(0, {"event_version": 8}), (1, {}), (1, {"event_version": 8})]
)
def test_only_a_revision_of_another_event_version_is_a_correction(
    revision: int, data: dict[str, Any]
) -> None:
    told = decision("review", revision=revision, **data)
    answer = entry_for_revision(told, None if not revision else case("open"), now=NOW)
    assert answer is not None
    assert answer.data.get("corrected", False) is (revision == 1 and bool(data))


def retraction(reason: str = "a test") -> Entry:
    data = {"event_position": 7, "reason": reason}
    return as_read(NewEntry(f"payment/shop/{OTHER}", 2, "event.retracted", data))


@pytest.mark.parametrize(
    ("present", "closes"),
    [
        (None, False),
        (case("open"), True),
        (case("open", "sample"), True),
        (case("claimed", **HELD), True),
        (case("claimed", **RAN_OUT), True),
        (case("decided"), False),
        (case("closed"), False),
    ],
)
def test_a_retraction_closes_only_pending_cases(present: Case | None, closes: bool) -> None:
    answer = close_retracted(retraction(), present)
    assert (answer is not None) is closes
    if answer:
        assert (answer.type, answer.expected_version) == ("case.closed", 4)
        assert answer.data["outcome"] == "review"


def test_a_long_reason_is_cut_to_the_columns_length() -> None:
    answer = close_retracted(retraction("x" * 200), case("open"))
    assert answer is not None
    assert len(answer.data["because"]) == MAX_BECAUSE == Case._meta.get_field("closed_because").max_length
