"""The outcome of a calibrated score."""

from collections.abc import Mapping, Sequence

from scoring.catalog.outcomes import BASIC_OUTCOMES


def outcome_of(
    score: float, thresholds: Mapping[str, float], outcomes: Sequence[str] = BASIC_OUTCOMES
) -> str:
    """The most severe outcome whose threshold a calibrated probability reaches; else the mildest.

    `thresholds`: the lowest score of each outcome, such as `{"review": 0.2, "block": 0.8}`; an outcome
    without one is never given because of a score. `outcomes`: the event type's, the mildest first.
    """
    for outcome in reversed(outcomes):
        if (threshold := thresholds.get(outcome)) is not None and score >= threshold:
            return outcome
    return outcomes[0]
