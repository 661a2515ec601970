"""Criteria of gates: what is allowed, how they are logged, compared and worded."""

from dataclasses import replace
from typing import Any

import pytest

from scoring.learning.gates.checks import judge
from scoring.learning.gates.criteria import (
    AUC,
    AVERAGE_PRECISION,
    CALIBRATION,
    CHAMPION,
    CHECKS,
    DEFAULT_CRITERIA,
    LATENCY,
    REVIEWS,
    ROWS,
    SIZE,
    Comparison,
    Gate,
    check_gate,
    criterion_text,
    differences,
)
from scoring.learning.gates.errors import GateInvalid
from scoring.learning.promotion.gate import failed_checks, not_overridable
from tests.unit.learning.gates.test_checks import ALONE, GOOD, beside


def gate_with(check: str, **changes: Any) -> Gate:
    """The default gate, at version 3, with a changed criterion."""
    changed = [replace(each, **changes) if each.check == check else each for each in DEFAULT_CRITERIA]
    return Gate(3, tuple(changed))


def checks_by(gate: Gate, *, comparison: Any = ALONE, **metrics: Any) -> list[dict[str, Any]]:
    return judge(
        metrics=GOOD | {"roc_auc": 0.95, "artifact_bytes": 3_000_000} | metrics,
        comparison=comparison,
        lineage={},
        reviews_a_day=100,
        feature_set="f" * 64,
        declared="f" * 64,
        gate=gate,
    )


@pytest.mark.parametrize(
    ("what", "gate", "comparison", "expected"),
    [
        ("the defaults", Gate(), ALONE, []),
        ("more events", gate_with(ROWS, limit=2_001.0), ALONE, [ROWS]),
        ("just as many", gate_with(ROWS, limit=2_000.0), ALONE, []),
        ("worse than the champion", Gate(), beside(-0.2, -0.01), [CHAMPION]),
        ("within its tolerance", gate_with(CHAMPION, tolerance=0.01), beside(-0.2, -0.01), []),
        ("no check of the champion", gate_with(CHAMPION, on=False), beside(-0.2, -0.01), []),
        ("stricter calibration", gate_with(CALIBRATION, limit=0.0, tolerance=0.4), ALONE, [CALIBRATION]),
        ("no margin of reviews", gate_with(REVIEWS, tolerance=0.8), ALONE, [REVIEWS]),
        ("faster", gate_with(LATENCY, limit=0.7), ALONE, [LATENCY]),
        ("a floor", gate_with(AVERAGE_PRECISION, on=True, limit=0.61), ALONE, [AVERAGE_PRECISION]),
        ("a floor that it reaches", gate_with(AVERAGE_PRECISION, on=True, limit=0.6), ALONE, []),
        ("a floor of ROC AUC", gate_with(AUC, on=True, limit=0.96), ALONE, [AUC]),
        ("a smaller artifact", gate_with(SIZE, on=True, limit=2.9), ALONE, [SIZE]),
        ("as large as allowed", gate_with(SIZE, on=True, limit=3.0), ALONE, []),
    ],
)  # fmt: skip
def test_a_gate_decides_what_fails(what: str, gate: Gate, comparison: Any, expected: list[str]) -> None:
    checks = checks_by(gate, comparison=comparison)
    assert failed_checks(checks) == expected, what
    assert {check["gate"] for check in checks} == {gate.version}


def test_a_metric_that_could_not_be_computed_does_not_reach_its_floor() -> None:
    assert failed_checks(checks_by(gate_with(AUC, on=True), roc_auc=None)) == [AUC]


def test_the_group_of_a_criterion_may_override_it_alone() -> None:
    checks = checks_by(gate_with(ROWS, limit=9_000.0, override="lead"), latency_ms=0.8)
    assert not_overridable(checks, ["lead", "analyst"]) == []
    assert not_overridable(checks, ["analyst"]) == [ROWS]
    assert not_overridable(checks, []) == [ROWS]
    slow = checks_by(gate_with(ROWS, limit=9_000.0, override="lead"), latency_ms=80.0)
    assert not_overridable(slow, ["lead"]) == [LATENCY]
    assert not_overridable(checks_by(Gate(), latency_ms=80.0), [""]) == [LATENCY]


@pytest.mark.parametrize(
    ("gate", "problem"),
    [
        (Gate(criteria=()), "must have one criterion each for held-out events, "),
        (gate_with(ROWS, limit=-1.0), "held-out events: the limit must be 0 or more, not -1"),
        (gate_with(ROWS, limit=None), "held-out events: needs a limit"),
        (gate_with(REVIEWS, tolerance=float("inf")), "review rate: the tolerance must be 0 or more, not inf"),
        (gate_with(LATENCY, comparison=Comparison.AT_LEAST), "latency: must be compared by 'at most'"),
        (gate_with(LATENCY, override="x" * 151), "latency: a group's name has at most 150 characters"),
    ],
)
def test_what_is_not_allowed_is_named(gate: Gate, problem: str) -> None:
    with pytest.raises(GateInvalid) as refused:
        check_gate("payment", gate)
    assert problem in str(refused.value)


def test_a_gate_is_logged_whole() -> None:
    gate = gate_with(LATENCY, limit=5.0, override="lead")
    check_gate("payment", gate)
    assert Gate.of(gate.as_data(), version=3) == gate
    assert tuple(each["check"] for each in gate.as_data()) == CHECKS


def test_differences_are_worded() -> None:
    changed = gate_with(LATENCY, limit=5.0, override="lead")
    assert differences(Gate(), changed) == [(LATENCY, "at most 10 ms", "at most 5 ms; lead may override")]
    assert differences(changed, changed) == []
    assert (
        criterion_text(Gate().criterion(CALIBRATION)) == "at most 0.01 plus 0.5 times the share of positives"
    )
    assert criterion_text(Gate().criterion(REVIEWS)) == "at most 1.5 times the review capacity"
    assert criterion_text(Gate().criterion(CHAMPION)) == "not significantly below the champion"
    assert criterion_text(Gate().criterion(SIZE)) == "off"
