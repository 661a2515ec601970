"""Importance with its spread, its stability, and what plots show."""

import numpy as np
import orjson
import pytest

from scoring.learning.explanation.contributions import ExplainedSample
from scoring.learning.explanation.summary import summarize
from scoring.learning.pages.explanation_plots import explanation_panel, importance_changes

NAMES = ("weak", "strong", "unused")


def sample(rows: int = 400, *, per_entity: int = 1) -> ExplainedSample:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 3)).astype(np.float32)
    X[::4, 0] = np.nan
    entity = np.arange(rows) // per_entity
    loud = 1 + (entity % 2) * (per_entity > 1)  # events of an entity are alike
    contributions = np.stack([0.2 * np.nan_to_num(X[:, 0]), 2 * X[:, 1] * loud, np.zeros(rows)], axis=1)
    interactions = np.array([[0, 0.3, 0], [0.3, 0, 0], [0, 0, 0]])
    return ExplainedSample(X, contributions, entity, interactions)


def test_importance_is_the_mean_absolute_contribution_within_its_interval():
    explained = sample()
    found = summarize(explained, NAMES)
    assert [each["name"] for each in found["features"]] == ["strong", "weak"]
    strong = found["features"][0]
    assert strong["importance"] == pytest.approx(np.abs(explained.contributions[:, 1]).mean())
    assert strong["low"] < strong["importance"] < strong["high"]
    assert orjson.dumps(found)
    assert found == summarize(sample(), NAMES)


def test_entities_are_drawn_as_a_whole():
    apart, together = (summarize(sample(per_entity=count), NAMES)["features"][0] for count in (1, 50))
    assert together["high"] - together["low"] > 2 * (apart["high"] - apart["low"])


def test_a_clear_order_is_stable_and_one_of_equals_is_not():
    assert summarize(sample(), NAMES)["stability"] == {"rank_correlation": pytest.approx(1), "top_kept": 1}
    rng = np.random.default_rng(1)
    equals = ExplainedSample(
        np.zeros((200, 30), dtype=np.float32), rng.normal(size=(200, 30)), np.arange(200), np.zeros((30, 30))
    )
    stability = summarize(equals, [f"f{at}" for at in range(30)])["stability"]
    assert stability["rank_correlation"] < 0.95
    assert stability["top_kept"] < 0.95


def test_points_say_how_high_the_value_is_and_missing_ones_are_apart():
    found = summarize(sample(), NAMES)
    weak = found["beeswarm"][1]["points"]
    assert [share is None for _, share in weak[:8]] == [True, False, False, False] * 2
    assert all(0 < share <= 1 for _, share in weak if share is not None)
    dependence = found["dependence"][1]
    assert dependence["missing"] == 0
    assert all(
        contribution == pytest.approx(0.2 * value, abs=1e-4) for value, contribution in dependence["points"]
    )
    assert found["interactions"] == [{"first": "weak", "second": "strong", "strength": 0.3}]


def test_the_panel_draws_every_plot_and_what_changed_against_the_champion():
    found = summarize(sample(), NAMES)
    panel = explanation_panel(found, found | {"features": [{"name": "weak", "importance": 1.0}]})
    assert not any(
        plot.empty for plot in (panel.importance, panel.swarm, panel.interactions, *panel.dependence)
    )
    assert len(panel.swarm.y.names) == 2
    assert sum(len(series.points) for series in panel.swarm.series) == 2 * 200
    assert [change.name for change in panel.changes][:2] == ["strong", "weak"]
    assert importance_changes(found, found)[0].change.startswith("+0.0")
    assert "rank correlation of 1.00" in panel.stability
    assert explanation_panel({}, {}) is None


def test_a_model_without_splits_has_an_empty_explanation():
    nothing = ExplainedSample(
        np.zeros((5, 3), dtype=np.float32), np.zeros((5, 3)), np.arange(5), np.zeros((3, 3))
    )
    found = summarize(nothing, NAMES)
    assert found["features"] == []
    assert found["stability"] == {"rank_correlation": None, "top_kept": None}
    assert explanation_panel(found, found).changes == []
