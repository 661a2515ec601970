"""The gate that a model must pass before it may decide: automatic checks, then approval by another person."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from scoring.catalog.parsing.card_numbers import mask_card_numbers
from scoring.learning.errors import AlreadyJudged, GateFailed, NoteRequired, OwnModel
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_stream
from scoring.registry.errors import UnknownModel
from scoring.registry.model_versions import known_names
from scoring.registry.models import ModelVersion

MAX_NOTE_LENGTH = 500  # characters
NEVER_CHECKED = "automatic checks (it was trained before they existed)"


@dataclass(frozen=True)
class Check:
    """The result of one automatic check: the value found and what is allowed."""

    name: str
    sentence: str
    value: float | str | None
    allowed: str
    passed: bool


@dataclass(frozen=True)
class GateLimits:
    """Limits of the checks. `calibration_part` of the base rate is allowed on top of `calibration_error`."""

    rows: int = 200
    positives: int = 20
    calibration_error: float = 0.01
    calibration_part: float = 0.5
    review_leeway: float = 1.5  # volume differs between the calibration slice and the held-out slice
    latency_ms: float = 10.0


def judge(
    *,
    metrics: Mapping[str, Any],
    comparison: Mapping[str, Any],
    lineage: Mapping[str, Any],
    reviews_a_day: int,
    feature_set: str,
    declared: str,
    why_no_tables: str = "",
    limits: GateLimits | None = None,
) -> list[dict[str, Any]]:
    """The checks of a model as stored: {"name", "sentence", "value", "allowed", "passed"} each.

    `feature_set` is the model's, `declared` the one that this code computes; `reviews_a_day` the review
    capacity for which thresholds were chosen. `why_no_tables`: why the model cannot be explained from tables,
    "" if it can.
    """
    limits = limits or GateLimits()
    checks = [
        check_rows(metrics, limits),
        check_positives(metrics, limits),
        check_against_chance(metrics),
        check_against_champion(comparison),
        check_calibration(metrics, limits),
        check_reviews(metrics, reviews_a_day, limits),
        check_latency(metrics, limits, why_no_tables=why_no_tables),
        check_features(feature_set, declared),
        check_labels(lineage),
        *(check_head(name, head) for name, head in metrics.get("policies", {}).items()),
    ]
    return [asdict(check) for check in checks]


def check_rows(metrics: Mapping[str, Any], limits: GateLimits) -> Check:
    rows = int(metrics["rows"])
    sentence = f"It was evaluated on {rows:,} events that it had not seen."
    return Check("held-out events", sentence, rows, f"at least {limits.rows:,}", rows >= limits.rows)


def check_positives(metrics: Mapping[str, Any], limits: GateLimits) -> Check:
    found = int(metrics["positives"])
    sentence = f"{found:,} of those events were positive; with few positives the metrics are unreliable."
    passed = found >= limits.positives
    return Check("held-out positives", sentence, found, f"at least {limits.positives:,}", passed)


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


def check_against_champion(comparison: Mapping[str, Any]) -> Check:
    """Fails only if the whole interval of the difference is below 0, that is, significantly worse."""
    name, difference = "no worse than the champion", comparison["difference"]
    if difference is None:
        return Check(name, f"Not compared: {comparison['why_not']}.", None, "not significantly worse", True)
    low, high = difference["low"], difference["high"]
    sentence = (
        f"Average precision differs from {comparison['champion']}'s on the same events by"
        f" {difference['estimate']:+.4f} ({low:+.4f} to {high:+.4f})."
    )
    return Check(name, sentence, difference["estimate"], "interval not entirely below 0", high >= 0)


def check_calibration(metrics: Mapping[str, Any], limits: GateLimits) -> Check:
    value = metrics["calibration_error"]
    allowed = limits.calibration_error + limits.calibration_part * metrics["base_rate"]
    sentence = f"Scores and observed rates differ by {value:.4f} on average."
    return Check("calibration", sentence, value, f"at most {allowed:.4f}", value <= allowed)


def check_reviews(metrics: Mapping[str, Any], reviews_a_day: int, limits: GateLimits) -> Check:
    value, allowed = metrics["reviews_a_day"], reviews_a_day * limits.review_leeway
    sentence = (
        f"Its thresholds send {value:,.0f} events a day to review; the capacity is {reviews_a_day:,},"
        " plus a margin for busier days."
    )
    return Check("review rate", sentence, value, f"at most {allowed:,.0f} a day", value <= allowed)


def check_latency(metrics: Mapping[str, Any], limits: GateLimits, *, why_no_tables: str = "") -> Check:
    """Warns of a model that only XGBoost can explain: it may be fast enough to pass but slows a busy lane."""
    value = metrics["latency_ms"]
    sentence = f"Scoring and explaining one event takes {value:.2f} ms."
    if why_no_tables:
        sentence += (
            f" Warning: the model cannot be explained from tables ({why_no_tables}), so XGBoost explains"
            f" every event: one process decides at most {1_000 / value:,.0f} events per second."
        )
    return Check("latency", sentence, value, f"at most {limits.latency_ms:g} ms", value <= limits.latency_ms)


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


def approve(name: str, *, actor: str, now: datetime, note: str = "", forced: bool = False) -> Entry:
    """Append `model.approved`. `forced` ignores failed checks; the note must then say why.

    Raises UnknownModel, AlreadyJudged, OwnModel, GateFailed (naming the failed checks), NoteRequired.
    """
    if forced and not note.strip():
        raise NoteRequired(name=name, judgment="approved despite failed checks")
    with transaction.atomic():
        version = _locked_candidate(name)
        if actor == version.trained_by:
            raise OwnModel(name=name, actor=actor)
        failed = failed_checks(version.checks)
        if failed and not forced:
            raise GateFailed(name=name, failed=failed)
        return _append(name, "model.approved", actor=actor, note=note, now=now, failed=failed)


def reject(name: str, *, actor: str, note: str, now: datetime) -> Entry:
    """Append `model.rejected`. Raises UnknownModel, AlreadyJudged, NoteRequired."""
    if not note.strip():
        raise NoteRequired(name=name, judgment="rejected")
    with transaction.atomic():
        version = _locked_candidate(name)
        failed = failed_checks(version.checks)
        return _append(name, "model.rejected", actor=actor, note=note, now=now, failed=failed)


def failed_checks(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the failed checks; a model without any checks was never checked."""
    return [check["name"] for check in checks if not check["passed"]] if checks else [NEVER_CHECKED]


def _locked_candidate(name: str) -> ModelVersion:
    """The candidate, locked until the transaction ends, so that two judgments cannot overlap."""
    version = ModelVersion.objects.select_for_update().filter(name=name).first()
    if version is None:
        raise UnknownModel(name=name, known=known_names())
    if version.status != ModelVersion.Status.CANDIDATE:
        raise AlreadyJudged(name=name, status=version.status, judged_by=version.judged_by)
    return version


def _append(
    name: str, entry_type: str, *, actor: str, note: str, now: datetime, failed: Sequence[str]
) -> Entry:
    stream = f"model/{name}"
    note = mask_card_numbers(note.strip())[:MAX_NOTE_LENGTH]
    entry = NewEntry(
        stream=stream,
        expected_version=len(read_stream(stream)),
        type=entry_type,
        data={"name": name, "by": actor, "note": note, "failed_checks": list(failed)},
        metadata={"actor": actor},
    )
    return append([entry], now=now)[0]
