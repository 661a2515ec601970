"""The outcome of a calibrated score."""

from collections.abc import Mapping


def outcome_of(score: float, thresholds: Mapping[str, float]) -> str:
    """The outcome of a calibrated probability under `{"review": ..., "block": ...}`, both inclusive."""
    if score >= thresholds["block"]:
        return "block"
    return "review" if score >= thresholds["review"] else "allow"
