"""Explanations from the record of a decision alone."""

import math

import pytest

from scoring.decisions.explanation import explain_decision
from tests.factories.log import as_read, decided, received

REASONS = [
    {
        "feature": "hour",
        "code": "HOUR",
        "text": "At 12.",
        "value": 12345.6,
        "usual": None,
        "contribution": 0.1,
    },
    {
        "feature": "mcc",
        "code": "MCC",
        "text": "A shop.",
        "value": "5411",
        "usual": 0.25,
        "contribution": -0.7,
    },
]


def told_without_a_model(**data: object):
    event = as_read(received("T-1"))
    return explain_decision(
        as_read(decided(event, score=None, margin=None, model="", reasons=REASONS, **data))
    )


def test_recorded_reasons_are_ordered_by_size() -> None:
    told = told_without_a_model(basis="no_model", cause="")
    assert [(part.feature, part.value, part.usual, part.contribution) for part in told.contributions] == [
        ("mcc", "5411", "0.25", -0.7),
        ("hour", "1.235e+04", "", 0.1),
    ]
    assert all(math.isnan(part.odds) for part in told.contributions)
    assert (told.complete, told.score, told.bias) == (False, None, None)


@pytest.mark.parametrize(
    ("basis", "cause", "why"),
    [
        (
            "fallback",
            "model_failed",
            "No model scored this event (model failed); the failure policy decided.",
        ),
        ("no_model", "", "No model was deployed yet; the policy of the event type decided."),
    ],
)
def test_the_explanation_says_which_policy_decided(basis: str, cause: str, why: str) -> None:
    assert told_without_a_model(basis=basis, cause=cause).why_not == why
