"""Feature sets, model versions and trainings as tables: what each entry means for them."""

from scoring.features.models import FeatureSetVersion
from scoring.learning.models import ModelVersion, TrainingJob
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

State = TrainingJob.State


def name_of(entry: Entry) -> str:
    return str(entry.data["name"])


def number_of(entry: Entry) -> int:
    return int(entry.data["number"])


def digest_of(entry: Entry) -> str:
    return str(entry.data["digest"])


@fold_into("feature_set.declared", FeatureSetVersion, key=digest_of)
def declared_set(version: Row | None, entry: Entry) -> Row:
    """Declared again after another set, it keeps its number; the code has gone back to it."""
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
        "artefact": data["artefact"],
        "feature_set": data["feature_set"],
        "trained_at": from_iso(data["trained_at"]),
        "as_of": from_iso(data["as_of"]),
        "parameters": data["parameters"],
        "metrics": data["metrics"],
        "lineage": data["lineage"],
        # Versions trained before there was a gate have none of these.
        "comparison": data.get("comparison", {}),
        "reference": data.get("reference", {}),
        "trained_by": data.get("trained_by", ""),
        "checks": [],
        "status": ModelVersion.Status.CANDIDATE.value,
        "judged_by": "",
        "judged_at": None,
        "note": "",
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


@fold_into("training.requested", TrainingJob, key=number_of)
def requested_job(job: Row | None, entry: Entry) -> Row:
    return {
        "number": entry.data["number"],
        "event_type": entry.data["event_type"],
        "state": State.QUEUED.value,
        "requested_by": entry.metadata["actor"],
        "requested_at": entry.recorded_at,
        "options": entry.data["options"],
        "started_at": None,
        "ended_at": None,
        "cancelled_by": "",
        "model": "",
        "error": "",
    }


@fold_into("training.started", TrainingJob, key=number_of)
def started_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "state": State.RUNNING.value, "started_at": entry.recorded_at}


@fold_into("training.cancel_requested", TrainingJob, key=number_of)
def cancel_requested_job(job: Row | None, entry: Entry) -> Row:
    return {**(job or {}), "cancelled_by": entry.metadata["actor"]}


@fold_into("training.finished", TrainingJob, key=number_of)
def finished_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FINISHED) | {"model": entry.data["model"]}


@fold_into("training.failed", TrainingJob, key=number_of)
def failed_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.FAILED) | {"error": entry.data["error"]}


@fold_into("training.cancelled", TrainingJob, key=number_of)
def cancelled_job(job: Row | None, entry: Entry) -> Row:
    return _ended(job, entry, State.CANCELLED) | {"cancelled_by": entry.data["by"]}


def _ended(job: Row | None, entry: Entry, state: TrainingJob.State) -> Row:
    return {**(job or {}), "state": state.value, "ended_at": entry.recorded_at}
