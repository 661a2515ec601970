"""What the commands print of runs, judgments and versions: the right figure in the right column."""

from datetime import UTC, datetime
from types import SimpleNamespace

from scoring.learning.evaluation.evaluate import Evaluation
from scoring.learning.evaluation.report import METRIC_NAMES, evaluation_lines, training_lines, version_lines
from scoring.learning.metrics.resampling import Interval
from scoring.learning.promotion.stages import ModelStage
from scoring.registry.calibration import Calibration

FIGURES = {name: 0.01 * number for number, name in enumerate(METRIC_NAMES, start=1)}
PASSED = {"name": "latency", "sentence": "It takes 1 ms.", "allowed": "at most 10 ms", "passed": True}
FAILED = {"name": "calibration", "sentence": "They lie apart.", "allowed": "at most 0.02", "passed": False}


def words_of(lines):
    return [" ".join(line.split()) for line in lines]


def test_a_training_shows_its_slices_figures_thresholds_and_gate():
    part = {"from": "2026-01-01T05:00:00Z", "to": "2026-02-01T06:00:00Z"}
    at_thresholds = {"precision_at_review": 0.5, "recall_at_review": 0.8}
    at_thresholds |= {"precision_at_block": None, "recall_at_block": 0.0}
    slices = {"train": part | {"rows": 1200, "positives": 34, "inferred": 5}}
    trained = SimpleNamespace(
        calibration=Calibration(slope=1.25, intercept=-0.5),
        thresholds={"review": 0.2, "block": 0.9},
        rounds=17,
        metrics=FIGURES | at_thresholds | {"slices": slices},
    )
    left_out = {
        "before": {"events": 1, "first": "1970-01-01T00:00", "last": "1970-01-01T00:00"},
        "after": None,
    }
    run = SimpleNamespace(
        name="payment-3",
        digest="abcdef0123456789",
        trained=trained,
        lineage={"since": "2026-01-01", "outliers": left_out},
        checks=[PASSED, FAILED],
    )
    lines = words_of(training_lines(run))
    assert lines[0] == "payment-3 (artifact abcdef012345, 17 trees)"
    assert "train 2026-01-01 2026-02-01 1,200 34 5" in lines
    assert "excluded: events before 2026-01-01" in lines
    assert "excluded: 1 event far earlier than all others (1970-01-01)" in lines
    assert [name for key, name in METRIC_NAMES.items() if f"{name} {FIGURES[key]:.4f}" not in lines] == []
    assert "review from a score of 0.2000 precision 0.5000, recall 0.8000" in lines
    assert "block from a score of 0.9000 precision -, recall 0.0000" in lines
    assert "score = sigmoid(1.2500 x margin -0.5000)" in lines
    run.lineage = {}
    assert not [line for line in training_lines(run) if "excluded" in line]
    assert lines[-2:] == [
        "passed latency: It takes 1 ms.",
        "FAILED calibration: They lie apart. Allowed: at most 0.02.",
    ]


def test_an_evaluation_shows_the_model_then_the_baseline_then_their_difference():
    model = {"rows": 1500.0, "positives": 30.0, "roc_auc": 0.9, "brier": 0.01}
    alone = words_of(evaluation_lines("payment-3", Evaluation(model)))
    assert alone[:3] == ["1,500 events, 30 positive", "", "payment-3"]
    assert "ROC AUC 0.9000" in alone
    interval = Interval(estimate=0.1, low=-0.02, high=0.25, level=0.9, samples=50)
    both = words_of(
        evaluation_lines("payment-3", Evaluation(model, "logistic", model | {"roc_auc": 0.7}, interval))
    )
    assert both[2] == "payment-3 logistic regression"
    assert "ROC AUC 0.9000 0.7000" in both
    assert both[-1] == (
        "difference in average precision +0.1000, 90% interval [-0.0200, +0.2500] (50 bootstrap samples)"
    )


def test_versions_are_listed_with_their_moments_set_figures_gate_and_stage():
    first = SimpleNamespace(
        name="payment-1",
        trained_at=datetime(2026, 3, 2, 9, 5, tzinfo=UTC),
        as_of=datetime(2026, 2, 1, tzinfo=UTC),
        metrics={"average_precision": 0.6, "roc_auc": 0.9},
        checks=[PASSED, FAILED, PASSED],
    )
    old = SimpleNamespace(**{**vars(first), "name": "payment-0", "checks": [], "metrics": {}})
    stages = {"payment-1": ModelStage("champion", 0.9), "payment-0": ModelStage("archived")}
    lines = words_of(version_lines([first, old], stages=stages, sets={"payment-1": 4}))
    assert lines[1:] == [
        "payment-1 2026-03-02 09:05 2026-02-01 4 0.6000 0.9000 2/3 champion 90 %",
        "payment-0 2026-03-02 09:05 2026-02-01 - - - - archived",
    ]
