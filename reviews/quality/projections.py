"""The projections of verdicts as they were given, and of the settings of quality checks and of four-eyes."""

from reviews.models.quality import GivenVerdict, StoredFourEyes, StoredReviewQuality
from scoring.configuration.type_settings.folding import changed_settings, event_type_of
from scoring.log.entries import Entry
from scoring.log.projections import amend_each, fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them


@project("case.decided", GivenVerdict)
@project("case.checked", GivenVerdict)
@project("case.proposed", GivenVerdict)
def given_verdict(entry: Entry) -> Row:
    data = entry.data
    return {
        "position": entry.position,
        "event_position": data["event_position"],
        "event_type": entry.stream.split("/")[1],
        "kind": _kind_of(entry),
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
        "confidence": data.get("confidence", ""),
    }


def _kind_of(entry: Entry) -> str:
    if entry.type == "case.proposed":
        return GivenVerdict.Kind.PROPOSAL.value
    return str(entry.data.get("check", GivenVerdict.Kind.FIRST.value))


@amend_each("case.reopened", GivenVerdict, keys=lambda entry: entry.data.get("undone", ()))
@amend_each("case.proposal_withdrawn", GivenVerdict, keys=lambda entry: entry.data["undone"])
def undone_verdict(row: Row, entry: Entry) -> Row:
    return {**row, "undone": True}


fold_into("review_quality.changed", StoredReviewQuality, key=event_type_of)(changed_settings)
fold_into("four_eyes.changed", StoredFourEyes, key=event_type_of)(changed_settings)
