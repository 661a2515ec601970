"""Counts of what software decided without a person, and what becomes of them."""

import csv
from collections import defaultdict
from datetime import timedelta
from io import StringIO
from random import Random
from statistics import median
from typing import Any

import pytest

from reviews.models import AutomatedAction
from reviews.statements.automated import AUTOMATED, broken_policies_in
from reviews.statements.automated_figures import AutomatedFigures, automated_figures
from reviews.statements.figures import moderation_figures
from reviews.statements.figures_csv import figures_csv
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import to_iso
from tests.factories.log import decided
from tests.integration.reviews.browsing import LOOK, Browse, text_of
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    REVIEWED,
    SPAM,
    appeal,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
MINUTE = timedelta(minutes=1)
MIDNIGHT = DAY.replace(hour=0)
SPAN = {"since": MIDNIGHT - timedelta(days=1), "until": MIDNIGHT + timedelta(days=1)}


def head(outcome: str) -> dict[str, Any]:
    return {"score": 0.9, "outcome": outcome, "thresholds": {}, "reasons": []}


def restrict(external_id: str, *, after: timedelta = MINUTE, revision: int = 0, **data: Any) -> Entry:
    """A note that software restricts so long after its receipt, or decides again."""
    if revision:
        event = read_stream(f"note/shop/{external_id}")[0]
    else:
        event = receive("note", external_id, author="ann", text="Buy now!")
    usual = {"outcome": "block", "decided_by": "model", "received_at": to_iso(DAY)}
    at = DAY + after
    entry = decided(event, revision=revision, **{**REVIEWED, **usual, "decided_at": to_iso(at), **data})
    append([entry], now=at)
    catch_up(AUTOMATED, now=at)
    return event


def figures() -> dict[tuple[str, str, str], AutomatedFigures]:
    return {(row.policy, row.decided_by, row.origin): row for row in automated_figures(**SPAN)}


def test_restrictions_are_counted_by_policy_decider_and_action() -> None:
    restrict("N-1", policies={"spam": head("block"), "threat": head("block")})
    restrict("N-2", after=3 * MINUTE, policies={"spam": head("block"), "threat": head("limit")})
    restrict("N-3", outcome="limit", policies={"spam": head("limit")})
    restrict("N-4", decided_by="rule", policies={"spam": head("allow")})
    bank = {"kind": "bank", "name": "known", "policy": "threat", "stage": "active", "outcome": "block"}
    bank |= {"number": 3, "item": 1, "media": "m-1", "distance": 4, "code": "KNOWN", "text": "Known"}
    restrict("N-5", decided_by="bank", findings=[bank])
    for number, outcome in ((6, "allow"), (7, "review")):
        restrict(f"N-{number}", outcome=outcome, policies={"spam": head(outcome)})
    restrict("N-8", held={"outcome": "block"})

    found = figures()

    own = "own_initiative"
    assert list(found) == [
        ("spam", "model", own),
        ("threat", "model", own),
        ("threat", "bank", own),
        ("", "rule", own),
    ]
    assert found["spam", "model", own].actions == {"block": 2, "limit": 1}
    assert found["spam", "model", own].times == {"block": 2 * MINUTE, "limit": MINUTE}
    assert found["threat", "model", own].actions == {"block": 1}
    assert found["", "rule", own].decisions == 1


def test_daily_sums_give_what_the_restrictions_themselves_give() -> None:
    random = Random(7)
    for number in range(40):
        policies = {name: head("block") for name in ("spam", "threat") if random.random() < 0.6}
        decider = random.choice(["model", "rule"])
        told = {"policies": policies, "decided_by": decider, "outcome": random.choice(["block", "limit"])}
        restrict(f"N-{number}", after=timedelta(seconds=10 ** random.uniform(-3, 4)), **told)
    for number in range(0, 40, 3):  # again by other means, later, or no longer
        told = {"policies": {"spam": head("block")}, "outcome": random.choice(["block", "limit", "allow"])}
        restrict(f"N-{number}", after=timedelta(hours=4), revision=1, **told)

    exact: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for row in AutomatedAction.objects.all():
        for policy in row.policies or [""]:
            seconds = (row.decided_at - row.received_at).total_seconds()
            exact[policy, row.decided_by, row.action].append(seconds)

    found = automated_figures(**SPAN)
    counted = {
        (row.policy, row.decided_by, action): number
        for row in found
        for action, number in row.actions.items()
    }
    assert counted == {key: len(times) for key, times in exact.items()}
    for row in found:
        for action, time in row.times.items():
            expected = median(exact[row.policy, row.decided_by, action])
            assert time.total_seconds() == pytest.approx(expected, rel=0.05)


def test_a_span_is_of_whole_days() -> None:
    with pytest.raises(ValueError, match="start of a day in UTC"):
        automated_figures(since=DAY, until=MIDNIGHT + timedelta(days=1))


@pytest.mark.parametrize(
    ("decision", "policies"),
    [
        ({"policies": {"spam": head("block"), "threat": head("review")}}, ["spam"]),
        ({"policies": {"spam": head("review"), "threat": head("allow")}}, ["spam"]),
        ({"policies": {"spam": head("review")}, "decided_by": "list"}, []),
        ({"findings": [{"policy": "threat"}, {"name": "velocity"}], "decided_by": "bank"}, ["threat"]),
        ({}, []),
    ],
)
def test_the_policies_are_those_that_gave_the_outcome(decision: dict[str, Any], policies: list[str]) -> None:
    assert broken_policies_in({"outcome": "block", "basis": "model", **decision}) == policies


def test_the_latest_decision_counts_and_a_confirmed_one_keeps_its_time() -> None:
    restrict("N-1", policies={"spam": head("block")})
    restrict("N-1", after=9 * MINUTE, revision=1, policies={"spam": head("block")})
    assert AutomatedAction.objects.get().decided_at == DAY + MINUTE
    restrict("N-1", after=10 * MINUTE, revision=2, outcome="limit", policies={"spam": head("limit")})
    assert AutomatedAction.objects.get().decided_at == DAY + 10 * MINUTE
    restrict("N-1", after=11 * MINUTE, revision=3, outcome="allow")
    assert automated_figures(**SPAN) == []


def test_a_revision_after_a_report_rests_on_a_notice() -> None:
    restrict("N-1", outcome="allow")
    open_note("N-2")  # indexes what was received
    receive("note_report", "R-1", reporter="bob", content="N-1")
    open_note("N-3")
    restrict("N-1", after=5 * MINUTE, revision=1, policies={"spam": head("block")})
    assert list(figures()) == [("spam", "model", "reported")]


def test_appeals_are_upheld_or_overturned_and_have_a_time() -> None:
    for number in (1, 2, 3):
        restrict(f"N-{number}", policies={"spam": head("block"), "threat": head("block")})
    late = DAY + 30 * MINUTE
    judge(appeal("A-1", content="N-1"), now=late, verdict="granted", reason_code="misread")
    judge(appeal("A-2", content="N-2"), now=late, verdict="rejected", reason_code="rightly_decided")
    appeal("A-3", content="N-3")
    for row in automated_figures(**SPAN):
        assert (row.appeals, row.granted, row.rejected, row.pending) == (3, 1, 1, 1)
        assert row.time_to_appeal_decision == 30 * MINUTE


def test_the_table_is_built_again_from_the_log() -> None:
    restrict("N-1", policies={"spam": head("block")})
    before, counted = list(AutomatedAction.objects.values()), figures()
    rebuild_consumer(AUTOMATED, now=DAY)
    assert list(AutomatedAction.objects.values()) == before
    assert figures() == counted


def test_many_restrictions_are_counted_in_two_queries(django_assert_num_queries: Any) -> None:
    for number in range(5):
        restrict(f"N-{number}", policies={"spam": head("block")})
    with django_assert_num_queries(2):
        [row] = automated_figures(**SPAN)
    assert row.decisions == 5


def test_the_csv_says_what_was_automated_in_the_terms_of_the_regulation() -> None:
    restrict("N-1", policies={"spam": head("block")})
    judge(open_note("N-2"), **SPAM)
    text = figures_csv(moderation_figures(**SPAN), automated_figures(**SPAN), **SPAN)
    person, software = csv.DictReader(StringIO(text))
    assert (person["decided_by"], person["automated_decision"]) == (
        "person",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    )
    assert (software["decided_by"], software["automated_decision"], software["automated_detection"]) == (
        "model",
        "AUTOMATED_DECISION_FULLY",
        "Yes",
    )
    assert (software["source_type"], software["action"], software["decisions"]) == (
        "SOURCE_VOLUNTARY",
        "block",
        "1",
    )
    assert (software["median_minutes_to_action"], software["strikes"]) == ("1.0", "")


def test_the_page_shows_automated_decisions(browse: Browse) -> None:
    restrict("N-1", policies={"spam": head("block")}, decided_by="bank")
    page = text_of(browse("otto", *LOOK).get("/admin/moderation/?from=2026-03-01&to=2026-03-03"))
    for told in (
        "Automated decisions, by policy and what decided",
        "hash bank",
        "own initiative",
        "remove 1",
    ):
        assert told in page
