"""Events that software decided alone: they have no case, or one that was closed without a verdict.

A verdict on a near-duplicate may decide them too. They then get a case of the origin `duplicate`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from reviews.console.event_details import amended, current_decisions
from reviews.duplicates.finding import is_fingerprint
from reviews.errors import InvalidVerdict, NotAutomatic
from reviews.models import Case
from reviews.queue.opening import OpeningFacts, opening_for_group
from reviews.queue.sensitivity import sensitive_streams
from reviews.work.transitions import lock_case, require_pending
from reviews.work.verdict_rules import REVIEW
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.intake.models import Event
from scoring.log.append import append, append_new
from scoring.log.entries import Entry
from scoring.log.read import read_positions


class Automatic(NamedTuple):
    """An event with its latest decision, None before any. `alike`: whether it is a near-duplicate."""

    stream: str
    decision: Entry | None
    is_sensitive: bool
    is_retracted: bool
    is_alike: bool


def is_automatic(case: Case | None) -> bool:
    """Whether no person has to decide, or has decided, on the event of this case."""
    return case is None or case.state == Case.State.CLOSED


def automatic_positions(
    positions: Sequence[int], cases: Mapping[int, Case], outcomes: Mapping[int, str], *, type_name: str
) -> set[int]:
    """Those of these events that software decided: of this type and not retracted.

    `cases` and `outcomes` of the latest decisions are by position.
    """
    decided = [
        position
        for position in positions
        if outcomes.get(position, REVIEW) != REVIEW and is_automatic(cases.get(position))
    ]
    found = Event.objects.filter(position__in=decided, type=type_name, retracted_at=None)
    return set(found.values_list("position", flat=True))


def outcomes_of(positions: Sequence[int]) -> dict[int, str]:
    """The outcome of the latest decision on each of these events that has one."""
    decisions = Decision.objects.filter(event_position__in=positions).order_by("revision")
    return dict(decisions.values_list("event_position", "outcome"))


def automatic_decisions(positions: Sequence[int], *, like: Case) -> dict[int, Automatic]:
    """What software decided on these events, and whether each shares a fingerprint with that of a case.

    Positions of anything else than an event are left out.
    """
    known = sorted(Event.objects.filter(position__in=positions).values_list("position", flat=True))
    if not known:
        return {}
    receipts = {entry.position: entry for entry in read_positions([like.pk, *known])}
    versions, retracted = amended(list(receipts))
    current = {position: versions.get(position, entry) for position, entry in receipts.items()}
    wanted = _fingerprints(current[like.pk])
    latest = {each.position: event for event, each in current_decisions(known).items()}
    decisions = {latest[entry.position]: entry for entry in read_positions(list(latest))}
    sensitive = sensitive_streams([*decisions.values()])
    return {
        position: Automatic(
            receipts[position].stream,
            decisions.get(position),
            receipts[position].stream in sensitive,
            position in retracted,
            not wanted.isdisjoint(_fingerprints(current[position])),
        )
        for position in known
    }


def open_for_verdict(event: Automatic, case: Case | None, *, reviewer: str, now: datetime) -> Case:
    """Open the case of an event that software decided, or reopen it; it is locked.

    Raises `NotAutomatic` if software did not decide it or it was retracted, `InvalidVerdict` if it is no
    near-duplicate, `CaseAlreadyDecided` if another verdict came first.
    """
    if event.decision is None or event.decision.data["outcome"] == REVIEW or event.is_retracted:
        raise NotAutomatic(event.stream, is_retracted=event.is_retracted)
    if not event.is_alike:
        raise InvalidVerdict(
            field="also",
            problem="is no near-duplicate of the case",
            allowed="events with the same text or file",
        )
    sensitive = {event.stream} if event.is_sensitive else set()
    opening = opening_for_group(event.decision, case, facts=OpeningFacts(sensitive), reviewer=reviewer)
    if case is None:
        append_new([opening], now=now)  # another verdict may have opened it meanwhile
    else:
        append([opening], now=now)
    opened = lock_case(int(event.decision.data["event_position"]))
    require_pending(opened)
    return opened


def _fingerprints(version: Entry) -> set[tuple[str, str]]:
    """Kind and value of each fingerprint of an event."""
    fields = version.data["fields"]
    return {
        (field.kind, str(fields[name]))
        for name, field in event_type(version.data["type"]).fields.items()
        if isinstance(field, Entity) and is_fingerprint(field.kind) and fields.get(name) is not None
    }
