"""Paginated lists of a sender's held labels and parked events."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from scoring.api.keys.issue import Sender
from scoring.catalog.registry import event_types
from scoring.intake.errors import InvalidRequest, RequestProblem
from scoring.lanes.models import Pending
from scoring.log.entries import LAST_POSITION

USUAL_PAGE, LARGEST_PAGE = 100, 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` rows after the position `after`."""

    after: int
    limit: int


def read_page(parameters: Mapping[str, str]) -> Page:
    """The page that the query parameters `after` and `limit` ask for. Raises `InvalidRequest`."""
    problems: list[RequestProblem] = []
    after = _read_whole(parameters, "after", usual=0, least=0, most=LAST_POSITION, problems=problems)
    limit = _read_whole(parameters, "limit", usual=USUAL_PAGE, least=1, most=LARGEST_PAGE, problems=problems)
    if problems:
        raise InvalidRequest(problems)
    return Page(after=after, limit=limit)


def list_pending(state: str, *, sender: Sender, page: Page) -> tuple[list[Pending], int | None]:
    """Rows of one sender in a state, oldest first, and the position to go on after (None: that was all).

    Of the event types its key is for.
    """
    own = Q()
    for name in sender.event_types or event_types():
        own |= Q(event_stream__startswith=f"{name}/{sender.source}/")
    rows = list(
        Pending.objects.filter(own, state=state, position__gt=page.after).order_by("position")[
            : page.limit + 1
        ]
    )
    more = len(rows) > page.limit
    return rows[: page.limit], rows[page.limit - 1].position if more else None


def _read_whole(
    parameters: Mapping[str, str],
    name: str,
    *,
    usual: int,
    least: int,
    most: int,
    problems: list[RequestProblem],
) -> int:
    text = parameters.get(name, str(usual))
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= value <= most:
        problems.append(RequestProblem(name, f"{text[:30]!r} is out of range", f"{least} to {most}"))
    return value
