"""What decisions led to, counted by day and segment; its page, file and metrics."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from monitoring.business.counting import ALL, NO_VALUE, count_day, segment_field
from monitoring.business.refreshing import MAX_DAYS_A_RUN, due_days, is_mature, read_days, refresh_business
from monitoring.metrics.registry import metrics
from monitoring.models import BusinessDay, HourlyWindow
from reviews.models import Case
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.log.append import append
from scoring.log.entries import Entry
from tests.factories.log import NOW, decided, labeled, received

pytestmark = pytest.mark.django_db

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
    segments = count_day(PAYMENT, TODAY)
    every = segments[ALL]

    assert segment_field(PAYMENT) == "category"
    assert (every.decided, every.allowed, every.reviewed, every.blocked) == (9, 4, 2, 3)
    assert (every.fraud_through, every.fraud_through_stake) == (3, 3 * 1_234)
    assert (every.fraud_stopped, every.fraud_stopped_stake, every.fraud_blocked) == (2, 2 * 1_234, 1)
    assert (every.blocked_good, every.blocked_unknown) == (1, 1)
    assert (every.explored, every.explored_fraud) == (1, 1)
    assert every.explored_weight == pytest.approx(20)
    assert {name: each.decided for name, each in segments.items()} == {
        ALL: 9,
        "gas": 5,
        "travel": 3,
        NO_VALUE: 1,
    }
    assert segments["travel"].fraud_through == 1


@pytest.mark.usefixtures("a_day")
def test_other_days_have_none_of_it() -> None:
    assert {day: count_day(PAYMENT, day)[ALL].decided for day in (TODAY - DAY, TODAY + DAY)} == {
        TODAY - DAY: 0,
        TODAY + DAY: 0,
    }


def test_verdicts_count_on_the_day_on_which_they_were_given() -> None:
    for position, verdict in enumerate(("fraud", "legitimate", "fraud")):
        Case.objects.create(
            event_position=position,
            event_stream=f"payment/shop/{position}",
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

    found = count_day(PAYMENT, TODAY)[ALL]

    assert (found.verdicts, found.verdicts_fraud, found.verdicts_fraud_stake) == (3, 2, 2_000)


@pytest.mark.usefixtures("a_day")
def test_days_are_computed_until_their_labels_are_mature() -> None:
    assert refresh_business(now=NOW) == MAX_DAYS_A_RUN
    while refresh_business(now=NOW) == MAX_DAYS_A_RUN:
        pass

    stored = read_days("payment", since=TODAY, until=TODAY)
    assert stored[ALL][TODAY] == count_day(PAYMENT, TODAY)[ALL]
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
