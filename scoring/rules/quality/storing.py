"""The consumer that keeps the tables of rule quality: each hit, and counts by day."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection, models

from scoring.intake.models import Label
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.rules.quality.counting import Hit, LabelChange, add_label_changes, count_decisions
from scoring.rules.quality.models import DecidedDay, RuleDay, RuleHit, RuleOverlap
from scoring.sql.bulk_tables import insert_values
from scoring.timestamps import from_iso

DECISION = "decision.made"
TYPES = frozenset({DECISION, "label.recorded", "label.retracted"})

_HIT_COLUMNS = tuple(each.name for each in fields(Hit))
_hit_values = attrgetter(*_HIT_COLUMNS)
# The columns that name a row of each table of counts.
_KEYS: dict[type[models.Model], tuple[str, ...]] = {
    DecidedDay: ("event_type", "day"),
    RuleDay: ("event_type", "day", "kind", "name", "number", "stage", "outcome"),
    RuleOverlap: ("event_type", "day", "left", "right"),
}


def add_to_quality(entries: Sequence[Entry], *, now: datetime) -> None:
    """Count first decisions with their findings and the labels of decided events, in one transaction."""
    decisions = [entry for entry in entries if entry.type == DECISION]
    added = count_decisions(decisions, _labels_before(decisions))
    _insert_hits(added.hits)
    changes = _label_changes([entry for entry in entries if entry.type != DECISION])
    if changes:
        add_label_changes(added, changes, _stored_hits({change.event_position for change in changes}))
        _update_labels(changes)
    for model, counted in ((DecidedDay, added.types), (RuleDay, added.rules), (RuleOverlap, added.pairs)):
        _add_counts(model, counted)


def forget_quality() -> None:
    """Delete everything before the log is counted again."""
    for model in (RuleHit, RuleDay, DecidedDay, RuleOverlap):
        model._default_manager.all().delete()


def _labels_before(decisions: Sequence[Entry]) -> dict[str, str | None]:
    """The effective label of each event whose label was recorded before its decision."""
    cursors = {entry.stream: entry.cursor for entry in decisions}
    found = Label.objects.filter(event_stream__in=list(cursors)).values_list("position", flat=True)
    entries = sorted(read_positions(list(found)), key=lambda entry: entry.cursor)
    return {
        entry.data["event"]: entry.data["effective"]
        for entry in entries
        if entry.cursor < cursors[entry.data["event"]]
    }


def _label_changes(labels: Sequence[Entry]) -> list[LabelChange]:
    """The changes of labels whose event had been decided, in order."""
    changed = [entry for entry in labels if entry.data["previous"] != entry.data["effective"]]
    decisions = _decisions_of({entry.data["event"] for entry in changed})
    return [
        _change(entry, decision)
        for entry in changed
        if (decision := decisions.get(entry.data["event"])) and decision.cursor < entry.cursor
    ]


def _decisions_of(streams: Collection[str]) -> dict[str, Entry]:
    """The first decision of each event stream that has one.

    It is nearly always the second entry. History has one entry only, so that reading its labels stays cheap.
    """
    second = {stream: found[0] for stream, found in read_streams(sorted(streams), version=2).items()}
    later = [stream for stream, entry in second.items() if entry.type != DECISION]
    decisions = {stream: entry for stream, entry in second.items() if entry.type == DECISION}
    rest = [entry for entries in read_streams(later).values() for entry in entries]
    return decisions | {entry.stream: entry for entry in rest if entry.type == DECISION}


def _change(label: Entry, decision: Entry) -> LabelChange:
    return LabelChange(
        event_position=decision.data["event_position"],
        event_type=decision.data["event_type"],
        before=label.data["previous"],
        after=label.data["effective"],
        stake=decision.data.get("stake") or 0,
        decided_at=from_iso(decision.data["decided_at"]),
    )


def _insert_hits(hits: Sequence[Hit]) -> None:
    if hits:
        insert_values(connection, RuleHit._meta.db_table, _HIT_COLUMNS, list(map(_hit_values, hits)))


def _stored_hits(positions: Collection[int]) -> Mapping[int, list[Hit]]:
    stored: dict[int, list[Hit]] = defaultdict(list)
    for row in RuleHit.objects.filter(event_position__in=positions).values(*_HIT_COLUMNS):
        stored[row["event_position"]].append(Hit(**row))
    return stored


def _update_labels(changes: Sequence[LabelChange]) -> None:
    """Store the last label of each event with its hits."""
    last = {change.event_position: change.after for change in changes}
    by_label: dict[str | None, list[int]] = defaultdict(list)
    for position, label in last.items():
        by_label[label].append(position)
    for label, positions in by_label.items():
        RuleHit.objects.filter(event_position__in=positions).update(label=label)


def _add_counts(model: type[models.Model], counted: Mapping[Any, Mapping[str, int]]) -> None:
    """Add amounts to the rows of a table of counts, and create missing rows."""
    if not counted:
        return
    keys, table = _KEYS[model], model._meta.db_table
    amounts = [each.column for each in model._meta.concrete_fields if each.column not in ("id", *keys)]
    # sorted, so that two writers cannot deadlock
    rows = [(*key, *(counted[key].get(column, 0) for column in amounts)) for key in sorted(counted)]
    updates = ", ".join(f'"{column}" = {table}."{column}" + EXCLUDED."{column}"' for column in amounts)
    named = ", ".join(f'"{column}"' for column in keys)
    insert_values(connection, table, (*keys, *amounts), rows, f"({named}) DO UPDATE SET {updates}")
