"""The lineage and the parameters of a model version as rows of names and values."""

from collections.abc import Mapping
from typing import Any

from scoring.admin_kit.time_zones import zoned_text
from scoring.learning.dataset.label_delay import KNOWN_SHARE, MAX_GAP_DAYS
from scoring.learning.dataset.outliers import outlier_sentences
from scoring.learning.dataset.selection import MAX_WEIGHT
from scoring.learning.dataset.split import DEFAULT_GAP_DAYS
from scoring.learning.leakage.accepting import accepted_in_words
from scoring.learning.leakage.served import served_in_words
from scoring.registry.models import FeatureSetVersion, ModelVersion
from scoring.timestamps import from_iso


def lineage_rows(version: ModelVersion) -> list[tuple[str, str]]:
    """The lineage of the version as names and values."""
    lineage = version.lineage
    libraries = ", ".join(f"{name} {number}" for name, number in lineage["libraries"].items())
    counts = (
        f"{lineage['rows']:,}, including {lineage['positives']:,} positive and"
        f" {lineage['inferred_negatives']:,} inferred negative (mature without a label)"
    )
    return [
        (
            "Events and labels until",
            f"{zoned_text(version.as_of)}, log position {lineage['log_position']:,}",
        ),
        ("Events from", _first_event(lineage)),
        ("Labels mature after", f"{lineage['matures_after_days']:g} days"),
        ("Events trained on", counts),
        ("Blocked without a label", _unknown_text(lineage)),
        ("Explored events", _explored_text(lineage)),
        ("Outliers excluded", "; ".join(outlier_sentences(lineage.get("outliers"))) or "none"),
        ("Leakage", _leakage_text(lineage)),
        ("Training against served values", _served_text(lineage)),
        ("Slices split by", lineage.get("cut_by", "share of the time span")),
        ("Gap before validation", gap_text(version)),
        ("Parent", lineage["parent"] or "none (there was no champion)"),
        ("Feature set", _set_text(version)),
        ("Code", lineage["code"][:16]),
        ("Libraries", libraries),
        ("Latency of one event", _latency_text(version)),
        ("Size of the artifact", _size_text(version)),
        ("Artifact (SHA-256)", version.artifact),
    ]


def gap_text(version: ModelVersion) -> str:
    """The gap between training and validation, and what it follows from."""
    gap = version.lineage.get("gap")
    if gap is None:  # trained before it followed from labels
        days = version.parameters.get("shares", {}).get("gap_days")
        return "not recorded" if days is None else f"{days:g} days"
    if gap["stated"]:
        return f"{gap['days']:g} days, as stated in the recipe"
    if not gap["labels"]:
        return f"{gap['days']:g} days, because too few positive labels show their delay"
    return (
        f"{gap['days']:g} days, from the delay of {gap['labels']:,} positive labels"
        f" ({KNOWN_SHARE:.0%} were known by then, within {DEFAULT_GAP_DAYS:g} to {MAX_GAP_DAYS:g} days)"
    )


def _latency_text(version: ModelVersion) -> str:
    milliseconds = version.metrics.get("latency_ms")
    return "not measured" if milliseconds is None else f"{milliseconds:.3f} ms to score and explain (median)"


def _size_text(version: ModelVersion) -> str:
    size = version.metrics.get("artifact_bytes")
    return "not recorded" if size is None else f"{size / 2**20:.2f} MiB"


def _unknown_text(lineage: Mapping[str, Any]) -> str:
    unknown = lineage.get("unknown_blocks")
    if unknown is None:
        return "inferred to be negative (before exploration existed)"
    return f"{unknown:,} excluded, because nothing shows what they were" if unknown else "none"


def _explored_text(lineage: Mapping[str, Any]) -> str:
    explored = lineage.get("explored")
    if not explored:
        return "none"
    clipped = lineage.get("clipped")
    bound = (
        f", at most {MAX_WEIGHT:g} times ({clipped:,} would have counted more)" if clipped is not None else ""
    )
    return f"{explored:,}, each counted 1 / propensity times{bound}"


def _leakage_text(lineage: Mapping[str, Any]) -> str:
    found = lineage.get("leakage")
    if found is None:
        return "not looked for (before these checks existed)"
    if accepted := accepted_in_words(lineage):
        return f"accepted although too good to be true: {accepted}"
    return (
        "no feature alone is too good to be true"
        if found["judged"]
        else "too few positives to judge features"
    )


def _served_text(lineage: Mapping[str, Any]) -> str:
    served = lineage.get("leakage", {}).get("served")
    if served is None:
        return "not compared (before this check existed)"
    if accepted := served_in_words(lineage["leakage"]):
        return f"accepted although they differ: {accepted}"
    if not served["compared"]:
        return "no decided event to compare"
    return f"the same in {served['compared']:,} decided events"


def _first_event(lineage: Mapping[str, Any]) -> str:
    since = lineage.get("since")
    return f"{zoned_text(from_iso(since))}; earlier events were excluded" if since else "the first event"


def _set_text(version: ModelVersion) -> str:
    """The declared set by its number and digest, then the model's set with its own categories."""
    declared = str(version.lineage.get("declared_set", ""))
    found = FeatureSetVersion.objects.filter(event_type=version.event_type, digest=declared)
    number = found.values_list("number", flat=True).first()
    named = f"set {number} ({declared[:12]}); " if number else ""
    return f"{named}{version.feature_set[:12]} with the model's own categories"


def parameter_rows(version: ModelVersion) -> list[tuple[str, str]]:
    """All training parameters; nested ones by their path."""
    return [
        (name.replace("_", " "), "from the data" if value is None else str(value))
        for name, value in _flat(version.parameters)
    ]


def _flat(parameters: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in parameters.items():
        rows += _flat(value, f"{prefix}{name}: ") if isinstance(value, dict) else [(prefix + name, value)]
    return rows
