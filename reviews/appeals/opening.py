"""Opens a case for each appeal: for another reviewer than the one who decided the event that it is about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reviews.appeals.filing import appealed_field
from reviews.models import Case
from reviews.queue.ranking import expected_loss
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_types
from scoring.decisions.models import Decision
from scoring.intake.models import Amendment
from scoring.lanes.amendments import RECEIVED
from scoring.log.append import append_new
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_streams


def open_appeals(entries: Sequence[Entry], *, now: datetime) -> None:
    """Open cases for the appeals among received events, in the caller's transaction."""
    appealable = {kind.appeals: kind for kind in event_types().values() if kind.appeals}
    appeals = [entry for entry in entries if entry.data["type"] in appealable and not entry.data["history"]]
    if not appeals:
        return
    about = {entry.stream: _event_stream(appealable[entry.data["type"]], entry.data) for entry in appeals}
    received = {stream: found[0] for stream, found in read_streams([*about.values()], version=1).items()}
    positions = [entry.position for entry in received.values()]
    cases = Case.objects.in_bulk(positions)
    outcomes = _outcomes_of(positions)
    retracted = _retracted(positions=[entry.position for entry in appeals])
    openings = [
        _opening(
            entry,
            appealable[entry.data["type"]],
            found := received.get(about[entry.stream]),
            case=cases.get(found.position) if found else None,
            outcome=outcomes.get(found.position, "") if found else "",
        )
        for entry in appeals
        if entry.position not in retracted
    ]
    append_new(openings, now=now)


def _opening(
    appeal: Entry, kind: type[EventType], found: Entry | None, *, case: Case | None, outcome: str
) -> NewEntry:
    """The entry that opens the case of an appeal; `found`: the receipt of the event it is about."""
    decided = case if case and case.decided_at is not None else None
    data: dict[str, Any] = {
        "event": appeal.stream,
        "event_position": appeal.position,
        "event_type": appeal.data["type"],
        "currency": kind.base_currency,
        "why": Case.Why.APPEAL.value,
        "outcome": (decided.action if decided else "") or outcome or "allow",
        "score": None,
        "stake": None,
        "expected_loss": expected_loss(score=None, stake=kind.nominal_stake),
        "about": found.position if found else None,
        "not_for": decided.decided_by if decided else "",
        **({"sensitive": True} if case and case.sensitive else {}),
    }
    return NewEntry(
        stream=f"case/{appeal.stream}",
        expected_version=0,
        type="case.opened",
        data=data,
        metadata={"causation": appeal.position},
    )


def _event_stream(kind: type[EventType], appeal: Mapping[str, Any]) -> str:
    """The stream of the event that an appeal is about; it has the same sender."""
    return f"{kind.name}/{appeal['source']}/{appeal['fields'].get(appealed_field(kind), '')}"


def _outcomes_of(positions: Sequence[int]) -> dict[int, str]:
    decisions = Decision.objects.filter(event_position__in=positions).order_by("revision")
    return dict(decisions.values_list("event_position", "outcome"))


def _retracted(positions: Sequence[int]) -> set[int]:
    found = Amendment.objects.filter(event_position__in=positions, kind=Amendment.Kind.RETRACTION)
    return set(found.values_list("event_position", flat=True))


# Cannot be reset: it appends to the log.
APPEALS = Consumer(name="reviews.appeals", types=frozenset({RECEIVED}), handle=open_appeals, reset=None)
