"""The automatic checks of a new model version, by the criteria of its event type's gate. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scoring.learning.gates.criteria import (
    AUC,
    AVERAGE_PRECISION,
    CALIBRATION,
    CHAMPION,
    LATENCY,
    POSITIVES,
    REVIEWS,
    ROWS,
    SIZE,
    Criterion,
    Gate,
)


@dataclass(frozen=True)
class Check:
    """The result of one automatic check: the value found and what is allowed.

    `override`: the group whose members may approve the version although it failed, "" for none.
    """

    name: str
    sentence: str
    value: float | str | None
    allowed: str
    passed: bool
    override: str = ""


def judge(
    *,
    metrics: Mapping[str, Any],
    comparison: Mapping[str, Any],
    lineage: Mapping[str, Any],
    reviews_a_day: int,
    feature_set: str,
    declared: str,
    why_no_tables: str = "",
    gate: Gate | None = None,
) -> list[dict[str, Any]]:
    """The checks of a model as stored: the fields of `Check`, and "gate", the version of the gate.

    `feature_set` is the model's, `declared` the one that this code computes; `reviews_a_day` the review
    capacity for which thresholds were chosen. `why_no_tables`: why the model cannot be explained from tables,
    "" if it can. `gate`: that of the event type, the default one unless given; its version is stored.
    """
    gate = gate or Gate()
    found = {
        ROWS: check_rows(metrics, gate.criterion(ROWS)),
        POSITIVES: check_positives(metrics, gate.criterion(POSITIVES)),
        CHAMPION: check_against_champion(comparison, gate.criterion(CHAMPION)),
        CALIBRATION: check_calibration(metrics, gate.criterion(CALIBRATION)),
        REVIEWS: check_reviews(metrics, reviews_a_day, gate.criterion(REVIEWS)),
        LATENCY: check_latency(metrics, gate.criterion(LATENCY), why_no_tables=why_no_tables),
        AVERAGE_PRECISION: check_floor(metrics, "average_precision", gate.criterion(AVERAGE_PRECISION)),
        AUC: check_floor(metrics, "roc_auc", gate.criterion(AUC)),
        SIZE: check_size(metrics, gate.criterion(SIZE)),
    }
    checks = [
        *(found[each.check] for each in gate.criteria if each.on),
        check_against_chance(metrics),
        check_features(feature_set, declared),
        check_labels(lineage),
        *(check_head(name, head) for name, head in metrics.get("policies", {}).items()),
    ]
    return [{**asdict(check), "gate": gate.version} for check in checks]


def check_rows(metrics: Mapping[str, Any], criterion: Criterion) -> Check:
    rows, limit = int(metrics["rows"]), criterion.limit or 0
    sentence = f"It was evaluated on {rows:,} events that it had not seen."
    return Check(ROWS, sentence, rows, f"at least {limit:,g}", rows >= limit, criterion.override)


def check_positives(metrics: Mapping[str, Any], criterion: Criterion) -> Check:
    found, limit = int(metrics["positives"]), criterion.limit or 0
    sentence = f"{found:,} of those events were positive; with few positives the metrics are unreliable."
    return Check(POSITIVES, sentence, found, f"at least {limit:,g}", found >= limit, criterion.override)


def check_against_chance(metrics: Mapping[str, Any]) -> Check:
    value, chance = metrics["average_precision"], metrics["chance_average_precision"]
    if value is None or chance is None:
        return Check(
            "better than chance", "Without positives, ranking cannot be evaluated.", None, "positives", False
        )
    sentence = f"Average precision is {value:.4f}; 99 % of random orders stay below {chance:.4f}."
    return Check("better than chance", sentence, value, f"above {chance:.4f}", value > chance)


def no_champion_then(event_type: str) -> str:
    """Why a first model is not compared: true also when it decides itself."""
    return f"no model decided {event_type} events when this one was trained"


def check_against_champion(comparison: Mapping[str, Any], criterion: Criterion) -> Check:
    """Fails only if the whole interval of the difference is below minus the tolerance."""
    name, difference = CHAMPION, comparison["difference"]
    if difference is None:
        return Check(name, f"Not compared: {comparison['why_not']}.", None, "not significantly worse", True)
    low, high = difference["low"], difference["high"]
    sentence = (
        f"Average precision differs from {comparison['champion']}'s on the same events by"
        f" {difference['estimate']:+.4f} ({low:+.4f} to {high:+.4f})."
    )
    lowest = -criterion.tolerance if criterion.tolerance else 0
    allowed = f"interval not entirely below {lowest:g}"
    return Check(name, sentence, difference["estimate"], allowed, high >= lowest, criterion.override)


def check_calibration(metrics: Mapping[str, Any], criterion: Criterion) -> Check:
    value = metrics["calibration_error"]
    allowed = (criterion.limit or 0) + criterion.tolerance * metrics["base_rate"]
    sentence = f"Scores and observed rates differ by {value:.4f} on average."
    return Check(CALIBRATION, sentence, value, f"at most {allowed:.4f}", value <= allowed, criterion.override)


def check_reviews(metrics: Mapping[str, Any], reviews_a_day: int, criterion: Criterion) -> Check:
    value, allowed = metrics["reviews_a_day"], reviews_a_day * criterion.tolerance
    sentence = (
        f"Its thresholds send {value:,.0f} events a day to review; the capacity is {reviews_a_day:,},"
        " plus a margin for busier days."
    )
    return Check(
        REVIEWS, sentence, value, f"at most {allowed:,.0f} a day", value <= allowed, criterion.override
    )


def check_latency(metrics: Mapping[str, Any], criterion: Criterion, *, why_no_tables: str = "") -> Check:
    """Warns of a model that only XGBoost can explain: it may be fast enough to pass but slows a busy lane."""
    value, limit = metrics["latency_ms"], criterion.limit or 0
    sentence = f"Scoring and explaining one event takes {value:.3f} ms."
    if why_no_tables:
        sentence += (
            f" Warning: the model cannot be explained from tables ({why_no_tables}), so XGBoost explains"
            f" every event: one process decides at most {1_000 / value:,.0f} events per second."
        )
    return Check(LATENCY, sentence, value, f"at most {limit:g} ms", value <= limit, criterion.override)


def check_floor(metrics: Mapping[str, Any], metric: str, criterion: Criterion) -> Check:
    """A metric that must reach the limit; one that could not be computed does not."""
    value, limit = metrics.get(metric), criterion.limit or 0
    found = "could not be computed" if value is None else f"is {value:.4f}"
    sentence = f"{criterion.check[0].upper()}{criterion.check[1:]} on held-out events {found}."
    passed = value is not None and value >= limit
    return Check(criterion.check, sentence, value, f"at least {limit:g}", passed, criterion.override)


def check_size(metrics: Mapping[str, Any], criterion: Criterion) -> Check:
    """The bytes of the artifact, which every worker loads."""
    megabytes, limit = metrics.get("artifact_bytes", 0) / 1e6, criterion.limit or 0
    sentence = f"The artifact has {megabytes:.2f} MB, which every worker holds in memory."
    passed = megabytes <= limit
    return Check(SIZE, sentence, megabytes, f"at most {limit:g} MB", passed, criterion.override)


def check_features(feature_set: str, declared: str) -> Check:
    sentence = f"It uses feature set {feature_set[:12]}; this code computes {declared[:12]}."
    return Check("features", sentence, feature_set[:12], declared[:12], feature_set == declared)


def check_labels(lineage: Mapping[str, Any]) -> Check:
    reason = lineage.get("not_promotable")
    sentence = f"It must not decide: {reason}." if reason else "It was trained on the labels as recorded."
    return Check("real labels", sentence, None, "labels that were not shuffled", not reason)


def check_head(policy: str, head: Mapping[str, Any]) -> Check:
    """A head that ranks no better than chance would only add false alarms."""
    name, value, chance = f"policy {policy}", head["average_precision"], head["chance"]
    if value is None or chance is None:
        sentence = f"No held-out event broke {policy}, so its head cannot be evaluated."
        return Check(name, sentence, None, "a broken one", False)
    sentence = f"Average precision of {policy} is {value:.4f}; 99 % of random orders stay below {chance:.4f}."
    return Check(name, sentence, value, f"above {chance:.4f}", value > chance)
