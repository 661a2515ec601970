"""The heads of a model version as a table: how good each is, and what another threshold would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.admin_kit import formatting
from scoring.admin_kit.outcomes import outcome_color, outcome_text
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.registry import all_outcomes, event_types
from scoring.registry.models import ModelVersion

TRIED = (0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05)  # thresholds whose effect is shown
NOTHING = "-"


@dataclass(frozen=True)
class ThresholdRow:
    """What one threshold separates, in words. `name`: the outcome whose threshold it is, "" for another."""

    threshold: str
    precision: str
    recall: str
    alarms: str
    name: str = ""


@dataclass(frozen=True)
class PolicyRow:
    """A policy's head: its figures in words, precision against recall, and thresholds with what they do."""

    title: str
    positives: int
    rows: int
    average_precision: str
    chance: str
    outcomes: Sequence[ThresholdRow]
    moves: Sequence[ThresholdRow]
    plot: Plot


def policy_rows(version: ModelVersion) -> list[PolicyRow]:
    """The heads in the order of the catalog; none of a version without heads."""
    titles = _titles(version.event_type)
    found = version.metrics.get("policies", {})
    order = [*(name for name in titles if name in found), *(name for name in found if name not in titles)]
    return [_row(titles.get(name, name), found[name], event_type=version.event_type) for name in order]


def policy_row(version: ModelVersion, name: str) -> PolicyRow | None:
    """The head of a policy; None if the version has none for it."""
    found = version.metrics.get("policies", {})
    if name not in found:
        return None
    title = _titles(version.event_type).get(name, name)
    return _row(title, found[name], event_type=version.event_type)


def policies_without_head(version: ModelVersion) -> list[tuple[str, str]]:
    """(title, why) of the policies for which the version has no head."""
    titles = _titles(version.event_type)
    return [(titles.get(name, name), why) for name, why in version.metrics.get("without_head", {}).items()]


def _titles(event_type: str) -> dict[str, str]:
    kind = event_types().get(event_type)
    return {policy.name: policy.title or policy.name for policy in kind.policies} if kind else {}


def _row(title: str, head: Mapping[str, Any], *, event_type: str) -> PolicyRow:
    return PolicyRow(
        title=title,
        positives=head["positives"],
        rows=head["rows"],
        average_precision=_with_interval(head["average_precision"], head["interval"]),
        chance=formatting.decimal_text(head["chance"], 2),
        outcomes=[_at(name, head) for name in all_outcomes() if name in head["thresholds"]],
        moves=[row for threshold in TRIED if (row := _move(threshold, head["curve"]))],
        plot=_plot(title, head, event_type=event_type),
    )


def _with_interval(value: float | None, interval: Mapping[str, float] | None) -> str:
    if value is None or interval is None:
        return NOTHING
    return f"{value:.2f} ({interval['low']:.2f} to {interval['high']:.2f})"


def _at(name: str, head: Mapping[str, Any]) -> ThresholdRow:
    """What the threshold of an outcome does, with intervals."""
    threshold, at = head["thresholds"][name], head["at"][name]
    if threshold > 1:
        return ThresholdRow("never", NOTHING, NOTHING, NOTHING, name)
    return ThresholdRow(
        formatting.percent_text(threshold),
        _share(at["precision"], at["precision_interval"]),
        _share(at["recall"], at["recall_interval"]),
        _a_day(at["alarms_a_day"]),
        name,
    )


def _share(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None or interval is None:
        return NOTHING
    low, high = (formatting.percent_text(bound) for bound in interval)
    return f"{formatting.percent_text(value)} ({low} to {high})"


def _a_day(alarms: float | None) -> str:
    return NOTHING if alarms is None else f"{alarms:,.1f}"


def _move(threshold: float, curve: Sequence[Sequence[float]]) -> ThresholdRow | None:
    """What a threshold would do: the last point of the curve whose score reaches it."""
    reached = [point for point in curve if point[0] >= threshold]
    if not reached:
        return None
    _, recall, precision, alarms = reached[-1]
    return ThresholdRow(
        formatting.percent_text(threshold),
        formatting.percent_text(precision),
        formatting.percent_text(recall),
        _a_day(alarms),
    )


def _plot(title: str, head: Mapping[str, Any], *, event_type: str) -> Plot:
    line = Series(
        "precision", [(recall, precision) for _, recall, precision, _ in head["curve"]], color="series-1"
    )
    marks = [
        Series(
            outcome_text(name, event_type),
            [(at["recall"], at["precision"])],
            color=outcome_color(name),
            kind="dots",
        )
        for name, at in head["at"].items()
        if at["precision"] is not None and at["recall"] is not None
    ]
    return Plot(
        f"{title}: precision against recall",
        Axis("Recall", "percent", 0, 1),
        Axis("Precision", "percent", 0, 1),
        [line, *marks] if head["curve"] else [],
        summary=f"Precision against recall of {title} as the threshold falls; dots: the model's.",
        empty_text="No held-out event broke this policy.",
    )
