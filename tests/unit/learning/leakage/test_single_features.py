from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from scoring.learning.errors import LeakageSuspected
from scoring.learning.leakage.accepting import accepted_in_words, check_leakage
from scoring.learning.leakage.single_features import measure_alone, telling_features
from tests.unit.learning.made_up import training_set


def leaking(column, values, **options):
    """A made-up set, one column of which was replaced by what `values` makes of the labels."""
    data = training_set(**options)
    X = data.X.copy()
    X[:, column] = values(data.y, np.random.default_rng(5))
    return replace(data, X=X)


def noise(y, rng):
    return rng.normal(size=len(y))


LEAKS = {
    "a flag that only positives have": lambda y, rng: y,
    "a value that only positives lack": lambda y, rng: np.where(y == 1, np.nan, noise(y, rng)),
    "low values": lambda y, rng: noise(y, rng) - 9 * y,
    "a range in the middle": lambda y, rng: np.where(y == 1, 0.001 * rng.random(len(y)), noise(y, rng)),
    "codes": lambda y, rng: np.where(y == 1, rng.choice([3, 9], len(y)), rng.choice([1, 4, 7, 10], len(y))),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_feature_that_knows_the_label_is_found_however_it_says_it(leak):
    found = telling_features(leaking(3, LEAKS[leak]))
    assert [each.name for each in found] == ["noise"]
    assert found[0].average_precision > 0.9


def test_strong_but_honest_features_are_not_suspected():
    assert telling_features(training_set()) == []
    strong = leaking(3, lambda y, rng: noise(y, rng) + 2.5 * y)
    assert measure_alone(strong, "noise").roc_auc > 0.9
    assert telling_features(strong) == []


def test_the_figures_are_those_of_the_newer_half():
    data = leaking(3, lambda y, rng: np.round(noise(y, rng) + 2 * y))
    found = measure_alone(data, "noise")
    newer = slice(np.flatnonzero(data.y)[data.y.sum() // 2], None)
    score, y = data.X[newer, 3], data.y[newer]
    assert found.roc_auc == pytest.approx(roc_auc_score(y, score), abs=0.01)
    assert found.average_precision == pytest.approx(average_precision_score(y, score), abs=0.03)


def test_chance_does_not_look_like_leakage():
    """A number of its own for each event would be perfect on the events that it was counted on."""
    found = measure_alone(leaking(3, lambda y, rng: rng.permutation(len(y))), "noise")
    assert found.roc_auc == pytest.approx(0.5, abs=0.07)


def test_few_positives_are_not_judged():
    few = leaking(3, lambda y, rng: y, rows=1_000)
    assert few.y.sum() < 100
    assert telling_features(few) == []
    assert check_leakage(few) == {"judged": False, "accepted": []}


def test_many_negatives_are_thinned_out_and_count_as_before(monkeypatch):
    data = training_set()
    before = measure_alone(data, "telling")
    monkeypatch.setattr("scoring.learning.leakage.single_features.MAX_NEGATIVES", 2_000)
    after = measure_alone(data, "telling")
    assert after.roc_auc == pytest.approx(before.roc_auc, abs=0.03)
    assert after.average_precision == pytest.approx(before.average_precision, abs=0.05)


def test_a_training_stops_to_ask_and_goes_on_once_the_feature_is_accepted_or_left_out():
    data = leaking(3, LEAKS["a flag that only positives have"])
    with pytest.raises(LeakageSuspected, match=r"noise \(average precision 1.000.*--accept-leakage noise"):
        check_leakage(data, accepted=["telling"])
    lineage = {"leakage": check_leakage(data, accepted=["noise", "telling"])}
    assert [each["name"] for each in lineage["leakage"]["accepted"]] == ["noise"]
    assert accepted_in_words(lineage) == "noise (alone: average precision 1.000, ROC AUC 1.000)"
    assert check_leakage(data, left_out=["noise"]) == {"judged": True, "accepted": []}
