"""Paginated lists of a sender's held labels and parked events."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from scoring.api.keys.issue import Sender
from scoring.catalog.registry import event_types
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.lanes.models import Pending
from scoring.log.entries import LAST_POSITION

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 100, 1_000


@dataclass(frozen=True, slots=True)
class Paging:
    """At most `limit` rows after the position `after`."""

    after: int
    limit: int


def read_paging(parameters: Mapping[str, str]) -> Paging:
    """The page that the query parameters `after` and `limit` ask for. Raises `InvalidRequest`."""
    problems: list[RequestProblem] = []
    after = _read_whole(parameters, "after", default=0, minimum=0, maximum=LAST_POSITION, problems=problems)
    limit = _read_whole(
        parameters, "limit", default=DEFAULT_PAGE_SIZE, minimum=1, maximum=MAX_PAGE_SIZE, problems=problems
    )
    if problems:
        raise InvalidRequest(problems)
    return Paging(after=after, limit=limit)


def list_pending(state: str, *, sender: Sender, paging: Paging) -> tuple[list[Pending], int | None]:
    """A sender's rows in a state, oldest first, and the position to continue after (None: no more rows).

    Only rows of the event types that its key allows.
    """
    own = Q()
    for name in sender.event_types or event_types():
        own |= Q(event_stream__startswith=f"{name}/{sender.source}/")
    rows = list(
        Pending.objects.filter(own, state=state, position__gt=paging.after).order_by("position")[
            : paging.limit + 1
        ]
    )
    more = len(rows) > paging.limit
    return rows[: paging.limit], rows[paging.limit - 1].position if more else None


def _read_whole(
    parameters: Mapping[str, str],
    name: str,
    *,
    default: int,
    minimum: int,
    maximum: int,
    problems: list[RequestProblem],
) -> int:
    text = parameters.get(name, str(default))
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not minimum <= value <= maximum:
        problems.append(RequestProblem(name, f"{text[:30]!r} is out of range", f"{minimum} to {maximum}"))
    return value
