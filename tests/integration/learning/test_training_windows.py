"""Training on what real histories look like: an outlier in time, two days, a window that was asked for."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from demo.simulation.history import simulate_history
from scoring.catalog.errors import EventTypeNotScored
from scoring.intake.models import Label
from scoring.jobs.queue import JobQueue
from scoring.learning.dataset.export import read_training_set
from scoring.learning.errors import InvalidTraining, NotEnoughPositives
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.jobs import running
from scoring.learning.jobs import trainings as jobs
from scoring.learning.jobs.options import JobOptions
from scoring.learning.models import TrainingJob
from scoring.learning.pages.lineage import lineage_rows
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.models import LogEntry
from scoring.registry import loaded_models
from scoring.registry.models import ModelVersion
from tests.factories.history import load_frame, load_history
from tests.factories.steps import RecordedSteps

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
CONFIG = TrainingConfig(trees=20, depth=4)
MATURES = timedelta(days=14)


@pytest.fixture
def load(online_redis, settings, tmp_path):
    """Loads a history of the given number of days, with a few changes."""
    settings.VAR_DIR = tmp_path / "var"
    loaded_models.load_model.cache_clear()

    def loaded(*, days: int = 40, rate: int = 100, extra: pd.DataFrame | None = None) -> pd.DataFrame:
        if extra is None:
            return load_history(end=END, now=NOW, days=days, rate_per_day=rate)
        frame = simulate_history(
            days=days, rate_per_day=rate, seed=4, end=END, customers=200, fraud_share=0.12
        )
        return load_frame(pd.concat([extra, frame], ignore_index=True), now=NOW)

    return loaded


def of_a_reset_clock() -> pd.DataFrame:
    """One payment of 1970, labeled nothing."""
    row = simulate_history(days=2, rate_per_day=20, seed=9, end=END, customers=20).query("type == 'payment'")
    return row.head(1).assign(
        id="clock-reset",
        occurred_at=pd.Timestamp("1970-01-01T00:00:10Z"),
        label=None,
        label_known_at=pd.NaT,
    )


def train(**changes):
    request = {"event_type": "payment", "as_of": END, "matures_after": MATURES} | changes
    return run_training(TrainingRequest(**request), config=CONFIG, actor="tests", now=NOW)


def lineage_of(name: str) -> dict:
    return ModelVersion.objects.get(name=name).lineage


def test_an_event_of_1970_is_left_out_counted_and_shown(load):
    frame = load(extra=of_a_reset_clock())
    mature = (frame.type == "payment") & (frame.occurred_at <= END - MATURES)
    run = train()
    lineage = lineage_of(run.name)
    assert run.rows == mature.sum() - 1
    assert lineage["cut_by"] == "share of events"
    assert lineage["outliers"] == {
        "before": {"events": 1, "first": "1970-01-01T00:00:10Z", "last": "1970-01-01T00:00:10Z"},
        "after": None,
    }
    shown = dict(lineage_rows(ModelVersion.objects.get(name=run.name)))
    assert shown["Outliers excluded"] == "1 event far earlier than all others (1970-01-01)"
    assert run.trained.metrics["slices"]["train"]["from"] > "2026"
    assert train().digest == run.digest


def test_a_training_that_a_schedule_asks_for_goes_on_after_it_too(load, monkeypatch):
    load(extra=of_a_reset_clock())
    monkeypatch.setattr(JobQueue, "send_message", lambda queue, number: None)
    options = JobOptions(as_of=END, matures_after_days=14, config=TrainingConfig(trees=10))
    number = jobs.request_training("payment", actor="schedule", now=NOW, options=options)
    running.run_job(number, clock=lambda: NOW)
    job = TrainingJob.objects.get(number=number)
    assert (job.state, job.error) == ("finished", "")
    assert lineage_of(job.model)["outliers"]["before"]["events"] == 1


def test_two_days_of_data_are_enough(load):
    load(days=2, rate=2_000)
    run = train(as_of=END + MATURES, matures_after=MATURES)
    slices = run.trained.metrics["slices"]
    assert list(slices) == ["train", "gap", "validation", "calibration", "test"]
    assert all(slices[name]["positives"] >= 5 for name in ("validation", "calibration", "test"))
    metrics = ModelVersion.objects.get(name=run.name).metrics
    reviews = metrics["reviews_a_day"] * 0.2  # the test slice is a tenth of two days
    assert reviews == pytest.approx(round(reviews), abs=0.2)


def test_since_excludes_earlier_events_and_is_recorded(load):
    frame = load()
    since = END - timedelta(days=34)
    run = train(since=since)
    expected = frame[
        (frame.type == "payment") & (frame.occurred_at >= since) & (frame.occurred_at <= END - MATURES)
    ]
    assert run.rows == len(expected) < train().rows
    assert lineage_of(run.name)["since"] == "2026-01-26T00:00:00Z"
    shown = dict(lineage_rows(ModelVersion.objects.get(name=run.name)))
    assert shown["Events from"] == "2026-01-26 00:00 UTC; earlier events were excluded"


def test_the_command_accepts_since_and_prints_the_excluded_events(load):
    load(extra=of_a_reset_clock())
    out = StringIO()
    options = ["--as-of", "2026-03-01", "--matures-after", "14", "--trees", "5"]
    call_command("train", *options, stdout=out)
    assert "excluded: 1 event far earlier than all others (1970-01-01)" in out.getvalue()
    call_command("train", *options, "--since", "2026-01-26", stdout=out)
    assert "excluded: events before 2026-01-26T00:00:00Z" in out.getvalue()


def test_a_maturity_of_zero_days_is_zero_in_training_export_and_evaluation(load, tmp_path):
    load(days=10)
    as_of = END + MATURES  # every label is known
    run = train(as_of=as_of, matures_after=timedelta(0))
    assert lineage_of(run.name)["matures_after_days"] == 0.0
    assert run.rows == len(read_training_set("payment", as_of=as_of, matures_after=timedelta(0)).y)
    window = {"since": END - timedelta(days=5), "until": END, "now": NOW}
    assert run_evaluation(run.name, **window).model["rows"] > 0


def test_an_exported_set_equals_the_training_data(load, tmp_path):
    load(extra=of_a_reset_clock())
    out, words = tmp_path / "set.parquet", StringIO()
    options = ["--as-of", "2026-03-01", "--matures-after", "14", "--since", "2026-01-26"]
    call_command("training_set", *options, "--out", str(out), stdout=words)
    run = train(since=datetime(2026, 1, 26, tzinfo=UTC))
    table = pq.read_table(out)
    assert table.num_rows == run.rows
    assert table["_label"].to_numpy().sum() == lineage_of(run.name)["positives"]
    call_command("training_set", *options[:-2], "--out", str(out), stdout=words)
    assert "excluded: 1 event far earlier" in words.getvalue()
    assert "clock-reset" not in pq.read_table(out)["_id"].to_pylist()


def test_the_baseline_is_fitted_on_the_rows_of_the_model_alone(load, monkeypatch):
    load(extra=of_a_reset_clock())
    since = END - timedelta(days=34)
    run = train(since=since)
    fitted = []

    def fit(*, X, y, codes, weights):
        fitted.append(len(y))
        raise InterruptedError

    monkeypatch.setattr("scoring.learning.folds.contenders.fit_baseline", fit)
    with pytest.raises(InterruptedError):
        run_evaluation(run.name, since=since, until=END, now=NOW, against="logistic")
    assert fitted == [run.rows]


def test_a_refusal_for_lack_of_positives_gives_advice_that_works(load):
    """Nothing was labeled in the first half."""
    frame = load(days=60)
    labeled_from = END - timedelta(days=34)
    early = frame.occurred_at < labeled_from
    assert early.any()
    with pytest.raises(NotEnoughPositives) as refused:
        run_training(
            TrainingRequest("payment", as_of=END, matures_after=MATURES),
            config=TrainingConfig(trees=10, minimum_positives=400),
            actor="tests",
            now=NOW,
        )
    message = str(refused.value)
    assert "slice (" in message
    assert "mature positives are from 2026-01-0" in message or "2025-12-3" in message
    assert "Training needs at least 700 positives" in message or "These changes would work" in message


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"matures_after": timedelta(days=-5)}, "matures_after"),
        ({"as_of": NOW + timedelta(days=1)}, "as_of"),
        ({"since": END}, "since"),
        ({"test_until": END}, "test_until"),
        ({"log_position": -1}, "log_position"),
    ],
)
def test_a_window_that_leaves_nothing_is_refused_naming_the_option(online_redis, changes, field):
    with pytest.raises(InvalidTraining) as refused:
        train(**changes)
    assert refused.value.field == field


def test_a_type_without_models_is_refused_with_those_that_have_some(online_redis):
    with pytest.raises(EventTypeNotScored, match="scored: payment"):
        train(event_type="refund")
    for command in ("train", "promote", "roll_back"):
        with pytest.raises(CommandError, match="'refund' is not scored"):
            call_command(command, "--event-type", "refund")
    with pytest.raises(CommandError, match="'refund' is not scored"):
        call_command("training_set", "--type", "refund", "--as-of", "2026-01-01", "--out", "x.parquet")


@pytest.mark.parametrize("command", ["promote", "models"])
def test_a_type_without_a_model_yet_is_told_how_to_get_one(online_redis, command):
    out = StringIO()
    try:
        call_command(command, "--event-type", "payment", stdout=out)
        said = out.getvalue()
    except CommandError as error:
        said = str(error)
    assert "payment has no model that may decide yet" in said
    assert "manage.py train --event-type payment" in said


def test_every_step_of_a_training_reaches_its_total(load):
    load(days=10)
    watch = RecordedSteps()
    request = TrainingRequest("payment", as_of=END + MATURES, matures_after=MATURES)
    run_training(request, config=TrainingConfig(trees=5), actor="tests", now=NOW, watch=watch)
    assert watch.names == [
        "counting the values of categories",
        "reading the lane",
        "reading labels",
        "looking for leakage",
        "choosing the number of trees",
        *["growing the trees"] * 6,  # those of the model, then five times to cross-fit its thresholds
        "describing the features",
        "measuring",
        "measuring slices",
        "explaining the model",
    ]
    assert all(total is not None and done == total for _, total, done in watch.steps)


def test_a_set_up_to_a_log_position_fills_its_bars_all_the_same(load, tmp_path):
    load(days=10)
    watch = RecordedSteps()
    some = read_training_set("payment", as_of=END, matures_after=timedelta(0))
    middle = int(np.median(some.positions))
    data = read_training_set(
        "payment", as_of=END, matures_after=timedelta(0), log_position=middle, watch=watch
    )
    assert data.positions.max() <= middle
    assert all(done == total for _, total, done in watch.steps)


def test_a_label_beyond_the_log_position_does_not_exist_in_a_point_in_time_set(load):
    """Nor in a training that is repeated at that position: it would have other labels the second time."""
    load(days=10)
    label = Label.objects.filter(effective="fraud", known_at__lte=END).latest("position")
    event = LogEntry.objects.get(stream=label.event_stream, stream_version=1).position
    for position, expected in ((label.position - 1, 0), (label.position, 1)):
        cut = {"as_of": END, "matures_after": timedelta(0), "log_position": position}
        data = read_training_set("payment", **cut)
        assert data.y[data.positions == event].tolist() == [expected]
        assert data.inferred[data.positions == event].tolist() == [not expected]
        assert int(data.y.sum()) == len(labeled_frauds(position))


def labeled_frauds(position: int) -> set[str]:
    """The events called fraud by END, up to a position of the log."""
    said = Label.objects.filter(position__lte=position, known_at__lte=END, effective="fraud")
    return set(said.values_list("event_stream", flat=True))
