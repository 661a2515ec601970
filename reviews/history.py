"""What is known of one event, and what else an entity was part of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.entities import EntityRef, entities_of, events_of_entity
from scoring.catalog.registry import event_type
from scoring.decisions.answers import fields_as_sent
from scoring.decisions.labels import SAID, said_by_source
from scoring.decisions.models import Decision, Event, Label
from scoring.errors import EntryNotFound
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.timestamps import from_iso


class Statement(NamedTuple):
    """What one source said of an event; `value` None takes back what it had said before."""

    value: str | None
    source: str
    known_at: datetime
    actor: str


class EventDetail(NamedTuple):
    """One event with everything that was decided and said of it.

    `fields` are as sent; `personal` are those the log does not hold, from the vault ("" when erased). `stake`
    is in minor units of `currency`. `decisions` and `labels` are in the order they came; `label` is the one
    that holds, None for none; `conflict`: sources disagree.
    """

    position: int
    stream: str
    type: str
    source: str
    external_id: str
    occurred_at: datetime
    received_at: datetime
    history: bool
    fields: dict[str, Any]
    personal: dict[str, str]
    currency: str
    stake: int | None
    entities: list[EntityRef]
    decisions: list[Entry]
    labels: list[Statement]
    label: str | None
    conflict: bool

    @property
    def decision(self) -> Entry | None:
        """The decision that holds, None for an event that was not decided."""
        return self.decisions[-1] if self.decisions else None


class HistoryRow(NamedTuple):
    """One event of an entity. `outcome` "" and `score` None where nothing was decided; `label` that holds."""

    position: int
    stream: str
    type: str
    external_id: str
    occurred_at: datetime
    fields: dict[str, Any]
    stake: int | None
    currency: str
    outcome: str
    score: float | None
    label: str | None


def event_detail(position: int) -> EventDetail:
    """The event received at `position`, in five queries. Raises `EntryNotFound` when none was."""
    event = Event.objects.filter(position=position).first()
    if event is None:
        raise EntryNotFound(position)
    streams = read_streams([event.stream, f"label/{event.stream}"])
    received, *later = streams[event.stream]
    said = [entry for entry in streams.get(f"label/{event.stream}", ()) if entry.type in SAID]
    kind = event_type(event.type)
    return EventDetail(
        position=position,
        stream=event.stream,
        type=event.type,
        source=event.source,
        external_id=event.external_id,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        history=event.history,
        fields=fields_as_sent(received.data),
        personal=_personal(received.data),
        currency=kind.base_currency,
        stake=kind.stake(received.data["fields"]),
        entities=entities_of(received.data),
        decisions=[entry for entry in later if entry.type.startswith("decision.")],
        labels=[_statement(entry) for entry in said],
        label=said[-1].data["effective"] if said else None,
        conflict=len(set(said_by_source(said).values())) > 1,
    )


def entity_history(kind: str, value: str, *, before: int | None = None, limit: int = 50) -> list[HistoryRow]:
    """The events of an entity (`EntityRef.value`), newest first, in four queries however many it has.

    The next page begins before the position of the last row.
    """
    receipts = read_positions(events_of_entity(kind, value, before=before, limit=limit))
    decisions = _current_decisions([entry.position for entry in receipts])
    labels = _effective_labels([entry.stream for entry in receipts])
    return [
        _history_row(entry, decisions.get(entry.position), labels.get(entry.stream)) for entry in receipts
    ]


def _current_decisions(positions: Sequence[int]) -> dict[int, Decision]:
    found = Decision.objects.filter(event_position__in=positions).order_by("revision")
    return {decision.event_position: decision for decision in found}


def _effective_labels(streams: Sequence[str]) -> dict[str, str | None]:
    found = Label.objects.filter(event_stream__in=streams).order_by("position")
    return dict(found.values_list("event_stream", "effective"))


def _history_row(received: Entry, decision: Decision | None, label: str | None) -> HistoryRow:
    data = received.data
    kind = event_type(data["type"])
    return HistoryRow(
        position=received.position,
        stream=received.stream,
        type=data["type"],
        external_id=data["id"],
        occurred_at=from_iso(data["occurred_at"]),
        fields=fields_as_sent(data),
        stake=kind.stake(data["fields"]),
        currency=kind.base_currency,
        outcome=decision.outcome if decision else "",
        score=decision.score if decision else None,
        label=label,
    )


def _personal(receipt: Mapping[str, Any]) -> dict[str, str]:
    """The personal fields of an event, as they were sent."""
    declared = event_type(receipt["type"]).fields
    digests = {
        name: value
        for name, value in receipt["fields"].items()
        if name in declared and declared[name].personal
    }
    values = vault.reveal(digests.values())
    return {name: values.get(digest, "") for name, digest in digests.items()}


def _statement(entry: Entry) -> Statement:
    data = entry.data
    return Statement(
        data["value"], data["source"], from_iso(data["known_at"]), str(entry.metadata.get("actor", ""))
    )
