"""Folds on made-up events: what each may know, and how its figures are summed up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from scoring.learning.dataset.selection import SelectionHistory
from scoring.learning.dataset.split import DAY_US
from scoring.learning.dataset.training_set import LabelHistory, VectorTable
from scoring.learning.errors import NoEventsToEvaluate
from scoring.learning.folds.contenders import (
    Contender,
    Learned,
    logistic_regression,
    of_recipe,
    random_forest,
)
from scoring.learning.folds.report import fold_lines, markdown_lines
from scoring.learning.folds.run import History, describe_result, run_fold
from scoring.learning.folds.summary import describe_comparison, describe_summary, differences, metric_spreads
from scoring.learning.folds.windows import Fold
from scoring.learning.training.recipe import TrainingConfig
from tests.unit.learning.made_up import START_US, training_set

START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=200)
MATURITY = timedelta(days=10)
QUICK = TrainingConfig(trees=8, depth=3, threads=1)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture(scope="module")
def history() -> History:
    """A hundred days of events whose labels become known five days later."""
    made = training_set()
    rows = np.arange(len(made.y))
    vectors = VectorTable(
        event_type="payment",
        feature_names=made.feature_names,
        feature_set=made.feature_set,
        X=made.X,
        occurred_at=made.occurred_at,
        positions=made.positions,
        groups=made.groups,
        vocabularies=made.vocabularies,
    )
    labels = LabelHistory(rows=rows, known_at=made.occurred_at + 5 * DAY_US, effective=made.y)
    return History("payment", vectors, labels, SelectionHistory(), [])


FOLDS = [Fold(1, day(60), day(80)), Fold(2, day(80), day(100))]


def run(history, fold, *contenders):
    return run_fold(history, fold, contenders, now=NOW, matures_after=MATURITY)


def test_a_fold_learns_only_what_was_mature_and_known_at_its_origin(history):
    seen = []

    def learn(data, test, watch):
        seen.append((data, test))
        return Learned(np.zeros(len(test.y)))

    run(history, FOLDS[0], Contender("none", learn))
    data, test = seen[0]
    assert data.occurred_at.max() <= START_US + 50 * DAY_US  # the origin less the maturity
    assert data.as_of == day(60)
    assert (test.occurred_at >= START_US + 60 * DAY_US).all()
    assert (test.occurred_at < START_US + 80 * DAY_US).all()
    assert len(test.y) + len(data.y) < len(history.vectors.X)


def test_cards_known_to_be_fraudulent_at_the_origin_are_no_news(history):
    """The scores are the labels, so every card that can be caught is caught."""
    result = run(
        history, FOLDS[0], Contender("oracle", lambda data, test, watch: Learned(test.y.astype(float)))
    )
    known = history.labels.known_at <= START_US + 60 * DAY_US
    known_cards = set(history.vectors.groups[known & (history.labels.effective == 1)].tolist())
    assert known_cards & set(result.groups[result.y == 1].tolist())
    news = [card for card in result.groups[result.y == 1].tolist() if card not in known_cards]
    assert result.metrics["oracle"]["entities_caught"] == (1.0 if news else None)
    assert result.metrics["oracle"]["average_precision"] == 1.0


def test_contenders_learn_and_the_better_one_is_seen_to_be_better(history):
    contenders = [of_recipe("default", QUICK), logistic_regression(), random_forest(threads=1)]
    results = [run_fold(history, fold, contenders, now=NOW, matures_after=MATURITY) for fold in FOLDS]
    spreads = metric_spreads(results)
    assert list(spreads) == ["default", "logistic", "random_forest"]
    for name in spreads:
        assert spreads[name]["average_precision"].folds == 2
        assert spreads[name]["average_precision"].mean > 3 * spreads[name]["base_rate"].mean
    found = differences(results, samples=50)
    assert found["logistic"].mean < 0  # it cannot see the product of two features
    assert found["logistic"].better == 0
    assert found["logistic"].low < found["logistic"].mean < found["logistic"].high
    text = "\n".join(fold_lines(results, samples=20))
    assert "fold 2: learned from" in text
    assert "logistic - default: average precision -" in text
    assert [line.split("|")[1].strip() for line in markdown_lines(results)][2:] == list(spreads)
    stored = describe_summary(results, samples=20)
    assert stored["contenders"]["default"]["average_precision"]["folds"] == 2
    importance = describe_comparison(results, samples=20)["importance"]
    assert list(importance) == ["default"]  # baselines have none
    names = [each["name"] for each in importance["default"]["features"]]
    assert set(names[:3]) == {"telling", "left", "right"}
    assert importance["default"]["stability"]["rank_correlation"] > 0.5
    assert describe_result(results[0])["positives"] == int(results[0].y.sum())


def test_the_interval_of_the_mean_is_narrower_unless_tests_share_events(history):
    results = [run(history, fold, of_recipe("default", QUICK), logistic_regression()) for fold in FOLDS]
    halves = np.array([half_width(differences([result])["logistic"]) for result in results])
    assert half_width(differences(results)["logistic"]) == pytest.approx(np.hypot(*halves) / 2)
    longer = Fold(1, FOLDS[0].origin, FOLDS[1].until)
    overlapping = [replace(results[0], fold=longer), results[1]]
    assert half_width(differences(overlapping)["logistic"]) == pytest.approx(halves.mean())


def half_width(difference):
    return (difference.high - difference.low) / 2


def test_the_same_folds_give_the_same_figures(history):
    first, second = (run(history, FOLDS[0], of_recipe("default", QUICK)) for _ in range(2))
    assert first.metrics == second.metrics
    assert np.array_equal(first.scores["default"], second.scores["default"])


def test_nothing_that_a_text_model_filled_in_stays_for_the_next_contender(history):
    columns = []

    def learn(data, test, watch):
        columns.append((data.X[:, 3].copy(), test.X[:, 3].copy()))
        data.X[:, 3] = test.X[:, 3] = 7.0
        return Learned(np.zeros(len(test.y)))

    filled = History("payment", history.vectors, history.labels, history.selection, [3])
    kept = history.vectors.X.copy()
    run(filled, FOLDS[0], Contender("a", learn), Contender("b", learn))
    assert all(np.isnan(column).all() for pair in columns for column in pair)
    history.vectors.X[:] = kept


def test_a_test_without_positives_is_refused(history):
    with pytest.raises(NoEventsToEvaluate):
        run(history, Fold(1, day(150), day(160)), of_recipe("default", QUICK))


def test_differences_weigh_events_as_the_metrics_do(history):
    """Every tenth event was let through by exploration and stands for twenty."""
    rows = np.arange(0, len(history.vectors.X), 10)
    explored = SelectionHistory(
        rows=rows,
        decided_at=history.vectors.occurred_at[rows],
        blocked=np.zeros(len(rows), dtype=bool),
        weights=np.full(len(rows), 20.0),
    )
    weighed = History("payment", history.vectors, history.labels, explored, [])
    result = run(weighed, FOLDS[0], of_recipe("default", QUICK), logistic_regression())
    found = {name: result.metrics[name]["average_precision"] for name in result.metrics}
    difference = differences([result], samples=5)["logistic"]
    assert difference.mean == pytest.approx(found["logistic"] - found["default"])
