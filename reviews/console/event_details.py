"""Everything known about one event, and the history of an entity."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.console.entity_index import EntityRef, entities_of, events_of_entity
from scoring.catalog.registry import event_type
from scoring.decisions.models import Decision
from scoring.intake.answers import current_version, fields_as_sent
from scoring.intake.labels import said_by_source
from scoring.intake.models import Amendment, Event, Label
from scoring.lanes.amendments import CORRECTED, ENRICHED, RETRACTED
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.errors import EntryNotFound
from scoring.log.read import read_positions, read_streams
from scoring.timestamps import from_iso


class SourceLabel(NamedTuple):
    """A label that a source gave an event; `value` None retracts the source's earlier label."""

    value: str | None
    source: str
    known_at: datetime
    actor: str


class FieldChange(NamedTuple):
    """A field before and after a correction, as sent: "" where it was absent, a digest if personal."""

    field: str
    before: Any
    after: Any
    personal: bool


class AmendmentDetail(NamedTuple):
    """A correction with its changes, or the retraction (`version` 0). `actor` is as logged."""

    version: int
    reason: str
    actor: str
    at: datetime
    changes: list[FieldChange]


class EventDetail(NamedTuple):
    """One event with all its decisions, labels and amendments, each in log order.

    `fields` are as sent or corrected; `personal` are the fields kept in the vault ("" when erased). `stake`
    is in minor units of `currency`. `label` is the effective one, None without any; `standing` is the current
    label of each source; `conflict`: sources disagree. `amendments` are corrections and the retraction.
    `signals` are those of the latest version by column; `external`: how each external one was answered.
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
    labels: list[SourceLabel]
    label: str | None
    standing: dict[str, str]
    conflict: bool
    amendments: list[AmendmentDetail]
    is_retracted: bool
    signals: dict[str, Any]
    external: dict[str, dict[str, Any]]

    @property
    def decision(self) -> Entry | None:
        """The latest decision, None for an event that was never decided."""
        return self.decisions[-1] if self.decisions else None


class HistoryRow(NamedTuple):
    """An event of an entity: `outcome` "" and `score` None without a decision; the effective `label`."""

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
    is_retracted: bool = False


def event_detail(position: int) -> EventDetail:
    """The event received at `position`, in five queries. Raises `EntryNotFound`."""
    event = Event.objects.filter(position=position).first()
    if event is None:
        raise EntryNotFound(position)
    streams = read_streams([event.stream, f"label/{event.stream}"])
    stream = streams[event.stream]
    held = current_version(stream).data
    said = [entry for entry in streams.get(f"label/{event.stream}", ()) if entry.type in LABEL_TYPES]
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
        fields=fields_as_sent(held, computed=True),
        personal=_personal(held),
        currency=kind.base_currency,
        stake=kind.stake(held["fields"]),
        entities=entities_of(held),
        decisions=[entry for entry in stream if entry.type.startswith("decision.")],
        labels=[_source_label(entry) for entry in said],
        label=said[-1].data["effective"] if said else None,
        standing=(standing := said_by_source(said)),
        conflict=len(set(standing.values())) > 1,
        amendments=_amendments(stream),
        is_retracted=event.retracted_at is not None,
        signals=dict(held.get("signals", {})),
        external=dict(held.get("external", {})),
    )


class CurrentReceipt(NamedTuple):
    """A received event: its receipt, and the data of its latest version."""

    receipt: Entry
    data: Mapping[str, Any]
    is_retracted: bool


def entity_history(
    kind: str,
    value: str,
    *,
    before: int | None = None,
    limit: int = 50,
    event_types: Collection[str] | None = None,
) -> list[HistoryRow]:
    """The events of an entity (`EntityRef.value`) as corrected, newest first, in a few queries.

    `event_types`: only events of these types, None for all. The next page begins before the position of the
    last row.
    """
    found = events_of_entity(kind, value, before=before, limit=limit, event_types=event_types)
    return history_rows(current_receipts(found))


def current_receipts(positions: Sequence[int]) -> list[CurrentReceipt]:
    """The events received at these positions as corrected, in this order. Raises `EntryNotFound`."""
    receipts = read_positions(positions)
    versions, retracted = amended([entry.position for entry in receipts])
    return [
        CurrentReceipt(entry, versions.get(entry.position, entry).data, entry.position in retracted)
        for entry in receipts
    ]


def history_rows(events: Sequence[CurrentReceipt]) -> list[HistoryRow]:
    """The events with their outcomes, scores and labels, in the same order."""
    decisions = current_decisions([each.receipt.position for each in events])
    labels = effective_labels([each.receipt.stream for each in events])
    return [
        _history_row(
            each.receipt,
            each.data,
            decisions.get(each.receipt.position),
            labels.get(each.receipt.stream),
            is_retracted=each.is_retracted,
        )
        for each in events
    ]


def amended(positions: Sequence[int]) -> tuple[dict[int, Entry], set[int]]:
    """The latest amended version by event position, and the positions of retracted events."""
    found = Amendment.objects.filter(event_position__in=positions).order_by("position")
    kinds = list(found.values_list("kind", "event_position", "position"))
    latest = {event: position for kind, event, position in kinds if kind != Amendment.Kind.RETRACTION}
    corrections = read_positions(list(latest.values()))
    versions = {entry.data["event_position"]: entry for entry in corrections}
    return versions, {event for kind, event, _ in kinds if kind == Amendment.Kind.RETRACTION}


def _amendments(stream: Sequence[Entry]) -> list[AmendmentDetail]:
    found, before = [], stream[0]
    for entry in stream:
        if entry.type == CORRECTED:
            found.append(_amendment(entry, entry.data["version"], _changes(before.data, entry.data)))
            before = entry
        elif entry.type == ENRICHED:
            before = entry
        elif entry.type == RETRACTED:
            found.append(_amendment(entry, 0, []))
    return found


def _amendment(entry: Entry, version: int, changes: list[FieldChange]) -> AmendmentDetail:
    actor = str(entry.metadata.get("actor", ""))
    return AmendmentDetail(version, entry.data["reason"], actor, entry.recorded_at, changes)


def _changes(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> list[FieldChange]:
    declared, both = event_type(later["type"]).fields, (earlier, later)
    as_sent = [{"occurred_at": each["occurred_at"], **fields_as_sent(each)} for each in both]
    changes = []
    for name in later["changed"]:
        personal = name in declared and declared[name].personal
        before, after = (
            each.get(name, "") for each in ([e["fields"] for e in both] if personal else as_sent)
        )
        changes.append(FieldChange(name, before, after, personal))
    return changes


def current_decisions(positions: Sequence[int]) -> dict[int, Decision]:
    """The latest decision of each event that was decided, by the event's position."""
    found = Decision.objects.filter(event_position__in=positions).order_by("revision")
    return {decision.event_position: decision for decision in found}


def effective_labels(streams: Sequence[str]) -> dict[str, str | None]:
    """The effective label of each event stream that ever had one; None once every label was retracted."""
    found = Label.objects.filter(event_stream__in=streams).order_by("position")
    return dict(found.values_list("event_stream", "effective"))


def _history_row(
    received: Entry,
    data: Mapping[str, Any],
    decision: Decision | None,
    label: str | None,
    *,
    is_retracted: bool,
) -> HistoryRow:
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
        is_retracted=is_retracted,
    )


def _personal(receipt: Mapping[str, Any]) -> dict[str, str]:
    """The personal fields of an event, as sent."""
    declared = event_type(receipt["type"]).fields
    digests = {
        name: value
        for name, value in receipt["fields"].items()
        if name in declared and declared[name].personal
    }
    values = vault.reveal(digests.values())
    return {name: values.get(digest, "") for name, digest in digests.items()}


def _source_label(entry: Entry) -> SourceLabel:
    data = entry.data
    return SourceLabel(
        data["value"], data["source"], from_iso(data["known_at"]), str(entry.metadata.get("actor", ""))
    )
