"""Counts of verdicts by policy and origin, time to action and the outcome of appeals."""

import csv
from datetime import date, datetime, timedelta
from io import StringIO

import pytest

from reviews.models import Case, EventReport
from reviews.pages.content.figures import span_of
from reviews.statements.figures import moderation_figures
from reviews.statements.figures_csv import figures_csv
from reviews.statements.reports import REPORTS
from scoring.catalog.registry import event_type
from scoring.intake.amending.corrections import correct_event, retract_event
from scoring.intake.receive import Submission
from scoring.log.consumers.registry import catch_up, rebuild_consumer
from scoring.timestamps import to_iso
from tests.integration.reviews.browsing import LOOK, Browse, text_of
from tests.integration.reviews.conftest import DAY
from tests.integration.reviews.moderation import (  # noqa: F401 (a fixture)
    SPAM,
    appeal,
    judge,
    notes,
    open_note,
    receive,
)

pytestmark = pytest.mark.usefixtures("notes")
MINUTE = timedelta(minutes=1)
BOTH = {"spam": "same_text", "threat": "announces_violence"}
SPAN = {"since": DAY - timedelta(days=1), "until": DAY + timedelta(days=1)}


def judged_three() -> None:
    """Three verdicts: spam after 10 minutes, spam and threat after 30, and one that leaves the note up."""
    judge(open_note("N-1"), now=DAY + 10 * MINUTE, **SPAM, strike=True)
    judge(open_note("N-2"), now=DAY + 30 * MINUTE, verdict="violating", policies=BOTH, action="limit")
    judge(open_note("N-3"), now=DAY + MINUTE, verdict="acceptable", reason_code="within_rules")


def test_verdicts_are_counted_by_policy_action_and_time() -> None:
    judged_three()
    found = {row.policy: row for row in moderation_figures(**SPAN)}
    assert list(found) == ["spam", "threat", ""]
    spam = found["spam"]
    assert (spam.verdicts, dict(spam.actions), spam.strikes) == (2, {"block": 1, "limit": 1}, 1)
    assert spam.time_to_action == 20 * MINUTE
    assert dict(found[""].actions) == {"allow": 1}


def test_reported_events_are_of_an_origin_of_their_own() -> None:
    receive("note_report", "R-1", reporter="bob", content="N-1")
    judge(open_note("N-1"), **SPAM)
    judge(open_note("N-2"), **SPAM)
    assert [(row.origin, row.verdicts) for row in moderation_figures(**SPAN)] == [
        ("reported", 1),
        ("review", 1),
    ]


def test_a_report_counts_that_stands_and_came_before_the_verdict() -> None:
    receive("note_report", "R-1", reporter="bob", content="N-1")
    receive("note_report", "R-2", reporter="bob", content="N-2")
    receive("note_report", "R-3", reporter="bob", content="N-3", now=DAY + 2 * MINUTE)
    judge(open_note("N-1"), now=DAY + MINUTE, **SPAM)
    retract_event("note_report/shop/R-2", reason="by mistake", now=DAY)
    judge(open_note("N-2"), now=DAY + MINUTE, **SPAM)
    judge(open_note("N-3"), now=DAY + MINUTE, **SPAM)
    assert {row.origin: row.verdicts for row in moderation_figures(**SPAN)} == {"reported": 1, "review": 2}


def test_a_corrected_report_counts_for_the_event_that_it_names_now() -> None:
    receive("note_report", "R-1", reporter="bob", content="N-1")
    receive("note_report", "R-2", reporter="bob", content="N-1")
    catch_up(REPORTS, now=DAY)
    corrected = {"type": "note_report", "id": "R-1", "occurred_at": to_iso(DAY)}
    parsed = event_type("note_report").parse({**corrected, "reporter": "bob", "content": "N-2"}, now=DAY)
    correct_event(Submission("note_report", parsed), source="shop", reason="wrong note", now=DAY + MINUTE)
    catch_up(REPORTS, now=DAY)
    kept = list(EventReport.objects.order_by("pk").values_list("event_stream", "received_at"))
    assert kept == [("note/shop/N-2", DAY), ("note/shop/N-1", DAY)]
    rebuild_consumer(REPORTS, now=DAY)
    assert list(EventReport.objects.order_by("pk").values_list("event_stream", "received_at")) == kept


def test_the_outcome_of_appeals_is_counted_with_the_verdict() -> None:
    for number in (1, 2, 3):
        judge(open_note(f"N-{number}"), **SPAM)
    judge(appeal("A-1", content="N-1"), reviewer="bo", verdict="granted", reason_code="misread")
    judge(appeal("A-2", content="N-2"), reviewer="bo", verdict="rejected", reason_code="rightly_decided")
    appeal("A-3", content="N-3")
    [row] = moderation_figures(**SPAN)
    assert (row.appeals, row.granted, row.rejected) == (3, 1, 1)
    assert row.time_to_appeal_decision == timedelta(0)


def test_only_verdicts_of_the_span_count() -> None:
    judged_three()
    assert moderation_figures(since=DAY + timedelta(days=1), until=DAY + timedelta(days=2)) == []


def test_the_csv_has_a_line_for_each_action_and_no_formulas() -> None:
    judged_three()
    Case.objects.filter(policies__has_key="threat").update(action="=limit")
    lines = list(csv.DictReader(StringIO(figures_csv(moderation_figures(**SPAN), (), **SPAN))))
    spam = [line for line in lines if line["policy"] == "spam"]
    assert [(line["action"], line["decisions"]) for line in spam] == [("'=limit", "1"), ("block", "1")]
    assert spam[0]["median_minutes_to_action"] == "20.0"
    assert spam[0]["appeals_pending"] == "0"


def test_the_page_shows_the_figures_and_offers_the_csv(browse: Browse) -> None:
    judged_three()
    otto = browse("otto", *LOOK)
    page = text_of(otto.get("/admin/moderation/?from=2026-03-01&to=2026-03-03"))
    for told in ("Spam", "Threats", "found by software", "remove 1, limit 1", "20 min"):
        assert told in page
    answer = otto.get("/admin/moderation/?from=2026-03-01&to=2026-03-03&format=csv")
    assert (
        answer.headers["Content-Disposition"] == 'attachment; filename="moderation-2026-03-01-2026-03-03.csv"'
    )
    assert answer.content.decode().count("\n") == 5
    assert "No verdicts or automated restrictions in these days" in text_of(
        otto.get("/admin/moderation/?from=2020-01-01&to=2020-01-02")
    )
    assert browse("eve").get("/admin/moderation/").status_code == 403


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({}, "2026-02-02", "2026-03-04"),
        ({"from": "2026-03-01", "to": "2026-03-02"}, "2026-03-01", "2026-03-03"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "2026-03-01", "2026-03-03"),
        ({"from": "yesterday"}, "2026-02-02", "2026-03-04"),
    ],
)
def test_a_span_is_of_whole_days_in_order(asked: dict[str, str], first: str, last: str) -> None:
    since, until = span_of(asked, today=date(2026, 3, 3))
    assert (f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}") == (first, last)
    assert isinstance(since, datetime)
