"""Decided events as samples give them: with the features that their decisions logged, by name."""

from datetime import UTC, datetime, timedelta

import pytest

from scoring.intake.amending.corrections import correct_event
from scoring.intake.receive import receive_events
from scoring.log.models import LogEntry
from scoring.rules.rules.trial import sample
from scoring.rules.rules.trial.decided_events import FeatureColumns, read_decided_events
from scoring.rules.rules.trial.sample import latest_events, positions_since, sample_events
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payments
from tests.integration.rules.rules.conftest import Decide

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def since() -> datetime:
    return datetime.now(UTC) - timedelta(days=30)


def test_events_have_their_fields_and_the_features_of_their_decisions(decide_payments: Decide) -> None:
    decide_payments(6)
    found = {each.external_id: each for each in sample_events("payment", since=since(), limit=100).events}
    event = found["T-5"]  # the second payment of card-0
    assert event.fields["card"] == "card-0"
    assert event.features["card_count_1h"] == 1
    assert event.features["amount"] == 1550
    assert (event.source, event.outcome, event.score) == ("shop", "review", None)
    assert event.fields["ip"] != "192.0.2.5"


def test_features_are_found_by_name_also_under_a_models_vocabularies(decide_payments: Decide) -> None:
    [model] = train_small_models(15)
    promote(model)
    decide_payments(6)
    [event] = read_decided_events(["payment/shop/T-5"], columns=FeatureColumns("payment"))
    assert event.score is not None
    assert event.features["amount"] == 1550
    assert event.features["card_count_1h"] == 1


def test_a_corrected_event_is_as_it_was_decided_last(decide_payments: Decide) -> None:
    decide_payments(1)
    [corrected] = payments(1, amount="999.00")
    correct_event(corrected, source="shop", reason="wrong amount", now=datetime.now(UTC))
    decide_payments(1, start=1)
    [event] = read_decided_events(["payment/shop/T-0"], columns=FeatureColumns("payment"))
    assert event.fields["amount"]["minor"] == 99_900
    assert event.features["amount"] == 99_900


def test_an_undecided_event_has_its_fields_alone(decide_payments: Decide) -> None:
    receive_events(payments(1), source="shop", now=datetime.now(UTC))
    [event] = latest_events("payment", limit=5)
    assert (event.external_id, event.outcome, event.features) == ("T-0", "", {})
    assert sample_events("payment", since=since(), limit=5).total == 0


def test_few_events_are_all_taken_and_many_are_sampled(decide_payments: Decide) -> None:
    decide_payments(8)
    everything = sample_events("payment", since=since(), limit=8)
    assert (len(everything.events), everything.total, everything.is_complete) == (8, 8, True)
    part = sample_events("payment", since=since(), limit=3)
    assert (len(part.events), part.total, part.is_complete) == (3, 8, False)
    again = sample_events("payment", since=since(), limit=3)
    assert [each.stream for each in again.events] == [each.stream for each in part.events]


def test_a_long_log_is_sampled_by_drawing_positions(
    decide_payments: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide_payments(200)
    entries = LogEntry.objects.count()
    monkeypatch.setattr(sample, "MAX_DRAWS", entries // 2)
    monkeypatch.setattr(sample, "DRAWS", entries // 2)
    found = sample_events("payment", since=since(), limit=1_000)
    assert not found.is_complete
    assert 60 <= len(found.events) <= 140
    assert len({each.stream for each in found.events}) == len(found.events)
    assert found.total == pytest.approx(200, rel=0.25)


def test_only_events_of_the_type_decided_in_the_period_count(decide_payments: Decide) -> None:
    decide_payments(3)
    assert sample_events("payment", since=datetime.now(UTC) + timedelta(days=1), limit=9).events == []
    assert sample_events("payment", since=LONG_AGO, limit=9).total == 3


def test_the_period_begins_at_the_first_entry_recorded_in_it(decide_payments: Decide) -> None:
    decide_payments(3)
    recorded = list(LogEntry.objects.order_by("position").values_list("position", "recorded_at"))
    (oldest, _), (_, moment), (last, _) = recorded[0], recorded[len(recorded) // 2], recorded[-1]
    first = next(place for place, at in recorded if at >= moment)
    assert positions_since(moment) == (first, last)
    assert positions_since(LONG_AGO) == (oldest, last)
    assert positions_since(datetime.now(UTC) + timedelta(days=1)) == (last + 1, last)


def test_the_latest_events_come_first(decide_payments: Decide) -> None:
    decide_payments(5)
    assert [each.external_id for each in latest_events("payment", limit=2)] == ["T-4", "T-3"]
