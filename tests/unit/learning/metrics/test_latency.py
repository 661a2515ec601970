from types import SimpleNamespace

import numpy as np
import pytest

from scoring.explain.treeshap import LibraryExplainer
from scoring.learning.metrics import latency


@pytest.mark.parametrize("rows", [3, 500])
def test_it_is_the_median_in_milliseconds_of_single_rows_two_hundred_at_most(monkeypatch, rows):
    """The clock is made up: explaining the first row takes a second, each other row 3 ms."""
    now, seen = [0.0], []

    def explain(X):
        seen.append(X.tolist())
        now[0] += 1.0 if len(seen) == 1 else 0.003

    monkeypatch.setattr(latency, "perf_counter", lambda: now[0])
    monkeypatch.setattr(latency, "load_booster", lambda content, *, threads: (content, threads))
    monkeypatch.setattr(latency, "explainer_for", lambda booster: SimpleNamespace(explain=explain))
    X = np.arange(rows, dtype=float)[:, None]
    assert latency.measure_latency(SimpleNamespace(booster=b""), X) == (pytest.approx(3.0), "")
    assert seen == X[:200, None].tolist()


def test_a_model_without_tables_says_why_it_has_none(monkeypatch):
    explainer = LibraryExplainer(SimpleNamespace(), "its trees are too deep")
    monkeypatch.setattr(latency, "load_booster", lambda content, *, threads: content)
    monkeypatch.setattr(latency, "explainer_for", lambda booster: explainer)
    monkeypatch.setattr(LibraryExplainer, "explain", lambda self, X: None)
    measured = latency.measure_latency(SimpleNamespace(booster=b""), np.zeros((2, 1)))
    assert measured.why_no_tables == "its trees are too deep"
