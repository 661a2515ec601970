"""The consumer that keeps the tables of rule quality: each hit, and counts by day."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection, models

from scoring.catalog.registry import event_types
from scoring.intake.models import Label
from scoring.log.entries import Entry
from scoring.log.read import read_positions, read_streams
from scoring.rules.quality.counting import Added, Hit, LabelChange, add_decision, add_label_changes
from scoring.rules.quality.logged import FIRST, REVISED, counts_for_quality
from scoring.rules.quality.models import DecidedDay, RuleDay, RuleHit, RuleOverlap
from scoring.sql.bulk_tables import insert_values

TYPES = frozenset({FIRST, REVISED, "label.recorded", "label.retracted"})

_HIT_COLUMNS = tuple(each.name for each in fields(Hit))
_hit_values = attrgetter(*_HIT_COLUMNS)
# The columns that name a row of each table of counts.
_KEYS: dict[type[models.Model], tuple[str, ...]] = {
    DecidedDay: ("event_type", "day"),
    RuleDay: ("event_type", "day", "kind", "name", "number", "stage", "outcome"),
    RuleOverlap: ("event_type", "day", "left", "right"),
}


def add_to_quality(entries: Sequence[Entry], *, now: datetime) -> None:
    """Count decisions with their findings and the labels of decided events, in one transaction.

    An event counts once: by its first decision, or by the latest one after its media were processed.
    """
    decisions = [entry for entry in entries if counts_for_quality(entry)]
    labels = [entry for entry in entries if entry.type not in (FIRST, REVISED)]
    added, changes = _counted(decisions), _label_changes(labels)
    add_label_changes(added, changes)
    _store_hits(
        added.hits, revised={each.data["event_position"] for each in decisions if each.type == REVISED}
    )
    _update_labels(changes)
    for model, counted in ((DecidedDay, added.types), (RuleDay, added.rules), (RuleOverlap, added.pairs)):
        _add_counts(model, counted)


def forget_quality() -> None:
    """Delete everything before the log is counted again."""
    for model in (RuleHit, RuleDay, DecidedDay, RuleOverlap):
        model._default_manager.all().delete()


def _counted(decisions: Sequence[Entry]) -> Added:
    """What these decisions add, each in place of the one of its event that counted before."""
    added, labels = Added(), _labels_of({entry.stream for entry in decisions})
    counted = _decisions_of({entry.stream for entry in decisions if entry.type == REVISED})
    for entry in decisions:
        label = _last_before(labels.get(entry.stream, ()), entry)
        before = _last_before(counted.get(entry.stream, ()), entry)
        add_decision(
            added,
            entry.data,
            label.data["effective"] if label else None,
            instead_of=before.data if before else None,
        )
    return added


def _labels_of(streams: Collection[str]) -> dict[str, list[Entry]]:
    """The entries of labels of each event stream, in order."""
    found = Label.objects.filter(event_stream__in=streams).values_list("position", flat=True)
    return _by_stream(read_positions(list(found)), stream=lambda entry: str(entry.data["event"]))


def _label_changes(labels: Sequence[Entry]) -> list[LabelChange]:
    """The changes of labels whose event had been decided, in order."""
    changed = [entry for entry in labels if entry.data["previous"] != entry.data["effective"]]
    counted = _decisions_of({entry.data["event"] for entry in changed})
    return [
        LabelChange(entry.data["previous"], entry.data["effective"], decision.data)
        for entry in changed
        if (decision := _last_before(counted.get(entry.data["event"], ()), entry))
    ]


def _decisions_of(streams: Collection[str]) -> dict[str, list[Entry]]:
    """The decisions of each event stream that may count, in order.

    The first one is nearly always the second entry. History has one entry only, so that reading its labels
    stays cheap. Only events with media are decided again after these were processed.
    """
    second = {stream: found[0] for stream, found in read_streams(sorted(streams), version=2).items()}
    whole = [stream for stream, entry in second.items() if entry.type != FIRST or _has_media(entry)]
    rest = [entry for entries in read_streams(whole).values() for entry in entries]
    first = [entry for stream, entry in second.items() if stream not in set(whole)]
    return _by_stream(
        [entry for entry in (*first, *rest) if counts_for_quality(entry)], stream=attrgetter("stream")
    )


def _has_media(decision: Entry) -> bool:
    """Whether events of the type may have media; of a type that left the catalog, too."""
    kind = event_types().get(decision.data["event_type"])
    return kind is None or bool(kind.media_fields)


def _by_stream(entries: Iterable[Entry], *, stream: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=attrgetter("cursor")):
        found[stream(entry)].append(entry)
    return found


def _last_before(entries: Sequence[Entry], entry: Entry) -> Entry | None:
    """The last of these entries, which are in order, that comes before another one."""
    return next((each for each in reversed(entries) if each.cursor < entry.cursor), None)


def _store_hits(hits: Mapping[int, Sequence[Hit]], *, revised: Collection[int]) -> None:
    """Store the hits of events, in place of those of their earlier decisions."""
    if revised:
        RuleHit.objects.filter(event_position__in=revised).delete()
    rows = [_hit_values(hit) for each in hits.values() for hit in each]
    if rows:
        insert_values(connection, RuleHit._meta.db_table, _HIT_COLUMNS, rows)


def _update_labels(changes: Sequence[LabelChange]) -> None:
    """Store the last label of each event with its hits."""
    last = {change.decision["event_position"]: change.after for change in changes}
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
