"""Labels that lists do not show to a user, as rooms above say: those of events to be judged blind."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


class Withheld(NamedTuple):
    """The events whose labels are withheld from a user, as queries: positions and streams."""

    positions: QuerySet[Any, Any]
    streams: QuerySet[Any, Any]


FindWithheld = Callable[[str], Withheld]  # by user name
_finds: list[FindWithheld] = []


def register_withheld(find: FindWithheld) -> None:
    """Leave out of lists what `find` gives; registering it again changes nothing."""
    if find not in _finds:
        _finds.append(find)


def without_withheld(
    rows: QuerySet[Row], user_name: str, *, position: str = "", stream: str = ""
) -> QuerySet[Row]:
    """The rows whose events' labels a user may see; `position` or `stream` names the column of the event."""
    for find in _finds:
        withheld = find(user_name)
        found = withheld.positions if position else withheld.streams
        rows = rows.exclude(**{f"{position or stream}__in": found})
    return rows
