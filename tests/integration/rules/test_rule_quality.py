"""The consumer of rule quality: labels before and after decisions, and rebuilds."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from scoring.decisions import decision_entries
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up, rebuild_consumer, run_consumer
from scoring.log.entries import Entry, NewEntry
from scoring.rules.quality.consumers import RULE_QUALITY
from scoring.rules.quality.logged import ENRICHED
from scoring.rules.quality.models import DecidedDay, RuleDay, RuleHit, RuleOverlap
from tests.factories.findings import rule_found, value_found
from tests.factories.log import NOW, decided, labeled, received

pytestmark = pytest.mark.django_db(transaction=True)

TABLES: tuple[type[models.Model], ...] = (RuleHit, RuleDay, DecidedDay, RuleOverlap)
LATER = NOW + timedelta(days=3)


def decide(name: str, *findings: dict[str, Any], **data: Any) -> Entry:
    (event,) = append([received(name)], now=NOW)
    told = {"thresholds": {"review": 0.5, "block": 0.9}, "findings": list(findings), **data}
    return append([decided(event, **told)], now=NOW)[0]


def label(name: str, value: str | None, *, version: int = 1, previous: str | None = None) -> None:
    entry = labeled(f"payment/shop/{name}", version=version, value=value, previous=previous, effective=value)
    append([entry], now=LATER)


def stored() -> list[list[dict[str, Any]]]:
    found = []
    for table in TABLES:
        rows = [{k: v for k, v in row.items() if k != "id"} for row in table._default_manager.values()]
        found.append(sorted(rows, key=str))
    return found


def tell_a_story() -> None:
    """Decisions with findings, and labels before and after them, changed and retracted."""
    label("early", "fraud")
    decide("early", rule_found(), value_found(), outcome="block")
    for name in ("fraud", "good", "disputed", "silent"):
        decide(name, rule_found(), outcome="block")
    decide("plain")
    label("fraud", "fraud")
    label("good", "legitimate")
    label("plain", "fraud")
    label("disputed", "fraud")
    label("disputed", None, version=2, previous="fraud")


def test_hits_have_the_label_that_holds_whenever_it_came() -> None:
    tell_a_story()
    catch_up(RULE_QUALITY, now=LATER)
    assert sorted(RuleHit.objects.filter(kind="rule").values_list("label", flat=True), key=str) == [
        None,
        None,
        "fraud",
        "fraud",
        "legitimate",
    ]
    day = RuleDay.objects.get(kind="rule")
    assert (day.hits, day.positives, day.negatives, day.blocked, day.blocked_labeled) == (5, 2, 1, 5, 3)
    total = DecidedDay.objects.get()
    assert (total.decisions, total.positives, total.negatives) == (6, 3, 1)


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_rebuild_gives_the_same_rows_however_entries_were_batched(limit: int) -> None:
    tell_a_story()
    while not run_consumer(RULE_QUALITY, now=LATER, limit=limit).caught_up:
        pass
    first = stored()
    rebuild_consumer(RULE_QUALITY, now=LATER)
    assert stored() == first


@pytest.mark.parametrize("cause", ["corrected", "no_model"])
def test_revisions_for_other_causes_than_media_do_not_count(cause: str) -> None:
    (event,) = append([received("T")], now=NOW)
    append([decided(event, findings=[])], now=NOW)
    append([decided(event, revision=1, cause=cause, findings=[rule_found()])], now=NOW)
    catch_up(RULE_QUALITY, now=LATER)
    assert not RuleHit.objects.exists()


def tell_of_media() -> None:
    """Posts that are decided again after their pictures were processed, labeled before, between and after."""
    told: dict[str, Any] = {"thresholds": {"review": 0.5, "block": 0.9}}
    known, seen = value_found(name="phrases"), rule_found("picture")
    for name in ("plain", "before", "between", "after", "twice"):
        if name == "before":
            mark(name, 1, "violating")
        (event,) = append([received(name, type="content", author="ann")], now=NOW)
        append([decided(event, findings=[known], outcome="block", **told)], now=NOW)
        if name == "between":
            mark(name, 1, "violating")
        again = {"revision": 1, "cause": ENRICHED, "outcome": "block", "decided_at": LATER}
        append([decided(event, findings=[known, seen], **again, **told)], now=LATER)
        if name == "after":
            mark(name, 1, "violating")
            mark(name, 2, "acceptable", previous="violating")
        if name == "twice":
            append([decided(event, findings=[seen], **again | {"revision": 2}, **told)], now=LATER)


def mark(name: str, version: int, value: str, *, previous: str | None = None) -> None:
    stream = f"content/shop/{name}"
    append([labeled(stream, version=version, value=value, previous=previous, effective=value)], now=LATER)


def test_an_event_counts_once_by_its_latest_decision_after_media_were_processed() -> None:
    tell_of_media()
    catch_up(RULE_QUALITY, now=LATER)
    assert RuleHit.objects.filter(name="picture").count() == 5
    assert RuleHit.objects.filter(name="phrases").count() == 4
    days = {(day.name, day.day): day for day in RuleDay.objects.all()}
    assert days["phrases", NOW.date()].hits == 0
    assert (picture := days["picture", LATER.date()]).hits == 5
    assert (picture.positives, picture.negatives) == (2, 1)
    decided_days = {each.day: (each.decisions, each.positives) for each in DecidedDay.objects.all()}
    assert decided_days == {NOW.date(): (0, 0), LATER.date(): (5, 2)}
    both = RuleOverlap.objects.get(left="list/phrases", right="rule/picture")
    assert both.hits == 4


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_decisions_after_media_are_rebuilt_however_entries_were_batched(limit: int) -> None:
    tell_of_media()
    while not run_consumer(RULE_QUALITY, now=LATER, limit=limit).caught_up:
        pass
    first = stored()
    rebuild_consumer(RULE_QUALITY, now=LATER)
    assert stored() == first


def test_the_cause_is_that_which_decisions_name() -> None:
    assert ENRICHED == decision_entries.ENRICHED


def test_labels_of_history_change_nothing() -> None:
    append([received("old", history=True)], now=NOW)
    label("old", "fraud")
    catch_up(RULE_QUALITY, now=LATER)
    assert stored() == [[], [], [], []]


def test_a_label_after_a_parked_event_is_decided_is_found() -> None:
    (event,) = append([received("slow")], now=NOW)
    (parked,) = append([NewEntry(event.stream, 1, "event.parked", {"event_position": 1})], now=NOW)
    decision = decided(event, findings=[rule_found()], outcome="block")
    append([NewEntry(decision.stream, parked.stream_version, decision.type, decision.data)], now=NOW)
    label("slow", "fraud")
    catch_up(RULE_QUALITY, now=LATER)
    assert RuleHit.objects.get().label == "fraud"


def test_the_number_of_queries_does_not_grow_with_the_page() -> None:
    catch_up(RULE_QUALITY, now=LATER)
    counts = []
    for names in (("a", "b"), tuple(f"n{i}" for i in range(30))):
        for name in names:
            decide(name, rule_found(), outcome="block")
            label(name, "fraud")
        with CaptureQueriesContext(connection) as queries:
            catch_up(RULE_QUALITY, now=LATER)
        counts.append(len(queries))
    assert counts[0] == counts[1]
