"""The projection of cases: how each entry of a case's stream changes its row."""

from datetime import datetime
from typing import Any

from reviews.models import Case, ReviewerAction
from reviews.queue.ranking import rank_of
from scoring.log.entries import Entry
from scoring.log.projections import fold_into, project
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

UNCLAIMED: dict[str, Any] = {"claimed_by": "", "claimed_at": None, "lease_until": None}
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
        "group_keys": entry.data.get("group_keys", []),
        "joined_to": entry.data.get("joined_to"),
        "linked": 0,
        "linked_loss": 0,
        **UNCLAIMED,
        **NO_VERDICT,
        **NO_PROPOSAL,
        **NOT_ESCALATED,
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
    row = _existing(case, entry)
    return {**row, **_claimed(entry), **({"claimed_at": row["claimed_at"]} if _renews(row, entry) else {})}


@fold_into("case.viewed", Case, key=event_position)
def viewed_case(case: Row | None, entry: Entry) -> Row:
    """The row is the same: only the reviewer's actions count it."""
    return _existing(case, entry)


@fold_into("case.commented", Case, key=event_position)
def commented_case(case: Row | None, entry: Entry) -> Row:
    """The row is the same: comments are read from the stream."""
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


@fold_into("case.decided", Case, key=event_position)
def decided_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.DECIDED.value,
        **_verdict(entry),
        **NO_PROPOSAL,
        "proposed_by": entry.data.get("confirms", ""),
        **UNCLAIMED,
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
        **UNCLAIMED,
        **NOT_ESCALATED,
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
    return {**_existing(case, entry), "golden": entry.data["golden"]}


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
    row = {**kept, "closed_because": "", "quality_check": "", "golden": ""}
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
    "case.proposed",
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
        "queue": entry.data.get("queue", ""),
    }
    return {**facts, "rank": _rank(facts, opened_at=row["opened_at"])}


def _rank(row: Row, *, opened_at: datetime) -> float:
    return rank_of(
        loss=row["expected_loss"] + row["linked_loss"],
        currency=row["currency"],
        sampled=row["why"] == Case.Why.SAMPLE,
        opened_at=opened_at,
    )
