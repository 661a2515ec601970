"""Blocked events without a label are unknown, and explored ones have weights: from the log to a model."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import fsspec
import pyarrow.parquet as pq
import pytest

from scoring.intake.models import Event, Label
from scoring.learning.dataset.export import read_training_set, write_training_set
from scoring.learning.evaluation.evaluate import run_evaluation
from scoring.learning.evaluation.report import evaluation_lines, training_lines
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.append import append
from scoring.log.read import read_positions
from scoring.log.rebuild import last_position
from tests.factories.exploring import let_through
from tests.factories.history import load_history
from tests.factories.log import decided

pytestmark = pytest.mark.django_db(transaction=True)

END = datetime(2026, 3, 1, tzinfo=UTC)
NOW = END + timedelta(days=30)
CONFIG = TrainingConfig(trees=10, depth=3, minimum_positives=4)
MATURES = timedelta(days=14)


@pytest.fixture
def history(online_redis, settings, tmp_path):
    """Forty days of payments in the log, sequenced, without decisions."""
    settings.VAR_DIR = tmp_path / "var"
    load_history(end=END, now=NOW)


def train(**changes):
    request = TrainingRequest(**{"event_type": "payment", "as_of": END, "matures_after": MATURES} | changes)
    return run_training(request, config=CONFIG, actor="tests", now=NOW)


def decide(events, *, at=END - timedelta(days=20), **data):
    """Decide these events, which were loaded as history, as if that had been at the time."""
    receipts = read_positions([event.position for event in events])
    append([decided(receipt, decided_at=at, **data) for receipt in receipts], now=NOW)


def mature(*, labeled):
    """Mature payments, oldest first, that have a label or have none."""
    streams = set(Label.objects.values_list("event_stream", flat=True))
    events = Event.objects.filter(type="payment", occurred_at__lt=END - MATURES).order_by("occurred_at")
    return [event for event in events if (event.stream in streams) is labeled]


def test_blocks_without_a_label_are_left_out_and_explored_events_weigh_more(history):
    unlabeled, labeled = mature(labeled=False), mature(labeled=True)
    before = last_position()
    plain = train()
    decide(unlabeled[:30], outcome="block")
    decide(labeled[:5], outcome="block")
    decide(unlabeled[30:40], **let_through(0.05))
    run = train()
    lineage = run.lineage
    assert (lineage["unknown_blocks"], lineage["explored"]) == (30, 10)
    assert lineage["rows"] == plain.lineage["rows"] - 30
    assert lineage["positives"] == plain.lineage["positives"]
    assert run.digest != plain.digest
    assert train().digest == run.digest
    # As of a log position, and of a cut-off, before those decisions.
    assert train(log_position=before).digest == plain.digest
    text = "\n".join(training_lines(run))
    assert "excluded: 30 blocked events without a label" in text
    assert "weighted: 10 explored, each counted 1 / propensity times" in text


def test_decisions_after_the_cut_off_are_not_known_yet(history):
    plain = train()
    decide(mature(labeled=False)[:30], at=END + timedelta(seconds=1), outcome="block")
    assert train().digest == plain.digest


def test_a_training_set_in_a_file_has_the_weights(history):
    events = mature(labeled=False)
    decide(events[:3], outcome="block")
    decide(events[3:5], **let_through(0.1))
    data = read_training_set("payment", as_of=END, matures_after=MATURES)
    url = "memory://selective.parquet"
    write_training_set(data, url)
    table = pq.read_table(BytesIO(read_memory(url)))
    weights = dict(zip(table["_id"].to_pylist(), table["_weight"].to_pylist(), strict=True))
    assert [weights.get(event.external_id) for event in events[:6]] == [None, None, None, 10, 10, 1]
    assert b'"unknown_blocks":3' in table.schema.metadata[b"assay"]


def test_an_evaluation_weighs_explored_events_and_leaves_unknown_ones_out(history):
    name = train(as_of=END - timedelta(days=10), matures_after=timedelta(days=5)).name
    window = {"since": END - timedelta(days=10), "until": END - timedelta(days=1)}
    before = run_evaluation(name, now=NOW, **window).model
    streams = set(Label.objects.values_list("event_stream", flat=True))
    later = Event.objects.filter(
        type="payment", occurred_at__gte=window["since"], occurred_at__lt=window["until"]
    )
    unlabeled = [event for event in later if event.stream not in streams]
    decide(unlabeled[:7], outcome="block")
    decide(unlabeled[7:9], **let_through(0.01))
    after = run_evaluation(name, now=NOW, against="logistic", samples=5, **window)
    assert (after.model["rows"], after.model["positives"]) == (before["rows"] - 7, before["positives"])
    counted = before["rows"] - 9 + 2 * 100
    assert after.model["base_rate"] == pytest.approx(before["positives"] / counted)
    assert after.other["base_rate"] == after.model["base_rate"]
    rows = after.model["rows"]
    assert before["effective_events"] == before["rows"]
    assert after.model["effective_events"] == pytest.approx((rows - 2 + 200) ** 2 / (rows - 2 + 2 * 100**2))
    printed = "\n".join(evaluation_lines(name, after))
    assert "equally weighted events" in printed
    assert "recall at review" in printed


def read_memory(url):
    with fsspec.open(url, "rb") as file:
        return file.read()
