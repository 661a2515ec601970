"""Routing open cases again, after a queue was defined or changed."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from reviews.models import Case
from reviews.models.queues import ReviewQueue
from reviews.queues.routing import Routed, route_events
from scoring.log.append import append
from scoring.log.entries import NewEntry

MAX_CASES = 5_000  # of the latest open ones, which are routed again at once
AT_ONCE = 500
REROUTED = "the queues of its event type were changed"


def reroute_cases(event_type: str, *, actor: str, now: datetime) -> int:
    """Move the open cases of a type to the queues that would take them now; how many changed their queue.

    Cases that somebody has claimed, that are assigned, or that no queue takes stay where they are. The SLA of
    the new queue counts from the opening of the case.
    """
    queues = list(ReviewQueue.objects.in_use().filter(event_type=event_type))
    open_ones = Case.objects.free(now).filter(event_type=event_type, assigned_to="", quality_check="")
    positions = list(open_ones.order_by("-event_position").values_list("pk", flat=True)[:MAX_CASES])
    return sum(
        _reroute(event_type, positions[start : start + AT_ONCE], queues, actor=actor, now=now)
        for start in range(0, len(positions), AT_ONCE)
    )


def _reroute(
    event_type: str, positions: Sequence[int], queues: Sequence[ReviewQueue], *, actor: str, now: datetime
) -> int:
    with transaction.atomic():
        free = Case.objects.free(now).filter(pk__in=positions, assigned_to="", quality_check="")
        cases = list(free.select_for_update(skip_locked=True).order_by("pk"))
        named = {case.event_stream: case.queue for case in cases if not case.queue_version}
        routed = route_events(event_type, [case.event_stream for case in cases], queues, named=named, now=now)
        moved = [(case, routed[case.event_stream]) for case in cases if case.event_stream in routed]
        entries = [_moved(case, to, actor=actor) for case, to in moved if _differs(case, to)]
        append(entries, now=now)
    return len(entries)


def _differs(case: Case, to: Routed) -> bool:
    return bool(to.queue) and (case.queue, case.queue_version) != (to.queue, to.number)


def _moved(case: Case, to: Routed, *, actor: str) -> NewEntry:
    return NewEntry(
        stream=f"case/{case.event_stream}",
        expected_version=case.version,
        type="case.transferred",
        data={"event_position": case.pk, "reviewer": "", "reason": REROUTED, **to.as_data()},
        metadata={"actor": actor},
    )
