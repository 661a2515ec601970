"""Cases of several events: an event sent to review joins the open case of another one with a common entity.

Each event keeps a case of its own, with its own verdict and label. One that joined another is not offered by
itself while that one, the lead, is pending; the lead ranks by the expected loss of all, and by its own age,
which is the greatest. Which entities link events is declared by the event type (`case_entities`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum

from reviews.console.entity_index import entity_key
from reviews.models import Case
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_positions

MAX_LINKED = 50  # events that join one case
ACTOR = "case_linking"


@dataclass(slots=True)
class Lead:
    """A pending case that others may join, and what joined it so far. `version`: of its stream; `is_new`: it
    is about to be opened.
    """

    stream: str
    position: int
    version: int
    linked: int = 0
    loss: int = 0
    is_new: bool = False
    changed: bool = False

    def take(self, opening: NewEntry) -> None:
        self.linked += 1
        self.loss += opening.data["expected_loss"]
        self.changed = True

    def entry(self) -> NewEntry:
        return _linked(self.stream, self.position, self.version, linked=self.linked, loss=self.loss)


def window() -> timedelta:
    """For how long an open case takes further events; zero where cases have one event each."""
    return timedelta(hours=settings.CASE_GROUP_HOURS)


def link_openings(openings: Sequence[NewEntry], *, now: datetime) -> tuple[list[NewEntry], list[Lead]]:
    """Openings of cases, each joined to a pending case that shares an entity, and the leads.

    The leads that were pending before are locked. Only cases of events sent to review are joined.
    """
    linkable = [each for each in openings if _is_linkable(each)]
    if not window() or not linkable:
        return list(openings), []
    receipts = {each.position: each for each in read_positions([_position(each) for each in linkable])}
    keys = {_position(each): _keys_of(receipts[_position(each)]) for each in linkable}
    leads = _pending_leads(keys.values(), now=now)
    linked = []
    for opening in openings:
        own = keys.get(_position(opening), ())
        linked.append(_link(opening, own, leads) if own else opening)
    return linked, list({lead.position: lead for lead in leads.values()}.values())


def append_links(leads: Iterable[Lead], *, written: Collection[str], now: datetime) -> None:
    """Log what joined each lead; those whose own opening was not among the `written` streams are left out."""
    changed = [lead for lead in leads if lead.changed and (not lead.is_new or lead.stream in written)]
    if changed:
        append([lead.entry() for lead in changed], now=now)


def count_again(positions: Iterable[int | None], *, now: datetime) -> None:
    """Log anew what is linked with these leads, after joined cases were decided, closed or rescored."""
    wanted = {each for each in positions if each is not None}
    if not wanted:
        return
    leads = Case.objects.select_for_update().pending().filter(pk__in=wanted).order_by("pk")
    joined = Case.objects.pending().filter(joined_to__in=wanted).values("joined_to")
    counted = {
        row["joined_to"]: (row["linked"], row["loss"])
        for row in joined.annotate(linked=Count("pk"), loss=Sum("expected_loss"))
    }
    found = [(lead, *counted.get(lead.pk, (0, 0))) for lead in leads]
    entries = [
        _linked(f"case/{lead.event_stream}", lead.pk, lead.version, linked=linked, loss=loss)
        for lead, linked, loss in found
        if (lead.linked, lead.linked_loss) != (linked, loss)
    ]
    if entries:
        append(entries, now=now)


def shared_entities(kind: type[EventType], one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of the linking entities that two events of a type have in common."""
    return [name for name in kind.case_entities if one.get(name) is not None and one[name] == other.get(name)]


def _link(opening: NewEntry, keys: Sequence[str], leads: dict[str, Lead]) -> NewEntry:
    """The opening with its keys, joined to the first lead with room; it leads for its other keys."""
    data: dict[str, Any] = {**opening.data, "group_keys": list(keys)}
    lead = next((leads[key] for key in keys if key in leads and leads[key].linked < MAX_LINKED), None)
    if lead is None:
        lead = Lead(opening.stream, _position(opening), version=1, is_new=True)
    else:
        lead.take(opening)
        data["joined_to"] = lead.position
    for key in keys:
        if key not in leads or leads[key].linked >= MAX_LINKED:
            leads[key] = lead
    return replace(opening, data=data)


def _pending_leads(keys: Iterable[Sequence[str]], *, now: datetime) -> dict[str, Lead]:
    """By key, the oldest pending case that others may join; locked."""
    wanted = sorted({key for each in keys for key in each})
    found = (
        Case.objects.select_for_update()
        .pending()
        .filter(
            joined_to=None, quality_check="", opened_at__gt=now - window(), group_keys__has_any_keys=wanted
        )
    )
    leads: dict[str, Lead] = {}
    for case in sorted(found.order_by("pk"), key=lambda case: (case.opened_at, case.pk)):
        lead = Lead(f"case/{case.event_stream}", case.pk, case.version, case.linked, case.linked_loss)
        for key in case.group_keys:
            leads.setdefault(key, lead)
    return leads


def _is_linkable(opening: NewEntry) -> bool:
    kind = event_type(opening.data["event_type"])
    return bool(kind.case_entities) and opening.data["why"] == Case.Why.REVIEW


def _keys_of(receipt: Entry) -> list[str]:
    """The keys of the entities by which an event joins others; they hold its type."""
    kind, fields = event_type(receipt.data["type"]), receipt.data["fields"]
    entities = [(kind.fields[name], fields.get(name)) for name in kind.case_entities]
    return [
        str(entity_key(f"{kind.name}/{field.kind}", str(value)))
        for field, value in entities
        if isinstance(field, Entity) and value is not None
    ]


def _position(opening: NewEntry) -> int:
    return int(opening.data["event_position"])


def _linked(stream: str, position: int, version: int, *, linked: int, loss: int) -> NewEntry:
    return NewEntry(
        stream=stream,
        expected_version=version,
        type="case.linked",
        data={"event_position": position, "linked": linked, "linked_loss": loss},
        metadata={"actor": ACTOR},
    )
