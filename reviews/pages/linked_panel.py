"""The events that a case has joined to it, to be decided with it; or the case that this one has joined."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from reviews.console.event_details import EventDetail
from reviews.models import Case
from reviews.queue.linking import MAX_LINKED, shared_entities
from scoring.catalog.registry import event_type
from scoring.declare.spelling import words_of
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.timestamps import from_iso


class LinkedEvent(NamedTuple):
    """Another event of the case. `shares`: "same card"; `chosen`: ticked to get the verdict too."""

    case: Case
    id: str
    occurred_at: datetime
    shares: str
    chosen: bool


class LinkedPanel(NamedTuple):
    """The events that joined a case, oldest first, with all stakes together; `lead`: the case it joined."""

    events: Sequence[LinkedEvent]
    stake: int | None
    lead: Case | None


def linked_panel(case: Case, detail: EventDetail, *, chosen: Collection[int]) -> LinkedPanel | None:
    """What is linked with a case; None without anything. All are ticked unless some were `chosen` before."""
    if not case.linked and case.joined_to is None:
        return None
    lead = Case.objects.pending().filter(pk=case.joined_to).first() if case.joined_to else None
    joined = list(Case.objects.pending().filter(joined_to=case.pk).order_by("pk")[:MAX_LINKED])
    if not joined:
        return LinkedPanel([], None, lead) if lead else None
    own, *others = read_positions([case.pk, *(each.pk for each in joined)])
    events = [
        _event(each, receipt, own, chosen=not chosen or each.pk in chosen)
        for each, receipt in zip(joined, others, strict=True)
    ]
    stakes = [each.stake for each in (case, *joined) if each.stake is not None]
    return LinkedPanel(events, sum(stakes) if stakes else None, lead)


def _event(case: Case, receipt: Entry, own: Entry, *, chosen: bool) -> LinkedEvent:
    shared = shared_entities(event_type(case.event_type), receipt.data["fields"], own.data["fields"])
    return LinkedEvent(
        case=case,
        id=str(receipt.data["id"]),
        occurred_at=from_iso(receipt.data["occurred_at"]),
        shares=f"same {' and '.join(map(words_of, shared))}" if shared else "linked by another event",
        chosen=chosen,
    )
