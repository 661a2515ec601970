"""Change a case: lock its row, append one entry to its stream, read the row back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from reviews.errors import CaseAlreadyClosed, CaseAlreadyDecided, CaseNotFound, CaseNotHeld
from reviews.models import Case
from scoring.log.append import append
from scoring.log.entries import NewEntry

ACTOR = "quality_checks"


def lock_case(position: int) -> Case:
    """The case of the event at `position`, its row locked until the transaction ends. Raises CaseNotFound."""
    case = Case.objects.select_for_update().filter(pk=position).first()
    if case is None:
        raise CaseNotFound(position)
    return case


def lock_cases(positions: Collection[int]) -> dict[int, Case]:
    """The cases of the events at these positions, locked in that order, which is the same for everyone."""
    cases = Case.objects.select_for_update().filter(pk__in=positions).order_by("pk")
    return {case.pk: case for case in cases}


def require_pending(case: Case) -> None:
    """Raises CaseAlreadyDecided or CaseAlreadyClosed unless the case still needs a verdict."""
    if case.state == Case.State.DECIDED and case.decided_at is not None:
        raise CaseAlreadyDecided(
            case.event_stream, verdict=case.verdict, by=case.decided_by, at=case.decided_at
        )
    if case.state == Case.State.CLOSED:
        raise CaseAlreadyClosed(case.event_stream, because=case.closed_because)


def require_claimed_by(case: Case, reviewer: str) -> None:
    """Raises CaseNotHeld unless `reviewer` claimed the pending case last; the lease may have expired."""
    require_pending(case)
    if case.claimed_by != reviewer:
        raise CaseNotHeld(case.event_stream, by=case.claimed_by)


def require_not_held_by_others(case: Case, reviewer: str, *, now: datetime) -> None:
    """Raises CaseNotHeld if another reviewer's lease on the pending case is still running."""
    require_pending(case)
    if case.is_held(now) and case.claimed_by != reviewer:
        raise CaseNotHeld(case.event_stream, by=case.claimed_by)


def append_to_case(
    case: Case,
    entry_type: str,
    data: dict[str, Any],
    *,
    reviewer: str,
    now: datetime,
    actor: str = ACTOR,
) -> Case:
    """Append an entry to the stream of a locked case; returns the case with its row read back.

    `reviewer`: "" for what no person does; the entry then names the `actor`.
    """
    entry = NewEntry(
        stream=f"case/{case.event_stream}",
        expected_version=case.version,
        type=entry_type,
        data={"event_position": case.event_position, **data},
        metadata={"actor": f"user/{reviewer}" if reviewer else actor},
    )
    append([entry], now=now)
    case.refresh_from_db()
    return case
