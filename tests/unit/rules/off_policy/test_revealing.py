"""Which decisions show what their event was, and with which probability."""

import doctest
from math import nan

import numpy as np
import pytest

from scoring.rules.off_policy import revealing
from scoring.rules.off_policy.revealing import propensity_if_let_through, reveal


@pytest.mark.parametrize(
    ("case", "given", "expected"),
    [
        ("let through by exploration", (False, False, 0.02, 0.0), (True, 0.02)),
        ("allowed, mature without a label", (False, False, nan, 0.0), (True, 1.0)),
        ("reviewed and labeled", (False, True, nan, 0.0), (True, 1.0)),
        ("blocked, was not drawn", (True, False, nan, 0.02), (False, 0.02)),
        ("blocked, was not drawn, labeled all the same", (True, True, nan, 0.02), (False, 0.02)),
        ("blocked for certain, labeled by the customer", (True, True, nan, 0.0), (True, 1.0)),
        ("blocked for certain, nothing known", (True, False, nan, 0.0), (False, 0.0)),
    ],
)
def test_what_a_decision_reveals(
    case: str, given: tuple[bool, bool, float, float], expected: tuple[bool, float]
) -> None:
    blocked, labeled, let_through, propensity = (np.array([each]) for each in given)
    revealed, found = reveal(blocked=blocked, labeled=labeled, let_through=let_through, propensity=propensity)
    assert (bool(revealed[0]), float(found[0])) == expected, case


def test_only_what_was_drawn_and_not_stopped_was_let_through() -> None:
    logged = {"share": 0.1, "drawn": True, "propensity": 0.1, "stopped_by": ""}
    assert propensity_if_let_through({"exploration": logged}) == 0.1
    for other in ({**logged, "drawn": False}, {**logged, "stopped_by": "amount_cap", "propensity": 0.0}):
        assert np.isnan(propensity_if_let_through({"exploration": other}))
    assert np.isnan(propensity_if_let_through({}))


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(revealing).failed == 0
