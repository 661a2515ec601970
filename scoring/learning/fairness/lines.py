"""Slices and fairness as text tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

METRICS = {
    "average_precision": "AP",
    "recall_at_{at}": "recall",
    "precision_at_{at}": "precision",
    "false_positive_rate_at_{at}": "FPR",
    "flagged_at_{at}": "flagged",
    "calibration": "calibration",
}
WIDTH = 28


def slice_lines(stored: Mapping[str, Any]) -> list[str]:
    """Each field's slices at each threshold and its fairness gaps; nothing without slices."""
    return [line for each in stored.get("fields", ()) for line in _field_lines(each, stored["thresholds"])]


def _field_lines(each: Mapping[str, Any], thresholds: Sequence[str]) -> list[str]:
    lines = []
    for at in thresholds:
        head = f"{each['field']} at {at}"
        lines += ["", f"{head:<34}{'events':>9}{'positive':>9}" + _cells(METRICS.values())]
        lines += [_slice_line(part, at) for part in each["slices"]]
    return [*lines, "", *(_gap_line(gap) for gap in each["fairness"])]


def _slice_line(part: Mapping[str, Any], at: str) -> str:
    found = [part["metrics"].get(key.format(at=at)) for key in METRICS]
    counts = f"{part['rows']:>9,}{part['positives']:>9,}"
    return f"  {part['name']:<32}{counts}" + _cells(_interval(each) for each in found)


def _cells(texts: Any) -> str:
    return "".join(f"{text:>{WIDTH}}" for text in texts)


def _interval(measured: Mapping[str, float | None] | None) -> str:
    if measured is None or measured["value"] is None:
        return "-"
    return f"{measured['value']:.4f} [{measured['low']:.4f}, {measured['high']:.4f}]"


def _gap_line(gap: Mapping[str, Any]) -> str:
    at = f" at {gap['at']}" if gap["at"] else ""
    result = "more than chance" if gap["beyond_chance"] else "within chance"
    name = gap["criterion"].replace("_", " ")
    return f"  {name + at:<32}{_interval(gap['difference'])}  {between(gap)}: {result}"


def between(gap: Mapping[str, Any]) -> str:
    """The two slices of a gap, as in "US above DE"; there are none if all slices have the same rate."""
    equal = gap["highest"] == gap["lowest"]
    return "all slices alike" if equal else f"{gap['highest']} above {gap['lowest']}"
