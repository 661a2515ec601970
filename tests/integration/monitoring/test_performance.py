"""Performance of models and coverage of labels: what the night measures, what pages and metrics show."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from monitoring.labels.computing import measure_labels
from monitoring.metrics.metric import Observation
from monitoring.metrics.registry import metrics
from monitoring.models import BusinessDay, LabelDelay, LabelWeek, ModelPerformance, PerformanceWeek
from monitoring.performance import computing, losses, measuring
from monitoring.performance.computing import measure_performance
from monitoring.performance.decided import read_decided
from scoring.catalog.registry import event_type
from scoring.intake.models import Label
from scoring.log.append import append
from scoring.log.entries import NewEntry
from tests.factories.performed import (
    CATEGORIES,
    DAY,
    TRAINED_AT,
    WEEK,
    decide_week,
    deploy_model,
    label_fraud,
    maturity,
)

pytestmark = pytest.mark.django_db(transaction=True)

WEEKS = 11
NOW = TRAINED_AT + WEEKS * WEEK + 2 * DAY
A_WEEK = 240


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals are tested without a database; here they only take time."""
    monkeypatch.setattr(measuring, "SAMPLES", 50)
    monkeypatch.setattr(losses, "SAMPLES", 50)


@pytest.fixture
def model() -> str:
    """A champion with eleven weeks of decisions; fraud is labeled after ten days on average."""
    name = deploy_model()
    made = [each for number in range(WEEKS) for each in decide_week(name, number, count=A_WEEK)]
    label_fraud(made, now=NOW)
    return name


def weeks_of(model: str) -> list[PerformanceWeek]:
    return list(PerformanceWeek.objects.filter(model=model).order_by("start"))


def observed(name: str, *, now: datetime = NOW) -> Observation:
    [found] = [each for each in metrics()[name].observe(now=now) if each.scope["event_type"] == "payment"]
    return found


@pytest.fixture
def visitor() -> Client:
    user = User.objects.create_user("visitor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_modelwindow", "view_event"]))
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, name: str, **asked: str) -> str:
    response = client.get(reverse(f"admin:{name}"), asked)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_weeks_are_realized_once_mature_and_estimated_before(model: str, visitor: Client) -> None:
    assert measure_performance(now=NOW) == [model]

    weeks = weeks_of(model)
    matured = [week for week in weeks if week.until + maturity() <= NOW]
    assert (len(weeks), len(matured)) == (WEEKS, 4)
    assert [week.matured for week in weeks] == [week in matured for week in weeks]
    assert all(week.decided == A_WEEK for week in weeks)
    promised = ModelPerformance.objects.get().promised["average_precision"]
    for week in weeks:
        value, low, high = week.estimated["average_precision"]
        assert low <= value <= high
        assert low < promised[0] < high
        assert bool(week.realized) == week.matured
    covered = [
        week.estimated["average_precision"][1]
        < week.realized["average_precision"][0]
        < week.estimated["average_precision"][2]
        for week in matured
    ]
    assert sum(covered) >= 3
    adapted = [week.start for week in weeks if week.adapted]
    assert adapted[0] == TRAINED_AT + 8 * WEEK  # the first one before which 50 positives were mature

    latest = ModelPerformance.objects.get(pk=model)
    assert latest.concept == {}
    assert latest.loss[1] < 0 < latest.loss[2]
    assert sum(rows for *_, rows in latest.calibration) == pytest.approx(latest.events)
    segments = {(each["field"], each["name"]): each for each in latest.segments}
    assert (
        sum(each["events"] for (field, _), each in segments.items() if field == "category") == latest.events
    )
    assert segments["category", "travel"]["figures"]["recall_at_review"][0] > 0.4

    by_category = [[each for each in week.segments if each["field"] == "category"] for week in weeks]
    assert all(sum(each["events"] for each in segments) == A_WEEK for segments in by_category)
    assert all({each["name"] for each in segments} > set(CATEGORIES) for segments in by_category)
    assert all("recall_at_review" in each["figures"] for segments in by_category for each in segments)
    shown = text_of(visitor, "performance", segment="category:grocery")
    assert "Weeks, category grocery" in shown
    assert shown.count('data-label="Known by"') == WEEKS
    assert "A day has few labels" in text_of(visitor, "performance", by="day")
    assert visitor.get(reverse("admin:performance"), {"by": "hour"}).status_code == 404

    shown = text_of(visitor, "performance")
    assert "The model ranks as promised" in shown
    assert "Neither sees concept drift" in shown
    assert (shown.count(">CBPE<"), shown.count(">PAPE<")) == (4, 3)
    missed = text_of(visitor, "performance_events", model=model, kind="missed")
    assert missed.count('data-label="Outcome"') == len(latest.examples["missed"])
    one = text_of(visitor, "performance_events", model=model, kind="caught", week=f"{TRAINED_AT:%Y-%m-%d}")
    assert one.count('data-label="Outcome"') == len(weeks[0].examples["caught"])

    realized, estimated = observed("performance.realized_loss"), observed("performance.estimated_loss")
    assert (realized.value, realized.low, realized.high) == tuple(latest.loss)
    assert realized.scope == {"event_type": "payment", "model": model}
    assert estimated.low is not None
    assert estimated.value is not None
    assert abs(estimated.value) < 0.15
    assert estimated.low < 0
    assert observed("performance.concept_drift").value == 0
    calibration = observed("performance.calibration_error")
    assert (calibration.value, calibration.rows, calibration.because) == (0.0, latest.positives, "")


def test_a_settled_week_is_not_measured_again(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[datetime] = []

    def reading(*args: Any, since: datetime, until: datetime, **options: Any) -> Any:
        read.append(since)
        return read_decided(*args, since=since, until=until, **options)

    measure_performance(now=NOW)
    before = list(PerformanceWeek.objects.order_by("start").values("estimated", "realized"))
    monkeypatch.setattr(computing, "read_decided", reading)
    measure_performance(now=NOW + timedelta(hours=1))
    assert before == list(PerformanceWeek.objects.order_by("start").values("estimated", "realized"))
    mature_and_settling = {TRAINED_AT + number * WEEK for number in (2, 3)}
    running = TRAINED_AT + WEEKS * WEEK  # without decisions
    assert set(read) & {TRAINED_AT + number * WEEK for number in range(WEEKS + 1)} == {
        *mature_and_settling,
        running,
        TRAINED_AT,  # of the latest matured decisions
    }


def test_fraud_that_looks_unlike_before_is_concept_drift_since_it_began() -> None:
    name = deploy_model()
    made = [decide_week(name, number, count=600) for number in range(8)]
    now = TRAINED_AT + 8 * WEEK + maturity()
    known = set(label_fraud([each for week in made for each in week], now=now))
    streams = [event.stream for event, score in (*made[6], *made[7]) if score < 0.05][::4]
    missed = [stream for stream in streams if stream not in known]
    append([unlike_before(stream, now) for stream in missed], now=now)

    measure_performance(now=now)

    found = ModelPerformance.objects.get(pk=name)
    assert found.concept["worse"]
    began = TRAINED_AT + 6 * WEEK
    drift = observed("performance.concept_drift", now=now)
    assert drift.value is not None
    assert drift.value > 0.1
    assert abs(drift.since - began) < 2 * DAY
    assert f"Since {drift.since:%Y-%m-%d %H:%M} UTC labels contradict the scores" in drift.because
    loss = observed("performance.realized_loss", now=now)
    assert loss.low is not None
    assert loss.low > 0.1
    days = weeks_of(name)[0].days
    assert [each["day"] for each in days] == [f"{TRAINED_AT + number * DAY:%Y-%m-%d}" for number in range(7)]
    assert sum(each["positives"] for each in days) == weeks_of(name)[0].positives
    assert all({"average_precision", "recall_at_review"} <= set(each["figures"]) for each in days)
    estimates = [week.estimated["average_precision"][0] for week in weeks_of(name)]
    assert min(estimates[6:]) > 0.8 * min(estimates[:6])  # estimates do not see it


def unlike_before(stream: str, now: datetime) -> NewEntry:
    data = {"event": stream, "value": "fraud", "source": "chargeback", "known_at": now, "previous": None}
    return NewEntry(
        stream=f"label/{stream}",
        expected_version=0,
        type="label.recorded",
        data={**data, "effective": "fraud", "said": {"chargeback": "fraud"}, "history": False},
    )


def test_positives_are_all_read_and_others_stand_for_many(model: str) -> None:
    kind, period = event_type("payment"), {"since": TRAINED_AT, "until": NOW}
    everything = read_decided(kind, model, **period)
    sample = read_decided(kind, model, **period, sample=600)
    assert len(everything) == everything.decided == sample.decided == WEEKS * A_WEEK
    assert sample.positive.sum() == everything.positive.sum()
    assert len(sample) < 0.45 * len(everything)
    assert sample.weight.sum() == pytest.approx(len(everything), rel=0.1)
    thinned = everything.thinned(300)
    assert len(thinned) == 300 + everything.positive.sum()
    assert thinned.weight.sum() == pytest.approx(len(everything))


def test_missing_labels_are_seen_at_the_age_of_the_week(visitor: Client) -> None:
    name = deploy_model()
    made = [decide_week(name, number, count=300) for number in range(8)]
    label_fraud([each for week in made[:7] for each in week], now=NOW, delay_days=4)
    late = TRAINED_AT + 8 * WEEK + 10 * DAY
    assert measure_labels(now=late) == ["payment"]

    weeks = list(LabelWeek.objects.order_by("start"))
    assert [week.events for week in weeks] == [300] * 8
    assert weeks[0].labeled == sum(count for *_, count in weeks[0].arrivals) > 20
    assert weeks[0].by_source == {"chargeback": weeks[0].labeled}
    found = observed("labels.coverage_loss", now=late)
    assert found.value == 1.0
    assert found.since == TRAINED_AT + 7 * WEEK
    assert "a source sends fewer labels, or later" in found.because
    delay = observed("labels.delay", now=late)
    assert delay.value is not None
    assert 0 < delay.value < 20 * 86_400
    assert "Labels" in text_of(visitor, "label_coverage")


def test_a_source_whose_labels_come_later_is_named(visitor: Client) -> None:
    name = deploy_model()
    made = [decide_week(name, number, count=600) for number in range(WEEKS)]
    label_fraud([each for week in made[:7] for each in week], now=NOW, delay_days=4)
    label_fraud([each for week in made[7:] for each in week], now=NOW, delay_days=12)
    assert measure_labels(now=NOW) == ["payment"]

    found = observed("labels.source_delay")
    assert found.scope == {"event_type": "payment", "label_source": "chargeback"}
    assert found.low is not None
    assert found.low > 1.2
    assert abs(found.since - (TRAINED_AT + 7 * WEEK)) <= 10 * DAY
    assert "Labels of chargeback arrive later than usual" in found.because
    shown = text_of(visitor, "label_coverage")
    assert found.because in shown
    assert "Labels of chargeback by delay" in shown
    assert list(metrics()["labels.source_delay"].observe(now=NOW + 3 * DAY)) == []  # not computed since


def test_verdicts_and_retracted_labels_are_no_delays() -> None:
    name = deploy_model()
    made = [each for number in range(WEEKS) for each in decide_week(name, number, count=600)]
    streams = label_fraud(made, now=NOW, delay_days=4)
    Label.objects.filter(event_stream__in=streams[::2]).update(source="review")
    Label.objects.filter(event_stream__in=streams[1::4]).update(value=None)
    measure_labels(now=NOW)
    kept = LabelDelay.objects.get()
    assert kept.source == "chargeback"
    assert kept.labels + kept.usual_labels == len(streams[3::4])


def test_before_any_measurement_pages_say_what_to_expect(visitor: Client) -> None:
    assert "No model for payment yet" in text_of(visitor, "performance", type="payment")
    assert "No week of payment events has been counted yet" in text_of(
        visitor, "label_coverage", type="payment"
    )
    name = deploy_model()
    assert "has not been measured yet" in text_of(visitor, "performance")
    measure_performance(now=TRAINED_AT + DAY)
    assert f"from {TRAINED_AT + maturity():%Y-%m-%d} on at the earliest" in text_of(
        visitor, "performance", model=name
    )
    assert list(metrics()["labels.delay"].observe(now=NOW)) == []
    assert visitor.get(reverse("admin:performance_events"), {"kind": "x"}).status_code == 404
    assert visitor.get(reverse("admin:performance_events"), {"week": "2026-13-01"}).status_code == 404
    assert visitor.get(reverse("admin:label_coverage"), {"type": "login"}).status_code == 404


def test_the_command_measures_and_shows() -> None:
    name = deploy_model()
    label_fraud(decide_week(name, 3, count=A_WEEK), now=NOW)
    out = StringIO()
    call_command("performance", json=True, stdout=out)
    [found] = orjson.loads(out.getvalue())["models"]
    assert (found["model"], [week["matured"] for week in found["weeks"]]) == (name, [True])
    assert found["loss"] == ModelPerformance.objects.get().loss
    text = StringIO()
    call_command("performance", stdout=text)
    assert f"{name}: The model ranks " in text.getvalue()
    assert BusinessDay.objects.filter(event_type="payment").exists()
