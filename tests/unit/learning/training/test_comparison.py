from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from scoring.learning.metrics.curves import describe_curves
from scoring.learning.metrics.quality import average_precision
from scoring.learning.training import comparison
from scoring.learning.training.comparison import compare_with_champion, recode_categories
from scoring.learning.training.fit import measure
from scoring.registry.errors import UnknownModel
from tests.unit.learning.made_up import training_set

HELD_OUT = training_set(rows=400, rate=0.3)
NEW = np.clip(HELD_OUT.y * 0.4 + np.random.default_rng(1).random(400) * 0.6, 0, 1)
OLD = np.random.default_rng(2).random(400)
TRAINED = SimpleNamespace(
    held_out=HELD_OUT, score=NEW, known_before=None, thresholds={"review": 0.2, "block": 0.8}
)
CHAMPION = SimpleNamespace(
    known_before=None, predict=lambda X: (None, OLD), thresholds={"review": 0.3, "block": 0.9}
)


@pytest.fixture
def in_charge(monkeypatch):
    """Lets a champion decide: its name, what loading it gives, and what speaks against a comparison."""

    def in_charge(name, *, loads=lambda name, threads: CHAMPION, reason=""):
        monkeypatch.setattr(comparison, "champion_of", lambda event_type: name)
        monkeypatch.setattr(comparison, "load_for_bulk", loads)
        monkeypatch.setattr(comparison, "reason_against", lambda champion, held_out: reason)
        monkeypatch.setattr(comparison, "vectors_for", lambda champion, held_out, watch: held_out.X)

    return in_charge


def test_the_candidate_is_compared_with_the_champion_on_the_same_events(in_charge):
    in_charge("payment-1")
    steps: list[object] = []
    watch = SimpleNamespace(
        known_before=None, begin=lambda step, total: steps.append((step, total)), advance=steps.append
    )
    compared = compare_with_champion(TRAINED, threads=1, watch=watch)
    assert (compared["champion"], compared["why_not"]) == ("payment-1", "")
    assert steps == [("comparing with the champion", 200), *[1] * 200]
    assert compared["champion_metrics"] == measure(HELD_OUT, OLD, CHAMPION.thresholds)
    gain = average_precision(HELD_OUT.y, NEW) - average_precision(HELD_OUT.y, OLD)
    assert compared["difference"]["estimate"] == pytest.approx(gain)
    assert 0 < compared["difference"]["low"] < gain < compared["difference"]["high"]
    assert compared["differences"]["average_precision"] == compared["difference"]
    assert compared["differences"]["roc_auc"]["low"] > 0
    assert compared["differences"]["brier"]["high"] < 0
    assert compared["curves"] == {
        "candidate": describe_curves(HELD_OUT.y, NEW),
        "champion": describe_curves(HELD_OUT.y, OLD),
    }


def test_explored_events_count_with_their_weights_for_both(in_charge):
    in_charge("payment-1")
    weights = np.where(HELD_OUT.positions % 7 == 0, 20.0, 1.0)
    weighted = replace(HELD_OUT, weights=weights)
    compared = compare_with_champion(
        SimpleNamespace(held_out=weighted, score=NEW, known_before=None, thresholds=TRAINED.thresholds),
        threads=1,
    )
    assert compared["champion_metrics"] == measure(weighted, OLD, CHAMPION.thresholds)
    gain = average_precision(HELD_OUT.y, NEW, weights) - average_precision(HELD_OUT.y, OLD, weights)
    assert compared["difference"]["estimate"] == pytest.approx(gain)
    assert compared["curves"] == {
        "candidate": describe_curves(HELD_OUT.y, NEW, weights),
        "champion": describe_curves(HELD_OUT.y, OLD, weights),
    }


def lost(name, threads):
    raise UnknownModel(name=name, known=[])


@pytest.mark.parametrize(
    ("name", "how", "why_not"),
    [
        (None, {}, "no model decided payment events when this one was trained"),
        ("payment-1", {"loads": lost}, "payment-1"),
        ("payment-1", {"reason": "it has seen these events"}, "it has seen these events"),
    ],
)
def test_where_no_comparison_is_fair_the_reason_is_kept_with_the_candidates_own_curves(
    in_charge, name, how, why_not
):
    in_charge(name, **how)
    compared = compare_with_champion(TRAINED, threads=1)
    assert why_not in compared["why_not"]
    assert (compared["champion"], compared["champion_metrics"], compared["difference"]) == (name, None, None)
    assert compared["curves"] == {"candidate": describe_curves(HELD_OUT.y, NEW)}


def test_codes_follow_their_values_into_another_vocabulary():
    X = np.array([[1, 9.5], [2, 1], [3, 1], [0, 1], [np.nan, 1]], dtype=np.float32)
    recoded = recode_categories(
        X,
        names=["category", "amount"],
        old={"category": ("a", "b", "c")},
        new={"category": ("c", "x", "y", "a")},
    )
    assert recoded[:, 0].tolist()[:4] == [4, 0, 1, 0]
    assert np.isnan(recoded[4, 0])
    np.testing.assert_array_equal(recoded[:, 1], X[:, 1])
    assert X[0, 0] == 1


def test_a_field_that_is_no_feature_of_its_own_changes_nothing():
    X = np.array([[1.0]], dtype=np.float32)
    assert recode_categories(X, names=["amount"], old={"category": ("a",)}, new={}).tolist() == [[1.0]]
