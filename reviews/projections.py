"""The projection of cases: how each entry of a case's stream changes its row."""

from datetime import datetime, timedelta
from typing import Any

from reviews.models import Case, ReviewerAction
from reviews.queue.ranking import FOR_LABEL, rank_of
from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

UNCLAIMED: dict[str, Any] = {"claimed_by": "", "claimed_at": None, "lease_until": None, "next_because": {}}
NO_VERDICT: dict[str, Any] = {
    "verdict": "",
    "reason_code": "",
    "note": "",
    "decided_by": "",
    "decided_at": None,
    "policies": {},
    "action": "",
    "strike": False,
    "verdict_group": "",
    "confidence": "",
}
NO_PROPOSAL: dict[str, Any] = {"proposal": {}, "proposed_by": "", "proposed_at": None}
NOT_ESCALATED: dict[str, Any] = {"escalated_by": "", "escalated_at": None}
NOT_ROUTED: dict[str, Any] = {"queue": "", "queue_version": 0, "due_at": None, "shared_entities": []}
NOT_SET_ASIDE: dict[str, Any] = {"snoozed_until": None, "assigned_to": ""}


def event_position(entry: Entry) -> int:
    """A case's primary key: the position of its event, which every entry of its stream carries."""
    return int(entry.data["event_position"])


@fold_into("case.opened", Case, key=event_position)
def opened_case(case: Row | None, entry: Entry) -> Row:
    row = {
        "event_position": entry.data["event_position"],
        "event_stream": entry.data["event"],
        "event_type": entry.data["event_type"],
        "state": Case.State.OPEN.value,
        "currency": entry.data["currency"],
        "opened_at": entry.recorded_at,
        "closed_because": "",
        "released_by": "",
        "released_at": None,
        "about": entry.data.get("about"),
        "not_for": entry.data.get("not_for", ""),
        "quality_check": "",
        "golden": "",
        "golden_by": "",
        "group_keys": entry.data.get("group_keys", []),
        "joined_to": entry.data.get("joined_to"),
        "linked": 0,
        "linked_loss": 0,
        **UNCLAIMED,
        **NO_VERDICT,
        **NO_PROPOSAL,
        **NOT_ESCALATED,
        **NOT_ROUTED,
        **NOT_SET_ASIDE,
    }
    return _with_facts(row, entry)


@fold_into("case.rescored", Case, key=event_position)
def rescored_case(case: Row | None, entry: Entry) -> Row:
    return _with_facts(_existing(case, entry), entry)


@fold_into("case.linked", Case, key=event_position)
def linked_case(case: Row | None, entry: Entry) -> Row:
    """Ranks by the expected loss of all that joined it."""
    row = _existing(case, entry)
    linked = {**row, "linked": entry.data["linked"], "linked_loss": entry.data["linked_loss"]}
    return {**linked, "rank": _rank(linked, opened_at=row["opened_at"])}


@fold_into("case.claimed", Case, key=event_position)
def claimed_case(case: Row | None, entry: Entry) -> Row:
    """A claim that renews a lease leaves since when and why it was claimed."""
    row = _existing(case, entry)
    kept = {name: row[name] for name in ("claimed_at", "next_because")} if _renews(row, entry) else {}
    return {**row, "snoozed_until": None, **_claimed(entry), **kept}


@fold_into("case.viewed", Case, key=event_position)
def viewed_case(case: Row | None, entry: Entry) -> Row:
    """The row is the same: only the reviewer's actions count it."""
    return _existing(case, entry)


@fold_into("case.commented", Case, key=event_position)
def commented_case(case: Row | None, entry: Entry) -> Row:
    """The row is the same: comments are read from the stream."""
    return _existing(case, entry)


@fold_into("case.action_requested", Case, key=event_position)
@fold_into("case.action_delivered", Case, key=event_position)
@fold_into("case.action_failed", Case, key=event_position)
def case_with_action(case: Row | None, entry: Entry) -> Row:
    """The row is the same: what became of a request is in the stream and in the outbox."""
    return _existing(case, entry)


@fold_into("case.released", Case, key=event_position)
def released_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.OPEN.value,
        "released_by": _actor(entry),
        "released_at": entry.recorded_at,
        **UNCLAIMED,
    }


@fold_into("case.snoozed", Case, key=event_position)
def snoozed_case(case: Row | None, entry: Entry) -> Row:
    return {**_opened_again(case, entry), "snoozed_until": from_iso(entry.data["until"])}


@fold_into("case.assigned", Case, key=event_position)
def assigned_case(case: Row | None, entry: Entry) -> Row:
    """To a reviewer, or with "" to nobody; who has claimed it keeps it if they are the reviewer."""
    row = _existing(case, entry)
    to = entry.data["to"]
    return {**(row if to == row["claimed_by"] else _opened_again(case, entry)), "assigned_to": to}


@fold_into("case.transferred", Case, key=event_position)
def transferred_case(case: Row | None, entry: Entry) -> Row:
    """The SLA of the new queue counts from the opening of the case."""
    row = _opened_again(case, entry)
    return {**row, **_routed(row, entry, since=row["opened_at"]), "assigned_to": "", **NOT_ESCALATED}


@fold_into("case.decided", Case, key=event_position)
def decided_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.DECIDED.value,
        **_verdict(entry),
        **NO_PROPOSAL,
        "proposed_by": entry.data.get("confirms", ""),
        **UNCLAIMED,
        **NOT_SET_ASIDE,
    }


@fold_into("case.proposed", Case, key=event_position)
def proposed_case(case: Row | None, entry: Entry) -> Row:
    """Open for a second person; it is no verdict yet."""
    return {
        **_existing(case, entry),
        "state": Case.State.OPEN.value,
        "proposal": entry.data,
        "proposed_by": entry.data["reviewer"],
        "proposed_at": entry.recorded_at,
        "released_by": "",
        "released_at": None,
        **UNCLAIMED,
        **NOT_ESCALATED,
    }


@fold_into("case.proposal_withdrawn", Case, key=event_position)
def proposal_withdrawn_case(case: Row | None, entry: Entry) -> Row:
    """Claimed by the reviewer who took the proposed verdict back."""
    return {**_existing(case, entry), **NO_PROPOSAL, **_claimed(entry)}


@fold_into("case.check_opened", Case, key=event_position)
def check_opened_case(case: Row | None, entry: Entry) -> Row:
    """Open again while its verdict stands; its age counts from now on."""
    row = _existing(case, entry)
    return {
        **row,
        "state": Case.State.OPEN.value,
        "quality_check": entry.data["check"],
        "rank": _rank(row, opened_at=entry.recorded_at),
        "released_by": "",
        "released_at": None,
        "due_at": _due_again(row, entry.recorded_at),
        **UNCLAIMED,
        **NOT_ESCALATED,
        **NOT_SET_ASIDE,
    }


@fold_into("case.checked", Case, key=event_position)
def checked_case(case: Row | None, entry: Entry) -> Row:
    """The verdict of an adjudicator takes the place of the first one; that of another check does not."""
    row = {**_check_ended(case, entry)}
    if entry.data["check"] == Case.Check.ADJUDICATION:
        return {**row, **_verdict(entry)}
    if entry.data["check"] == Case.Check.SECOND and entry.data["agrees"] and not row["golden"]:
        return {**row, "golden": Case.Golden.AGREED.value}
    return row


@fold_into("case.check_withdrawn", Case, key=event_position)
def check_withdrawn_case(case: Row | None, entry: Entry) -> Row:
    return _check_ended(case, entry)


@fold_into("case.golden_changed", Case, key=event_position)
def golden_changed_case(case: Row | None, entry: Entry) -> Row:
    golden = entry.data["golden"]
    return {**_existing(case, entry), "golden": golden, "golden_by": _actor(entry) if golden else ""}


@fold_into("case.escalated", Case, key=event_position)
def escalated_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.OPEN.value,
        "escalated_by": entry.data["reviewer"],
        "escalated_at": entry.recorded_at,
        **UNCLAIMED,
    }


@fold_into("case.reopened", Case, key=event_position)
def reopened_case(case: Row | None, entry: Entry) -> Row:
    """Claimed by the reviewer who undid the verdict, or open when the decision was revised."""
    kept = {**_existing(case, entry), **NO_VERDICT, **NO_PROPOSAL}
    row = {**kept, "closed_because": "", "quality_check": "", "golden": "", "golden_by": ""}
    if entry.data["reviewer"]:
        return {**row, **_claimed(entry)}
    return _with_facts({**row, "state": Case.State.OPEN.value, **UNCLAIMED}, entry)


@fold_into("case.closed", Case, key=event_position)
def closed_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.CLOSED.value,
        "outcome": entry.data["outcome"],
        "closed_because": entry.data["because"],
        **NO_PROPOSAL,
        **UNCLAIMED,
        **NOT_SET_ASIDE,
    }


def _action(entry: Entry) -> Row:
    return {
        "position": entry.position,
        "reviewer": entry.data["reviewer"] if "reviewer" in entry.data else _actor(entry),
        "at": entry.recorded_at,
        "event_position": entry.data.get("event_position", 0),  # files may be looked at without an event
        "sensitive": entry.data.get("sensitive", False),
    }


ACTIONS = (
    *("case.claimed", "case.viewed", "case.decided", "case.checked", "case.released", "case.escalated"),
    *("case.proposed", "case.snoozed", "case.transferred"),
    "media.revealed",
)
for entry_type in ACTIONS:
    project(entry_type, ReviewerAction)(_action)


def _actor(entry: Entry) -> str:
    return str(entry.metadata.get("actor", "")).removeprefix("user/")


def _existing(case: Row | None, entry: Entry) -> Row:
    """The row so far, at the version of `entry`. Raises `ValueError` if no `case.opened` came before it."""
    if case is None:
        raise ValueError(f"{entry.stream} does not begin with case.opened")
    return {**case, "version": entry.stream_version}


def _opened_again(case: Row | None, entry: Entry) -> Row:
    return {**_existing(case, entry), "state": Case.State.OPEN.value, **UNCLAIMED}


def _check_ended(case: Row | None, entry: Entry) -> Row:
    row = _existing(case, entry)
    return {**row, "state": Case.State.DECIDED.value, "quality_check": "", **UNCLAIMED, **NOT_ESCALATED}


def _verdict(entry: Entry) -> Row:
    return {
        "verdict": entry.data["verdict"],
        "reason_code": entry.data["reason_code"],
        "note": entry.data["note"],
        "decided_by": entry.data["reviewer"],
        "decided_at": entry.recorded_at,
        "policies": entry.data.get("policies", {}),
        "action": entry.data.get("action", ""),
        "strike": entry.data.get("strike", False),
        "verdict_group": entry.data.get("group", ""),
        "confidence": entry.data.get("confidence", ""),
    }


def _renews(row: Row, entry: Entry) -> bool:
    """Whether a claim renews a lease that is still running."""
    return bool(
        row["state"] == Case.State.CLAIMED
        and row["claimed_by"] == entry.data["reviewer"]
        and row["claimed_at"] is not None
        and entry.recorded_at <= row["lease_until"]
    )


def _claimed(entry: Entry) -> Row:
    return {
        "state": Case.State.CLAIMED.value,
        "claimed_by": entry.data["reviewer"],
        "claimed_at": entry.recorded_at,
        "lease_until": from_iso(entry.data["until"]),
        "next_because": entry.data.get("because", {}),
    }


def _with_facts(row: Row, entry: Entry) -> Row:
    """The row with the facts of the decision in `entry`; the rank counts age from `opened_at`."""
    facts = {
        **row,
        "version": entry.stream_version,
        "why": entry.data["why"],
        "outcome": entry.data["outcome"],
        "score": entry.data["score"],
        "stake": entry.data["stake"],
        "expected_loss": entry.data["expected_loss"],
        "sensitive": entry.data.get("sensitive", False),
        **_routed(row, entry, since=entry.recorded_at),
    }
    return {**facts, "rank": _rank(facts, opened_at=row["opened_at"])}


def _routed(row: Row, entry: Entry, *, since: datetime) -> Row:
    """The queue that the entry names, or that to which the case was routed; the SLA counts from `since`."""
    data = entry.data
    shared = {"shared_entities": data["shared_entities"]} if "shared_entities" in data else {}
    if "queue_version" in data:
        minutes = data.get("sla_minutes")
        return {
            "queue": data["queue"],
            "queue_version": data["queue_version"],
            "due_at": since + timedelta(minutes=minutes) if minutes else None,
            **shared,
        }
    return shared if row["queue_version"] else {"queue": data.get("queue", ""), **shared}


def _due_again(row: Row, reopened_at: datetime) -> datetime | None:
    """When the SLA of a case ends that is opened again: as long after it as it did after its opening."""
    return None if row["due_at"] is None else reopened_at + (row["due_at"] - row["opened_at"])


def _rank(row: Row, *, opened_at: datetime) -> float:
    return rank_of(
        loss=row["expected_loss"] + row["linked_loss"],
        currency=row["currency"],
        sampled=row["why"] in FOR_LABEL,
        opened_at=opened_at,
    )
