"""Feature sets, model versions and routes as tables: how each log entry changes its row."""

from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.registry.models import FeatureSetVersion, HeldOutSample, ModelAnalysis, ModelVersion, Route
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REASON, MAX_ACTOR = 200, 80  # characters; the log has all of them


@fold_into("route.changed", Route, key=lambda entry: entry.data["event_type"])
def changed_route(route: Row | None, entry: Entry) -> Row:
    return {
        "event_type": entry.data["event_type"],
        "version": entry.stream_version,
        "salt": entry.data["salt"],
        "unit": entry.data["unit"],
        "arms": entry.data["arms"],
        "experiment": entry.data["experiment"],
        "reason": entry.data["reason"][:MAX_REASON],
        "changed_by": entry.metadata.get("actor", "")[:MAX_ACTOR],
        "changed_at": entry.recorded_at,
    }


def name_of(entry: Entry) -> str:
    return str(entry.data["name"])


def digest_of(entry: Entry) -> str:
    return str(entry.data["digest"])


@fold_into("feature_set.declared", FeatureSetVersion, key=digest_of)
def declared_set(version: Row | None, entry: Entry) -> Row:
    """A set that is declared again after another one (a reverted deployment) keeps its number."""
    return {
        "digest": entry.data["digest"],
        "event_type": entry.data["event_type"],
        "number": entry.data["number"],
        "features": entry.data["features"],
        "declared_at": entry.recorded_at,
    }


@fold_into("model.trained", ModelVersion, key=name_of)
def trained_version(version: Row | None, entry: Entry) -> Row:
    data = entry.data
    return {
        "name": data["name"],
        "event_type": data["event_type"],
        "number": data["number"],
        "artifact": data["artefact"],
        "feature_set": data["feature_set"],
        "trained_at": from_iso(data["trained_at"]),
        "as_of": from_iso(data["as_of"]),
        "parameters": data["parameters"],
        "metrics": data["metrics"],
        "lineage": data["lineage"],
        # Versions trained before the gate existed have none of these.
        "comparison": data.get("comparison", {}),
        "reference": data.get("reference", {}),
        "trained_by": data.get("trained_by", ""),
        "checks": [],
        "status": ModelVersion.Status.CANDIDATE.value,
        "judged_by": "",
        "judged_at": None,
        "note": "",
    }


@fold_into("model.trained", HeldOutSample, key=name_of)
def held_out_sample(row: Row | None, entry: Entry) -> Row:
    return {"model": entry.data["name"], "sample": entry.data.get("held_out", {})}


@fold_into("model.trained", ModelAnalysis, key=name_of)
def analyzed_version(row: Row | None, entry: Entry) -> Row:
    analysis = entry.data.get("analysis", {})
    return {
        "model": entry.data["name"],
        "slices": analysis.get("slices", {}),
        "explanation": analysis.get("explanation", {}),
    }


@fold_into("model.checked", ModelVersion, key=name_of)
def checked_version(version: Row | None, entry: Entry) -> Row:
    return {**(version or {}), "checks": entry.data["checks"]}


@fold_into("model.approved", ModelVersion, key=name_of)
def approved_version(version: Row | None, entry: Entry) -> Row:
    return _judged(version, entry, ModelVersion.Status.APPROVED)


@fold_into("model.rejected", ModelVersion, key=name_of)
def rejected_version(version: Row | None, entry: Entry) -> Row:
    return _judged(version, entry, ModelVersion.Status.REJECTED)


def _judged(version: Row | None, entry: Entry, status: ModelVersion.Status) -> Row:
    return {
        **(version or {}),
        "status": status.value,
        "judged_by": entry.data["by"],
        "judged_at": entry.recorded_at,
        "note": entry.data["note"],
    }
