"""The projections of verdicts as they were given, and of the settings of quality checks."""

from reviews.quality_models import GivenVerdict, StoredReviewQuality
from scoring.configuration.type_settings.folding import changed_settings, event_type_of
from scoring.log.entries import Entry
from scoring.log.projections import amend_each, fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


@project("case.decided", GivenVerdict)
@project("case.checked", GivenVerdict)
def given_verdict(entry: Entry) -> Row:
    data = entry.data
    return {
        "position": entry.position,
        "event_position": data["event_position"],
        "event_type": entry.stream.split("/")[1],
        "kind": data.get("check", GivenVerdict.Kind.FIRST.value),
        "reviewer": data["reviewer"],
        "given_at": entry.recorded_at,
        "claimed_at": from_iso(data["claimed_at"]) if data.get("claimed_at") else None,
        "verdict": data["verdict"],
        "reason_code": data["reason_code"],
        "policies": data.get("policies", {}),
        "action": data.get("action", ""),
        "standing": data.get("standing", ""),
        "standing_by": data.get("standing_by", ""),
        "agrees": data.get("agrees"),
        "told": data.get("told", False),
        "undone": False,
    }


@amend_each("case.reopened", GivenVerdict, keys=lambda entry: entry.data.get("undone", ()))
def undone_verdict(row: Row, entry: Entry) -> Row:
    return {**row, "undone": True}


fold_into("review_quality.changed", StoredReviewQuality, key=event_type_of)(changed_settings)
