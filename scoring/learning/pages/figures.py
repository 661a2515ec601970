"""A model version as its page shows it: metrics beside the champion's, plots, lineage, history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from scipy.stats import binomtest

from scoring.admin_kit import formatting
from scoring.admin_kit.plots import Axis, Plot, Series
from scoring.catalog.registry import event_type
from scoring.learning.dataset.outliers import outlier_sentences
from scoring.log.entries import Entry
from scoring.registry.models import FeatureSetVersion, ModelVersion
from scoring.timestamps import from_iso

HIGHER, LOWER = 1, -1  # which of two values of a metric is better
VERDICT_TONES = {"surely better": "good", "surely worse": "bad", "no sure difference": "neutral"}


@dataclass(frozen=True)
class Metric:
    """A figure of `ModelVersion.metrics`, in words, and how it is written."""

    key: str
    name: str
    meaning: str
    better: int
    percent: bool = False

    def text(self, metrics: Mapping[str, Any] | None) -> str:
        value = (metrics or {}).get(self.key)
        return formatting.percent_text(value) if self.percent else formatting.decimal_text(value, 4)


METRICS = (
    Metric(
        "average_precision",
        "Average precision",
        "How pure the list is down to the last {positive}; a random order has the share of {positive}.",
        HIGHER,
    ),
    Metric(
        "roc_auc",
        "ROC AUC",
        "How often a random {positive} event scores above a random other one; 0.5 is chance.",
        HIGHER,
    ),
    Metric(
        "precision_at_100_a_day",
        "Precision at 100 a day",
        "If people looked at the 100 highest scores of each day, this share would be {positive}.",
        HIGHER,
        percent=True,
    ),
    Metric(
        "recall_at_1pct_false_positives",
        "Recall at 1 % false alarms",
        "The share of all {positive} that is caught while 1 in 100 others is bothered.",
        HIGHER,
        percent=True,
    ),
    Metric(
        "precision_at_review",
        "Precision of reviews and blocks",
        "Of the events at or above the review threshold, the share that is {positive}.",
        HIGHER,
        percent=True,
    ),
    Metric(
        "recall_at_review",
        "Recall of reviews and blocks",
        "Of all {positive}, the share at or above the review threshold.",
        HIGHER,
        percent=True,
    ),
    Metric(
        "precision_at_block",
        "Precision of blocks",
        "Of the events it blocks, the share that is {positive}.",
        HIGHER,
        percent=True,
    ),
    Metric(
        "recall_at_block",
        "Recall of blocks",
        "Of all {positive}, the share that it blocks.",
        HIGHER,
        percent=True,
    ),
    Metric("brier", "Brier score", "Mean squared distance of the score from what happened.", LOWER),
    Metric(
        "calibration_error",
        "Calibration error",
        "How far scores lie from the share of {positive} at those scores.",
        LOWER,
    ),
)


@dataclass(frozen=True)
class MetricRow:
    """One line of the table; `verdict` is "better", "worse", "same" or "" where nothing is compared.

    Of the metric with an interval it is what that says, and `tone` is its color.
    """

    name: str
    meaning: str
    value: str
    champion: str
    verdict: str
    tone: str = ""


def metric_rows(version: ModelVersion) -> list[MetricRow]:
    """The metrics of a version beside those of the champion on the same events."""
    return [_metric_row(metric, version) for metric in METRICS]


def _metric_row(metric: Metric, version: ModelVersion) -> MetricRow:
    value, other = version.metrics, version.comparison.get("champion_metrics") or {}
    row = MetricRow(
        name=metric.name,
        meaning=metric.meaning.format(positive=positive_of(version)),
        value=metric.text(value),
        champion=metric.text(other),
        verdict=compare_values(value.get(metric.key), other.get(metric.key), better=metric.better),
    )
    difference = version.comparison.get("difference")
    if metric.key != "average_precision" or difference is None:
        return row
    verdict = verdict_of(difference)
    return replace(row, verdict=verdict, tone=VERDICT_TONES[verdict])


def positive_of(version: ModelVersion) -> str:
    """What the catalog calls the events that the model looks for: "fraud"."""
    return event_type(version.event_type).labels.positive


def compare_values(value: float | None, other: float | None, *, better: int) -> str:
    """Which of the two is better, as written with four digits."""
    if value is None or other is None:
        return ""
    difference = round(value - other, 4) * better
    return "same" if difference == 0 else ("better" if difference > 0 else "worse")


def difference_in_words(comparison: Mapping[str, Any]) -> str:
    """What the interval of the difference of average precision allows to say."""
    difference = comparison.get("difference")
    if difference is None:
        return ""
    return (
        f"Average precision differs by {difference_text(difference)}, at {100 * difference['level']:.0f} %:"
        f" {verdict_of(difference)}."
    )


def verdict_of(difference: Mapping[str, Any]) -> str:
    """What an interval allows to say of a difference."""
    if difference["low"] > 0:
        return "surely better"
    return "surely worse" if difference["high"] < 0 else "no sure difference"


def difference_text(difference: Mapping[str, Any] | None) -> str:
    """ "+0.0120 (-0.0020 to +0.0260)"."""
    if difference is None:
        return formatting.NO_VALUE
    return f"{difference['estimate']:+.4f} ({difference['low']:+.4f} to {difference['high']:+.4f})"


def curve_plots(version: ModelVersion) -> list[Plot]:
    """ROC, precision and recall, calibration: the version's, and the champion's where it was compared."""
    curves = version.comparison.get("curves", {})
    names = {"candidate": version.name, "champion": str(version.comparison.get("champion"))}
    positive = positive_of(version)
    return [
        _roc(curves, names, positive),
        _precision_recall(curves, names, positive, base_rate=version.metrics["base_rate"]),
        _calibration(curves, names, positive),
    ]


def lineage_rows(version: ModelVersion) -> list[tuple[str, str]]:
    """Where the version comes from: name and value."""
    lineage = version.lineage
    libraries = ", ".join(f"{name} {number}" for name, number in lineage["libraries"].items())
    counts = (
        f"{lineage['rows']:,}, of them {lineage['positives']:,} positive and"
        f" {lineage['inferred_negatives']:,} negative because nobody said otherwise in time"
    )
    return [
        (
            "Events and labels until",
            f"{version.as_of:%Y-%m-%d %H:%M} UTC, log position {lineage['log_position']:,}",
        ),
        ("Events from", _first_event(lineage)),
        ("Labels mature after", f"{lineage['matures_after_days']:g} days"),
        ("Events learnt from", counts),
        ("Outliers left out", "; ".join(outlier_sentences(lineage.get("outliers"))) or "none"),
        ("Slices cut by", lineage.get("cut_by", "share of the time span")),
        ("Parent", lineage["parent"] or "none: no model decided then"),
        ("Feature set", _set_text(version)),
        ("Code", lineage["code"][:16]),
        ("Libraries", libraries),
        ("Artifact (SHA-256)", version.artifact),
    ]


def _first_event(lineage: Mapping[str, Any]) -> str:
    since = lineage.get("since")
    return (
        f"{from_iso(since):%Y-%m-%d %H:%M} UTC on; earlier ones were left out"
        if since
        else "the first one on"
    )


def _set_text(version: ModelVersion) -> str:
    """The set by the number and digest that its own page shows, then with the model's categories."""
    declared = str(version.lineage.get("declared_set", ""))
    found = FeatureSetVersion.objects.filter(event_type=version.event_type, digest=declared)
    number = found.values_list("number", flat=True).first()
    named = f"set {number} ({declared[:12]}), " if number else ""
    return f"{named}with the categories of its training {version.feature_set[:12]}"


def parameter_rows(version: ModelVersion) -> list[tuple[str, str]]:
    """Every parameter of the recipe; nested ones by their path."""
    return [(name.replace("_", " "), str(value)) for name, value in _flat(version.parameters)]


@dataclass(frozen=True)
class Happening:
    """An entry of the log as a line of a version's history."""

    at: datetime
    actor: str
    what: str
    note: str = ""


def history_of(version: ModelVersion, own: Sequence[Entry], route: Sequence[Entry]) -> list[Happening]:
    """What happened to a version, newest first: the entries of its stream and its arms in the route's."""
    said = [(entry.position, _own_happening(entry)) for entry in own]
    said += _route_happenings(version.name, route)
    return [happening for _, happening in sorted(said, key=itemgetter(0), reverse=True)]


def _own_happening(entry: Entry) -> Happening:
    data = entry.data
    actor = data.get("by") or data.get("trained_by") or entry.metadata.get("actor", "")
    if entry.type == "model.checked":
        passed = sum(check["passed"] for check in data["checks"])
        return Happening(entry.recorded_at, "the gate", f"checked: {passed} of {len(data['checks'])} passed")
    what = entry.type.removeprefix("model.")
    if failed := data.get("failed_checks"):
        what += (
            f" in spite of {', '.join(failed)}" if what == "approved" else f"; it failed {', '.join(failed)}"
        )
    return Happening(entry.recorded_at, actor, what, data.get("note", ""))


def _route_happenings(name: str, route: Sequence[Entry]) -> list[tuple[int, Happening]]:
    """The changes of the version's own arm, each with its position in the log."""
    happenings, before = [], None
    for entry in route:
        arm = next((arm for arm in entry.data["arms"] if arm["model"] == name), None)
        now = (arm["role"], arm["share"]) if arm else None
        if now != before:
            actor = entry.metadata.get("actor", "")
            reason = entry.data["reason"]
            note = "" if now and reason.startswith(now[0]) else reason  # "canary of 10 %" says it twice
            said = Happening(entry.recorded_at, actor, _arm_in_words(now), note)
            happenings.append((entry.position, said))
        before = now
    return happenings


def _arm_in_words(arm: tuple[str, float] | None) -> str:
    if arm is None:
        return "taken out of the route"
    role, share = arm
    return f"{role} of {formatting.percent_text(share, 0 if share in (0, 1) else 1)} of the traffic"


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in parameters.items():
        rows += _flat(value, f"{prefix}{name}: ") if isinstance(value, dict) else [(prefix + name, value)]
    return rows


def _lines(curves: Mapping[str, Any], names: Mapping[str, str], kind: str) -> list[Series]:
    colors = {"candidate": "series-1", "champion": "series-2"}
    return [
        Series(names[who], [(x, y) for x, y, *_ in curves[who][kind]], color=colors[who])
        for who in colors
        if who in curves
    ]


def _roc(curves: Mapping[str, Any], names: Mapping[str, str], positive: str) -> Plot:
    chance = Series("chance", [(0, 0), (1, 1)], color="muted", dashed=True)
    lines = _lines(curves, names, "roc")
    return Plot(
        "ROC: caught against bothered",
        Axis("Others bothered", "percent", 0, 1),
        Axis(f"{positive.capitalize()} caught", "percent", 0, 1),
        [*lines, chance] if lines else [],
        summary="Recall against the false positive rate as the threshold falls.",
    )


def _precision_recall(
    curves: Mapping[str, Any], names: Mapping[str, str], positive: str, *, base_rate: float
) -> Plot:
    chance = Series("chance", [(0, base_rate), (1, base_rate)], color="muted", dashed=True)
    lines = _lines(curves, names, "pr")
    return Plot(
        f"Precision for the {positive} caught",
        Axis(f"{positive.capitalize()} caught", "percent", 0, 1),
        Axis(f"Alarms that are {positive}", "percent", 0, 1),
        [*lines, chance] if lines else [],
        summary="Precision against recall as the threshold falls.",
    )


def _calibration(curves: Mapping[str, Any], names: Mapping[str, str], positive: str) -> Plot:
    exact = Series("exact", [(0, 0), (1, 1)], color="muted", dashed=True)
    lines = _lines(curves, names, "calibration")
    if lines:
        lines[0] = _with_band(lines[0], curves["candidate"]["calibration"])
    return Plot(
        "Calibration: said and happened",
        Axis("Mean score of the bin", "percent", 0, 1),
        Axis(f"Share that was {positive}", "percent", 0, 1),
        [*lines, exact] if lines else [],
        summary=f"Observed share of {positive} against the mean score, in 15 bins of equal width; the band is"
        " the 95 % interval.",
    )


def _with_band(series: Series, bins: Sequence[Sequence[float]]) -> Series:
    """The series with the 95 % Wilson interval of each bin's share, which is wide where events are few."""
    intervals = [
        binomtest(round(share * rows), int(rows)).proportion_ci(method="wilson") for _, share, rows in bins
    ]
    return replace(
        series,
        low=[float(interval.low) for interval in intervals],
        high=[float(interval.high) for interval in intervals],
    )
