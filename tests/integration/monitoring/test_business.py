"""What decisions led to, counted by day and segment; its page, file and metrics."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from pytest_django import DjangoAssertNumQueries

from monitoring.business import counting, hours
from monitoring.business.counting import Counted, HourCount, count_hour, count_labels
from monitoring.business.refreshing import (
    MAX_DAYS_A_RUN,
    compute_day,
    due_days,
    is_mature,
    read_days,
    refresh_business,
)
from monitoring.business.segments import ALL, OTHER, SENDER, segment_fields
from monitoring.metrics.registry import metrics
from monitoring.models import BusinessDay, BusinessHour, HourlyWindow
from monitoring.segment_conditions import NO_VALUE
from reviews.models import Case
from reviews.models.quality import GivenVerdict
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.features.logged_vectors import pack_vectors
from scoring.intake.models import Amendment, Event, Label
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.log.models import LogEntry
from tests.factories.log import NOW, decided, labeled, received
from tests.factories.performed import deploy_model, feature_set
from tests.integration.api.conftest import Api, make_key, nothing_remembered
from tests.integration.api.test_document import assert_promised

__all__ = ["make_key", "nothing_remembered"]

pytestmark = pytest.mark.django_db

MakeKey = Callable[..., str]
PAYMENT = event_type("payment")
DAY = timedelta(days=1)
TODAY = NOW.date()


def decide(
    external_id: str, outcome: str, *, label: str = "", source: str = "chargeback", **fields: str
) -> Entry:
    """An event with a stake of 12.34, decided and labeled at NOW."""
    [event] = append([received(external_id, **fields)], now=NOW)
    append([decided(event, outcome=outcome)], now=NOW)
    if label:
        append([labeled(event.stream, value=label, effective=label, source=source)], now=NOW)
    return event


@pytest.fixture
def a_day() -> None:
    decide("good-1", "allow", category="travel")
    decide("good-2", "allow")
    decide("lost", "allow", label="fraud", category="travel")
    decide("stopped", "block", label="fraud", category="travel")
    decide("insulted", "block", label="legitimate", source="review", category="gas")
    decide("unknown", "block", category="gas")
    decide("found", "review", label="fraud", source="review", category="gas")
    decide("slipped", "review", label="fraud", category="gas")
    gone = decide("retracted", "allow", label="fraud")
    Event.objects.filter(pk=gone.position).update(retracted_at=NOW)
    explored = decide("explored", "allow", label="fraud", category="gas")
    Decision.objects.filter(event_position=explored.position).update(propensity=0.05)


@pytest.mark.usefixtures("a_day")
def test_fraud_is_stopped_by_blocks_and_by_reviewers_and_gets_through_otherwise() -> None:
    counted = compute_day(PAYMENT, TODAY, now=NOW)
    segments, every = counted["category"], counted[ALL][ALL]

    assert segment_fields(PAYMENT) == ("category", SENDER, "card_since_first")
    assert (every.decided, every.allowed, every.reviewed, every.blocked) == (9, 4, 2, 3)
    assert (every.fraud_through, every.fraud_through_stake) == (3, 3 * 1_234)
    assert (every.fraud_stopped, every.fraud_stopped_stake, every.fraud_blocked) == (2, 2 * 1_234, 1)
    assert (every.blocked_good, every.blocked_unknown) == (1, 1)
    assert (every.explored, every.explored_fraud) == (1, 1)
    assert every.explored_weight == pytest.approx(20)
    assert {name: each.decided for name, each in segments.items()} == {
        "gas": 5,
        "travel": 3,
        NO_VALUE: 1,
    }
    assert segments["travel"].fraud_through == 1
    assert counted[SENDER] == {"shop": every}
    assert counted["card_since_first"] == {NO_VALUE: every}  # no model that reads it decided


@pytest.mark.usefixtures("a_day")
def test_other_days_have_none_of_it() -> None:
    later = NOW + 2 * DAY
    days = (TODAY - DAY, TODAY + DAY)
    assert [compute_day(PAYMENT, day, now=later)[ALL][ALL].decided for day in days] == [0, 0]


def give_verdict(
    external_id: str, verdict: str, *, seconds: int | None = 60, kind: str = "first", **fields: str
) -> None:
    """A verdict at NOW on an event of three days ago, which took so many seconds."""
    [event] = append([received(external_id, **fields)], now=NOW - 3 * DAY)
    Case.objects.create(
        event_position=event.position,
        event_stream=event.stream,
        event_type="payment",
        version=3,
        why="review",
        state="decided",
        outcome="review",
        stake=1_000,
        currency="USD",
        expected_loss=1,
        rank=1.0,
        opened_at=NOW - 3 * DAY,
        verdict=verdict,
        decided_at=NOW,
    )
    GivenVerdict.objects.create(
        position=event.position,
        event_position=event.position,
        event_type="payment",
        kind=kind,
        reviewer="ana",
        given_at=NOW,
        claimed_at=None if seconds is None else NOW - timedelta(seconds=seconds),
        verdict=verdict,
        reason_code="",
    )


def test_verdicts_count_on_the_day_on_which_they_were_given_with_their_time() -> None:
    give_verdict("a", "fraud", category="gas", seconds=90)
    give_verdict("b", "fraud", seconds=None)
    give_verdict("c", "legitimate", category="gas", seconds=7_200)
    give_verdict("d", "fraud", kind="second", seconds=30)

    counted = compute_day(PAYMENT, TODAY, now=NOW)
    found, gas = counted[ALL][ALL], counted["category"]["gas"]

    assert (found.verdicts, found.verdicts_fraud, found.verdicts_fraud_stake) == (3, 2, 2_000)
    assert (found.timed_verdicts, found.timed_fraud_stake) == (3, 1_000)
    assert found.review_seconds == 90 + 1_800 + 30  # the longest counts half an hour
    assert (gas.verdicts, gas.timed_fraud_stake, gas.review_seconds) == (2, 1_000, 1_890)
    assert compute_day(PAYMENT, TODAY - 3 * DAY, now=NOW)[ALL][ALL].verdicts == 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, datetime]]:
    """What was counted: the whole of an hour, or its labels."""
    found: list[tuple[str, datetime]] = []

    def count_all(kind: type[EventType], start: datetime) -> HourCount:
        found.append(("hour", start))
        return count_hour(kind, start)

    def count_labeled(
        kind: type[EventType], start: datetime, labeled: Sequence[int], *, figures: Counted
    ) -> Counted:
        if labeled:
            found.append(("labels", start))
        return count_labels(kind, start, labeled, figures=figures)

    monkeypatch.setattr(hours, "count_hour", count_all)
    monkeypatch.setattr(hours, "count_labels", count_labeled)
    return found


def counted_afresh(day: date, *, now: datetime) -> Counted:
    BusinessHour.objects.all().delete()
    return compute_day(PAYMENT, day, now=now)


@pytest.mark.usefixtures("a_day")
def test_an_hour_is_counted_once_and_its_labels_again_when_they_change(
    counted: list[tuple[str, datetime]],
) -> None:
    tomorrow = NOW + DAY
    hour = NOW.replace(minute=0)
    compute_day(PAYMENT, TODAY, now=tomorrow)
    assert len(counted) == 24 + 1
    counted.clear()

    assert hours.mark_changed(PAYMENT) == 0
    append([labeled("payment/shop/good-1")], now=tomorrow)
    assert hours.mark_changed(PAYMENT) == 1
    found = compute_day(PAYMENT, TODAY, now=tomorrow)

    assert counted == [("labels", hour)]
    assert found[ALL][ALL].fraud_through == 4
    assert not BusinessHour.objects.filter(stale=True).exists()
    assert found == counted_afresh(TODAY, now=tomorrow)
    assert hours.prune_hours(kind=PAYMENT, now=NOW + PAYMENT.matures_after + 5 * DAY) == 24


@pytest.mark.usefixtures("a_day")
def test_a_label_that_is_taken_back_changes_all_that_it_had_changed() -> None:
    tomorrow = NOW + DAY
    before = compute_day(PAYMENT, TODAY, now=tomorrow)
    append([labeled("payment/shop/unknown"), labeled("payment/shop/good-1")], now=tomorrow)
    hours.mark_changed(PAYMENT)
    between = compute_day(PAYMENT, TODAY, now=tomorrow)
    Label.objects.filter(event_stream__in=["payment/shop/unknown", "payment/shop/good-1"]).update(
        effective=None, value=None
    )
    hours.mark_changed(PAYMENT)

    assert between[ALL][ALL].blocked_unknown == 0
    assert between[ALL][ALL].fraud_stopped == before[ALL][ALL].fraud_stopped + 1
    assert compute_day(PAYMENT, TODAY, now=tomorrow) == before


@pytest.mark.usefixtures("a_day")
def test_a_retraction_counts_its_hour_again(counted: list[tuple[str, datetime]]) -> None:
    tomorrow = NOW + DAY
    before = compute_day(PAYMENT, TODAY, now=tomorrow)[ALL][ALL]
    counted.clear()
    lost = Event.objects.get(external_id="lost")
    Event.objects.filter(pk=lost.pk).update(retracted_at=tomorrow)
    end = LogEntry.objects.latest("position").position + 1
    Amendment.objects.create(
        position=end, event_position=lost.pk, event_type="payment", event_stream=lost.stream,
        kind="retraction", version=1, reason="test", actor="tests", amended_at=tomorrow,
    )  # fmt: skip

    assert hours.mark_changed(PAYMENT) == 1
    found = compute_day(PAYMENT, TODAY, now=tomorrow)[ALL][ALL]

    hour = NOW.replace(minute=0)
    assert counted == [("hour", hour), ("labels", hour)]
    assert (found.decided, found.fraud_through) == (before.decided - 1, before.fraud_through - 1)


@pytest.mark.usefixtures("a_day")
def test_labels_of_segments_that_are_counted_together_are_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MAX_SEGMENTS_AN_HOUR", 1)
    found = compute_day(PAYMENT, TODAY, now=NOW)["category"]
    assert set(found) == {"gas", OTHER}
    assert (found["gas"].fraud_through, found[OTHER].fraud_through, found[OTHER].fraud_blocked) == (2, 1, 1)


def test_segments_include_the_age_that_the_model_read() -> None:
    name, features = deploy_model(), feature_set().names
    ages = [0.0, 86_399.0, 86_400.0, 604_800.5, 1e9, float("nan"), -1.0]
    for number, age in enumerate(ages):
        [event] = append([received(f"of-age-{number}")], now=NOW)
        vector = np.where(np.array(features) == "card_since_first", age, 7.0)
        packed = pack_vectors(vector, np.zeros(len(features) + 1))
        append([replace(decided(event, model=name), packed=packed)], now=NOW)

    segments = compute_day(PAYMENT, TODAY, now=NOW)["card_since_first"]

    assert {band: each.decided for band, each in segments.items()} == {
        "below 1 d": 2,
        "1 d to 7 d": 1,
        "7 d to 30 d": 1,
        "from 90 d": 1,
        NO_VALUE: 2,
    }


@pytest.mark.usefixtures("a_day")
def test_days_are_computed_until_their_labels_are_mature() -> None:
    assert refresh_business(now=NOW) == MAX_DAYS_A_RUN
    while refresh_business(now=NOW) == MAX_DAYS_A_RUN:
        pass

    stored = read_days("payment", since=TODAY, until=TODAY)
    assert stored[ALL][TODAY] == compute_day(PAYMENT, TODAY, now=NOW)[ALL][ALL]
    assert list(due_days(PAYMENT, now=NOW)) == [TODAY]
    assert len(list(due_days(PAYMENT, now=NOW + DAY))) == PAYMENT.matures_after.days + 2
    assert is_mature(PAYMENT, TODAY, now=NOW + PAYMENT.matures_after + DAY)
    assert not is_mature(PAYMENT, TODAY, now=NOW + PAYMENT.matures_after)


@pytest.mark.usefixtures("a_day")
def test_the_page_shows_money_rates_and_what_is_not_known(
    admin_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    refresh_business(now=NOW)
    monkeypatch.setattr(timezone, "now", lambda: NOW)

    with django_assert_max_num_queries(15):
        page = admin_client.get("/admin/business/?type=payment").content.decode()
    of_gas = admin_client.get("/admin/business/?type=payment&segment=gas").content.decode()

    assert "37.02 USD" in page  # fraud let through
    assert "24.68 USD" in page  # stopped
    assert "No day of this period is old enough" in page
    assert "Reviewers gave no verdict." in page
    assert "By category" in page
    assert "of 5 decisions" in of_gas
    assert admin_client.get("/admin/business/?span=year").status_code == 404


def test_the_page_without_decisions_says_so(admin_client: Client) -> None:
    assert "No decision of payment in this period." in admin_client.get("/admin/business/").content.decode()


def test_the_file_has_a_line_for_each_day_and_segment_and_no_formulas(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide("formula", "allow", category="=1+1")
    refresh_business(now=NOW)
    monkeypatch.setattr(timezone, "now", lambda: NOW)

    response = admin_client.get("/admin/business/?type=payment&span=7 days&format=csv")

    lines = list(csv.DictReader(response.content.decode().splitlines()))
    today = [line for line in lines if line["day"] == TODAY.isoformat()]
    assert [(line["segment"], line["decided"], line["currency"]) for line in today] == [
        ("", "1", "USD"),
        ("'=1+1", "1", "USD"),
    ]
    assert "business-payment-2026-02-23-2026-03-01.csv" in response["Content-Disposition"]


@pytest.mark.usefixtures("a_day")
def test_the_api_answers_by_week_and_segment_as_its_document_says(
    make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh_business(now=NOW)
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    api = Api(make_key("monitoring:read"))
    asked = "monitoring/business?event_type=payment"

    response = api.get(f"{asked}&by=week&field=category&since=2026-03-01")

    document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    assert_promised(document, "/api/v1/monitoring/business", "get", response)
    found = {each["segment"]: each for each in response.json()["periods"]}
    assert set(found) == {None, "gas", "travel", NO_VALUE}
    assert (found[None]["since"], found[None]["until"]) == ("2026-02-23", "2026-03-01")
    assert (found[None]["fraud_loss"], found["travel"]["decided"]) == (3 * 1_234, 3)
    assert found[None]["approval_rate"]["value"] == pytest.approx(4 / 9)
    assert not found[None]["mature"]
    wrong = ("by=hour", "field=card", "since=x", "since=2026-03-02", "since=2020-01-01")
    assert [api.get(f"{asked}&{each}").status_code for each in wrong] == [422] * len(wrong)
    assert api.get("monitoring/business").status_code == 422
    assert [api.get(f"{asked}&until={day}").status_code for day in ("0001-01-02", "9999-12-31")] == [200, 200]


@pytest.mark.usefixtures("a_day")
def test_alerts_compare_outcomes_with_the_weeks_before() -> None:
    refresh_business(now=NOW)
    before = NOW.replace(minute=0) - 3 * DAY
    HourlyWindow.objects.create(event_type="payment", start=before, decided_allow=950, decided_block=50)
    HourlyWindow.objects.create(
        event_type="payment",
        start=NOW.replace(minute=0),
        decided_allow=60,
        decided_block=30,
        decided_other={"challenge": 10},
    )

    observed = {
        name: {each.scope["event_type"]: each for each in metric.observe(now=NOW)}
        for name, metric in metrics().items()
        if name.startswith("business.")
    }

    blocks, approved = (observed[f"business.{name}"]["payment"] for name in ("block_share", "approval_rate"))
    assert (blocks.value, approved.value, blocks.rows) == (0.3, 0.6, 100)
    assert "The share of blocks is 30.0\N{NO-BREAK SPACE}% in the last 24 hours" in blocks.because
    assert "was 5.0\N{NO-BREAK SPACE}% in the four weeks before" in blocks.because
    loss = observed["business.fraud_loss"]["payment"]
    assert (loss.value, loss.path) == (3 * 1_234, "business/?type=payment")
    assert "3 events with 37.02 USD let through are labeled fraud so far" in loss.because
    assert observed["business.insult_rate"] == {}  # no day is mature
    assert BusinessDay.objects.filter(segment=ALL, day=TODAY).count() >= 1
