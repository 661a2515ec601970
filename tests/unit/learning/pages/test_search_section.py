"""The search on the pages: order of trials, plots and the comparison with simpler models."""

from scoring.learning.pages.search_section import (
    MAX_ROWS,
    section_of_model,
    section_of_trials,
    trial_lines,
    value_plot,
)


def trial(number, value, state="complete"):
    params = {"depth": 6, "learning_rate": 0.12345, "imbalance.treatment": "none"}
    stored = {"trial": number, "value": value, "state": state, "params": params}
    return stored | {"trees": 30, "seconds": 12.0, "reported": []}


TRIALS = [trial(0, 0.5), trial(1, 0.9, "pruned"), trial(2, 0.4), trial(3, 0.6)]


def against(name, low, high):
    difference = {"estimate": (low + high) / 2, "low": low, "high": high, "level": 0.95, "samples": 200}
    return {"name": name, "average_precision": 0.51234, "difference": difference}


RECORD = {
    "trials": TRIALS,
    "best": 3,
    "importance": {"depth": 0.7, "imbalance.treatment": 0.3},
    "against": [against("base", 0.01, 0.03), against("logistic", -0.1, 0.1)],
}


def test_complete_trials_come_first_by_value():
    lines = trial_lines(TRIALS, best=3)
    assert [line.number for line in lines] == [3, 0, 2, 1]
    assert [line.is_best for line in lines] == [True, False, False, False]
    assert lines[0].settings == [("depth", "6"), ("learning_rate", "0.123"), ("imbalance.treatment", "none")]


def test_a_value_over_folds_has_its_standard_deviation():
    (line,) = trial_lines([trial(0, 0.5) | {"folds": [0.4, 0.6]}], best=0)
    assert line.value == "0.5000 ± 0.1414"


def test_a_long_search_shows_its_best_trials():
    section = section_of_trials([trial(number, number / 100) for number in range(50)])
    assert (len(section.trials), section.count) == (MAX_ROWS, 50)
    assert (section.trials[0].number, section.trials[0].is_best) == (49, True)


def test_the_plot_shows_the_best_so_far_of_complete_trials():
    plot = value_plot(TRIALS)
    points = {series.label: list(series.points) for series in plot.series}
    assert points["best so far"] == [(0, 0.5), (2, 0.5), (3, 0.6)]
    assert points["pruned, where it stopped"] == [(1, 0.9)]


def test_a_models_section_has_verdict_importance_and_simpler_models():
    section = section_of_model(RECORD)
    assert section.summary == "4 trials in 0.8 minutes, 1 of them pruned"
    assert "is significantly better than the one it started from" in section.verdict
    assert [(line.name, line.result) for line in section.against] == [
        ("The recipe it started from", "significantly better"),
        ("Logistic regression", "no significant difference"),
    ]
    assert section.against[0].difference == "+0.0200 (+0.0100 to +0.0300)"
    importance = section.plots[1].series[0].points
    assert list(importance) == [("Maximum tree depth", 0.7), ("Treatment of imbalance", 0.3)]


def test_nothing_is_shown_without_a_search():
    assert section_of_model(None) is None
    assert section_of_trials([]) is None
    assert section_of_model(RECORD | {"importance": {}}).plots[1].empty
