"""The projection of cases: how each entry of a case's stream changes its row."""

from typing import Any

from reviews.models import Case
from reviews.queue.ranking import rank_of
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row
from scoring.timestamps import from_iso

UNCLAIMED: dict[str, Any] = {"claimed_by": "", "lease_until": None}
NO_VERDICT: dict[str, Any] = {
    "verdict": "",
    "reason_code": "",
    "note": "",
    "decided_by": "",
    "decided_at": None,
}


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
        **UNCLAIMED,
        **NO_VERDICT,
    }
    return _with_facts(row, entry)


@fold_into("case.rescored", Case, key=event_position)
def rescored_case(case: Row | None, entry: Entry) -> Row:
    return _with_facts(_existing(case, entry), entry)


@fold_into("case.claimed", Case, key=event_position)
def claimed_case(case: Row | None, entry: Entry) -> Row:
    return {**_existing(case, entry), **_claimed(entry)}


@fold_into("case.released", Case, key=event_position)
def released_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.OPEN.value,
        "released_by": entry.metadata.get("actor", "").removeprefix("user/"),
        "released_at": entry.recorded_at,
        **UNCLAIMED,
    }


@fold_into("case.decided", Case, key=event_position)
def decided_case(case: Row | None, entry: Entry) -> Row:
    return {
        **_existing(case, entry),
        "state": Case.State.DECIDED.value,
        "verdict": entry.data["verdict"],
        "reason_code": entry.data["reason_code"],
        "note": entry.data["note"],
        "decided_by": entry.data["reviewer"],
        "decided_at": entry.recorded_at,
        **UNCLAIMED,
    }


@fold_into("case.reopened", Case, key=event_position)
def reopened_case(case: Row | None, entry: Entry) -> Row:
    """Claimed by the reviewer who undid the verdict, or open when the decision was revised."""
    row = {**_existing(case, entry), **NO_VERDICT, "closed_because": ""}
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
        **UNCLAIMED,
    }


def _existing(case: Row | None, entry: Entry) -> Row:
    """The row so far, at the version of `entry`. Raises `ValueError` if no `case.opened` came before it."""
    if case is None:
        raise ValueError(f"{entry.stream} does not begin with case.opened")
    return {**case, "version": entry.stream_version}


def _claimed(entry: Entry) -> Row:
    return {
        "state": Case.State.CLAIMED.value,
        "claimed_by": entry.data["reviewer"],
        "lease_until": from_iso(entry.data["until"]),
    }


def _with_facts(row: Row, entry: Entry) -> Row:
    """The row with the facts of the decision in `entry`; the rank counts age from `opened_at`."""
    return {
        **row,
        "version": entry.stream_version,
        "why": entry.data["why"],
        "outcome": entry.data["outcome"],
        "score": entry.data["score"],
        "stake": entry.data["stake"],
        "expected_loss": entry.data["expected_loss"],
        "rank": rank_of(
            loss=entry.data["expected_loss"],
            currency=row["currency"],
            sampled=entry.data["why"] == Case.Why.SAMPLE,
            opened_at=row["opened_at"],
        ),
    }
