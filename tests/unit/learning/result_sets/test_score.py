from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scoring.learning.result_sets.score import _Scorer, severities_of
from scoring.rules.policies.thresholds import outcome_of

OUTCOMES = ("allow", "review", "block")
shares = st.floats(0, 1)


@given(
    scores=st.lists(shares, max_size=20),
    thresholds=st.dictionaries(st.sampled_from(OUTCOMES[1:]), st.sampled_from([0.0, 0.2, 0.5, 1.0])),
)
def test_the_outcomes_of_many_scores_are_those_of_each(scores, thresholds) -> None:
    severities = severities_of(np.array(scores), thresholds, OUTCOMES)
    assert [OUTCOMES[place] for place in severities] == [
        outcome_of(score, thresholds, OUTCOMES) for score in scores
    ]


def test_the_outcome_is_the_strictest_of_the_model_and_its_heads() -> None:
    spam = SimpleNamespace(thresholds={"review": 0.3, "block": 0.8})
    model: Any = SimpleNamespace(
        event_type="payment", thresholds={"review": 0.5, "block": 0.9}, heads={"spam": spam}
    )
    nothing: Any = None
    found = _Scorer(model, nothing, explanations=False)._outcomes_of(
        np.array([0.1, 0.6, 0.95, 0.1, 0.6]), {"spam": np.array([0.1, 0.1, 0.1, 0.3, 0.8])}
    )
    assert found.to_pylist() == ["allow", "review", "block", "review", "block"]
