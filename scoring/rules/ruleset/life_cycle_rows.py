"""How entries of the life cycle change the rows of a rule or policy, of its versions and of its history."""

from typing import Any

from django.db import models

from scoring.log.entries import Entry
from scoring.rules.ruleset.life_cycle import ACTIVE, ARCHIVED, DRAFT, SHADOW, STAGES
from scoring.sql.bulk_tables import Row

MAX_REASON, MAX_ACTOR = 500, 80  # characters; the log has all of them

NO_REQUEST: dict[str, Any] = {
    "requested": None,
    "requested_by": "",
    "requested_at": None,
    "request_reason": "",
}


class VersionsInUse(models.Model):
    """The columns of a rule or policy with the numbers of its versions in use.

    `newest` is the last version drafted; `requested` the one whose activation waits for a second person.
    """

    newest = models.IntegerField()
    active = models.IntegerField(null=True)
    shadow = models.IntegerField(null=True)
    requested = models.IntegerField(null=True)
    requested_by = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    requested_at = models.DateTimeField(null=True)
    request_reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    changed_by = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        abstract = True


class VersionInStages(models.Model):
    """The columns of a version: who drafted it, its stage, and when and by whom it first became active."""

    number = models.IntegerField()
    drafted_by = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    drafted_at = models.DateTimeField()
    ruleset = models.IntegerField()  # the ruleset's version that drafted it
    stage = models.CharField(max_length=10, choices=[(stage, stage) for stage in STAGES], default=DRAFT)
    staged_by = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    staged_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=MAX_REASON, blank=True, default="")
    activated_by = models.CharField(max_length=MAX_ACTOR, blank=True, default="")
    activated_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def actor_of(entry: Entry) -> str:
    return str(entry.metadata.get("actor", ""))[:MAX_ACTOR]


def reason_of(entry: Entry) -> str:
    return str(entry.data.get("reason", ""))[:MAX_REASON]


def drafted_head(head: Row | None, entry: Entry, **names: Any) -> Row:
    """The row of versions in use after a draft; `names` are its key and what it is called."""
    before = head or {**names, "active": None, "shadow": None, **NO_REQUEST}
    return {**before, "newest": entry.data["number"], **_changed(entry)}


def staged_head(head: Row | None, entry: Entry) -> Row:
    """The numbers of the active and shadow versions. A request ends with its version active or archived."""
    before, number, stage = head or {}, entry.data["number"], entry.data["stage"]
    held = {each: before.get(each) for each in (ACTIVE, SHADOW)}
    held = {each: None if now == number else now for each, now in held.items()}
    if stage in held:
        held[stage] = number
    answered = before.get("requested") == number and stage in (ACTIVE, ARCHIVED)
    return {**before, **held, **(NO_REQUEST if answered else {}), **_changed(entry)}


def requested_head(head: Row | None, entry: Entry) -> Row:
    request = {
        "requested": entry.data["number"],
        "requested_by": actor_of(entry),
        "requested_at": entry.recorded_at,
        "request_reason": reason_of(entry),
    }
    return {**(head or {}), **request, **_changed(entry)}


def rejected_head(head: Row | None, entry: Entry) -> Row:
    return {**(head or {}), **NO_REQUEST, **_changed(entry)}


def drafted_version(entry: Entry, **columns: Any) -> Row:
    """The row of a version just drafted; `columns` are those of its kind."""
    return {
        **columns,
        "drafted_by": actor_of(entry),
        "drafted_at": entry.recorded_at,
        "ruleset": entry.stream_version,
        "stage": DRAFT,
        "staged_by": "",
        "staged_at": None,
        "reason": "",
        "activated_by": "",
        "activated_at": None,
    }


def staged_version(version: Row | None, entry: Entry) -> Row:
    before = version or {}
    staged = {
        "stage": entry.data["stage"],
        "staged_by": actor_of(entry),
        "staged_at": entry.recorded_at,
        "reason": reason_of(entry),
    }
    first = entry.data["stage"] == ACTIVE and before.get("activated_at") is None
    activated = {"activated_by": actor_of(entry), "activated_at": entry.recorded_at} if first else {}
    return {**before, **staged, **activated}


def history_row(entry: Entry, **names: Any) -> Row:
    """One line of the history; of a stage, the change is the stage."""
    change = entry.data["stage"] if entry.type.endswith(".staged") else entry.type.partition(".")[2]
    return {
        "position": entry.position,
        **names,
        "number": entry.data.get("number"),
        "change": change,
        "actor": actor_of(entry),
        "reason": reason_of(entry),
        "changed_at": entry.recorded_at,
    }


def _changed(entry: Entry) -> dict[str, Any]:
    return {"changed_by": actor_of(entry), "changed_at": entry.recorded_at}
