"""The consumers of windows: their counts, rebuilds and number of queries."""

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.test.utils import CaptureQueriesContext

from monitoring.models import HourlyWindow, MinuteWindow, ModelSenderWindow, ModelWindow, TrafficWindow
from monitoring.windows.binning import Reference, unpack
from monitoring.windows.hourly import MINUTES_KEPT, WINDOWS, prune_minutes
from monitoring.windows.latency_histogram import percentile_ms
from monitoring.windows.model_windows import MODEL_WINDOWS
from monitoring.windows.senders import KEPT as SENDERS_KEPT
from monitoring.windows.senders import SENDER_WINDOWS, prune_senders
from scoring.log.append import append
from scoring.log.consumers.registry import Consumer, catch_up, rebuild_consumer, run_consumer
from scoring.log.tasks import run_consumers
from scoring.registry.models import ModelVersion
from tests.factories.log import NOW, decided, labeled, received
from tests.integration.monitoring.made_up import add_model, decide_events, even_vectors

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


def rows_of(*models: type[TrafficWindow] | type[ModelWindow]) -> list[dict[str, object]]:
    rows = [
        {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
        for model in models
        for row in model.objects.values()
        if row.pop("id")
    ]
    return sorted(rows, key=lambda row: (row["start"], row["event_type"], row.get("model", "")))


def catch_up_in(consumer: Consumer, *, limit: int) -> None:
    while not run_consumer(consumer, now=NOW, limit=limit).caught_up:
        pass


def test_latencies_of_many_batches_are_one_histogram() -> None:
    for seconds, part in ((0.004, "a"), (0.4, "b")):
        events = append([received(f"{part}-{number}") for number in range(10)], now=NOW)
        append([decided(event, decided_at=NOW + timedelta(seconds=seconds)) for event in events], now=NOW)

    catch_up_in(WINDOWS, limit=3)

    for window in (HourlyWindow.objects.get(), MinuteWindow.objects.get()):
        assert sum(window.latency) == window.decided == 20
        assert percentile_ms(window.latency, 0.5) == pytest.approx(4, rel=0.13)
        assert percentile_ms(window.latency, 0.95) == pytest.approx(400, rel=0.13)


def test_outcomes_of_one_type_are_summed_by_name_however_entries_were_batched() -> None:
    events = append([received(f"T-{number}") for number in range(7)], now=NOW)
    outcomes = ("challenge", "challenge", "limit", "allow", "challenge", "limit", "block")
    made = zip(events, outcomes, strict=True)
    append([decided(event, outcome=outcome, stake=100) for event, outcome in made], now=NOW)

    catch_up_in(WINDOWS, limit=2)
    before = rows_of(HourlyWindow, MinuteWindow)
    rebuild_consumer(WINDOWS, now=NOW)

    window = HourlyWindow.objects.get()
    assert (window.decided_other, window.stake_other) == (
        {"challenge": 3, "limit": 2},
        {"challenge": 300, "limit": 200},
    )
    assert (window.decided, window.decided_as("challenge"), window.stake_of("block")) == (7, 3, 100)
    assert rows_of(HourlyWindow, MinuteWindow) == before


def test_confirmed_fraud_counts_with_its_stake() -> None:
    event, other = append([received("T-1"), received("T-2")], now=NOW)
    append([labeled(event.stream), labeled(other.stream, effective="legitimate")], now=NOW)
    [without_amount] = append([received("T-3", amount=None)], now=NOW)
    append([labeled(without_amount.stream), labeled("payment/shop/not-here-yet")], now=NOW)
    append([received("not-here-yet")], now=NOW)

    catch_up(WINDOWS, now=NOW)
    at_first = rows_of(HourlyWindow, MinuteWindow)
    rebuild_consumer(WINDOWS, now=NOW)

    window = HourlyWindow.objects.get()
    assert (window.labels, window.positives, window.fraud_stake) == (4, 3, 1_234)
    assert rows_of(HourlyWindow, MinuteWindow) == at_first


def test_minutes_are_kept_for_days_and_hours_for_ever() -> None:
    append([received("T-old")], now=NOW - MINUTES_KEPT - HOUR)
    append([received("T-new")], now=NOW)

    catch_up(WINDOWS, now=NOW)

    assert HourlyWindow.objects.count() == 2
    assert MinuteWindow.objects.get().start == NOW
    assert prune_minutes(now=NOW + MINUTES_KEPT) == 0
    assert prune_minutes(now=NOW + MINUTES_KEPT + timedelta(minutes=1)) == 1
    assert HourlyWindow.objects.count() == 2


def test_a_model_window_counts_vectors_scores_and_outcomes_in_the_bins_of_training() -> None:
    model = add_model(1)
    vectors = np.array([[500, 0, 30], [500, 2, np.nan], [50_000, 1, 60]])
    decide_events(vectors, outcome="review", score=0.2)
    decide_events(vectors[:1], now=NOW + HOUR, prefix="later", score=0.05)

    catch_up(MODEL_WINDOWS, now=NOW)

    first, later = ModelWindow.objects.order_by("start")
    reference = Reference.of(ModelVersion.objects.get(name=model).reference)
    assert reference is not None
    counts = reference.unpack_features(first.features)
    assert [reference.bins(feature, counts).tolist() for feature in range(3)] == [
        [2, 0, 0, 1, 0],
        [1, 1, 1, 0],
        [1, 1, 1],
    ]
    assert unpack(first.scores).tolist() == [0, 3, 0]
    assert (first.rows, first.outcomes()) == (3, {"allow": 0, "review": 3, "block": 0})
    assert (later.rows, later.start) == (1, NOW.replace(minute=0) + HOUR)


def test_a_model_window_sums_absolute_contributions() -> None:
    add_model(1)
    contributions = np.array([[0.5, -0.25, 0.0, -3.0], [-0.5, -0.5, 0.1, -3.0]])
    decide_events(even_vectors(2), contributions=contributions)

    catch_up_in(MODEL_WINDOWS, limit=1)

    window = ModelWindow.objects.get()
    assert unpack(window.contributions).tolist() == [1_000_000, 750_000, 100_000]


def test_partially_counted_contributions_are_not_counted() -> None:
    add_model(1)
    decide_events(even_vectors(1), contributions=np.ones((1, 4)))
    catch_up(MODEL_WINDOWS, now=NOW)
    ModelWindow.objects.update(contributions=b"")
    decide_events(even_vectors(1), contributions=np.ones((1, 4)), prefix="later")

    catch_up(MODEL_WINDOWS, now=NOW)

    window = ModelWindow.objects.get()
    assert (window.rows, bytes(window.contributions)) == (2, b"")


def test_only_decisions_of_models_with_a_reference_are_counted() -> None:
    add_model(1)
    add_model(2, with_reference=False)
    vectors = even_vectors(3)
    decide_events(vectors, model="payment-2", prefix="old")
    decide_events(vectors, model="payment-1", prefix="fallback", basis="fallback", score=None)
    decide_events(vectors, model="", prefix="none", basis="no_model", score=None)

    catch_up(MODEL_WINDOWS, now=NOW)

    assert not ModelWindow.objects.exists()


@pytest.fixture
def some_hours() -> None:
    """Decisions of two models over a few hours, some of them labeled."""
    add_model(1)
    add_model(2)
    for hour in range(4):
        for number in (1, 2):
            now = NOW + hour * HOUR
            made = decide_events(
                even_vectors(12, seed=hour),
                model=f"payment-{number}",
                now=now,
                prefix=f"{hour}-{number}",
                stake=100,
            )
            append([labeled(made[0].stream, known_at=now)], now=now)


@pytest.mark.usefixtures("some_hours")
@pytest.mark.parametrize(
    ("consumer", "models"),
    [(WINDOWS, (HourlyWindow, MinuteWindow)), (MODEL_WINDOWS, (ModelWindow,))],
    ids=["windows", "model_windows"],
)
def test_rebuilt_windows_equal_the_originals_however_entries_were_batched(
    consumer: Consumer, models: tuple[type[TrafficWindow] | type[ModelWindow], ...]
) -> None:
    catch_up_in(consumer, limit=7)
    kept = rows_of(*models)
    assert len(kept) >= 8
    for model in models:
        model.objects.filter(start__gt=NOW).delete()

    rebuild_consumer(consumer, now=NOW)

    assert rows_of(*models) == kept


@pytest.mark.usefixtures("some_hours")
@pytest.mark.parametrize("consumer", [WINDOWS, MODEL_WINDOWS], ids=["windows", "model_windows"])
def test_a_batch_needs_the_same_few_queries_at_any_size(
    consumer: Consumer, django_assert_max_num_queries: Callable[[int], CaptureQueriesContext]
) -> None:
    with django_assert_max_num_queries(15):
        run_consumer(consumer, now=NOW)


def test_the_task_runs_both() -> None:
    add_model(1)
    decide_events(even_vectors(5))

    assert run_consumers() == {}

    assert (HourlyWindow.objects.get().decided, ModelWindow.objects.get().rows) == (5, 5)


def test_sender_windows_count_the_events_of_each_source_for_sixty_days() -> None:
    add_model(1)
    vectors = np.array([[500, 0, 30], [500, 2, np.nan], [50_000, 1, 60]])
    decide_events(vectors[:2], contributions=np.full((2, 4), 0.5), score=0.2)
    catch_up(SENDER_WINDOWS, now=NOW)
    decide_events(vectors[2:], contributions=np.ones((1, 4)), score=0.05, prefix="later")
    decide_events(vectors, now=NOW - SENDERS_KEPT - HOUR, prefix="old")
    catch_up(SENDER_WINDOWS, now=NOW)

    window = ModelSenderWindow.objects.get()
    assert (window.source, window.event_type, window.rows) == ("shop", "payment", 3)
    assert unpack(window.scores).tolist() == [1, 2, 0]
    assert unpack(window.contributions).tolist() == [2_000_000] * 3
    kept = rows_of(ModelSenderWindow)
    rebuild_consumer(SENDER_WINDOWS, now=NOW)
    assert rows_of(ModelSenderWindow) == kept
    assert prune_senders(now=NOW + SENDERS_KEPT - HOUR) == 0
    assert prune_senders(now=NOW + SENDERS_KEPT + HOUR) == 1
