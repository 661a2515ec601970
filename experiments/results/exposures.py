"""Exposures: which unit was in which arm, with its decision and label. Kept up to date by a log consumer."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from experiments.models import Experiment, ExperimentResult, Exposure
from scoring.intake.models import Label
from scoring.log.consumers.registry import Consumer
from scoring.log.entries import Entry
from scoring.log.read import read_streams
from scoring.registry.routes import share_point
from scoring.sql.bulk_tables import BulkTable, Row, insert_rows, mogrify_rows
from scoring.timestamps import from_iso

_EXPOSURES = BulkTable.of(Exposure)
_RESULTS = ExperimentResult._meta.db_table

_RELABEL = f"""
UPDATE {_EXPOSURES.name} AS exposure SET label = given.label, labelled_at = given.labelled_at
FROM (VALUES {{rows}}) AS given (position, label, labelled_at)
WHERE exposure.event_position = given.position RETURNING exposure.experiment
"""  # noqa: S608 (built from constants; values are parameters)
_COUNT_CHANGE = f"""
INSERT INTO {_RESULTS} AS result (experiment, changes, computed_changes, data) VALUES {{rows}}
ON CONFLICT (experiment) DO UPDATE SET changes = result.changes + 1
"""  # noqa: S608


class EffectiveLabel(NamedTuple):
    """The effective label of an event, and since when it is known."""

    label: str | None
    labelled_at: datetime


def unit_hash(value: str) -> int:
    """A signed 64-bit hash of a unit's value, which identifies the unit without personal data.

    >>> unit_hash("customer-7")
    -6003889847640476248
    """
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "big", signed=True)


def follow_exposures(entries: Sequence[Entry], *, now: datetime) -> None:
    """Store the exposures among `entries` and the current effective labels, in the caller's transaction."""
    exposed = [entry for entry in entries if is_exposure(entry)]
    labeled = [entry for entry in entries if entry.type != "decision.made"]
    changed = _add_exposures(exposed) | _relabel({entry.data["event"] for entry in labeled})
    _count_changes(changed)


def is_exposure(entry: Entry) -> bool:
    """Whether a decision was made in an experiment for an event that has the unit."""
    return entry.type == "decision.made" and bool(entry.data["experiment"]) and bool(entry.data["unit"])


def arm_of(unit: str, experiment: Experiment) -> str:
    """The arm a unit is assigned to, whichever model decided (intention to treat).

    If the treatment's model fails, the champion or the failure policy decides, and the result still counts
    for the treatment.
    """
    treated = share_point(experiment.salt, unit) < experiment.share
    return Exposure.Arm.TREATMENT.value if treated else Exposure.Arm.CONTROL.value


def _add_exposures(entries: Sequence[Entry]) -> set[str]:
    """Returns the names of the experiments that got exposures."""
    if not entries:
        return set()
    names = {entry.data["experiment"] for entry in entries}
    experiments = Experiment.objects.in_bulk(names)
    labels = _effective_labels({entry.stream for entry in entries})
    rows = [_row(entry, experiments[entry.data["experiment"]], labels.get(entry.stream)) for entry in entries]
    insert_rows(connection, _EXPOSURES, rows)
    return names


def _row(entry: Entry, experiment: Experiment, label: EffectiveLabel | None) -> Row:
    data = entry.data
    return {
        "event_position": data["event_position"],
        "experiment": experiment.name,
        "arm": arm_of(data["unit"], experiment),
        "unit": unit_hash(data["unit"]),
        "outcome": data["outcome"],
        "score": data["score"],
        "stake": data["stake"],
        "decided_at": from_iso(data["decided_at"]),
        "label": label.label if label else None,
        "labelled_at": label.labelled_at if label else None,
    }


def _relabel(streams: Collection[str]) -> set[str]:
    """Write the effective labels of `streams` to their exposures; returns the experiments affected."""
    streams = _of_types_with_experiments(streams)
    if not streams:
        return set()
    labels = _effective_labels(streams)
    received = read_streams(sorted(streams), version=1)  # without streams whose label came before the event
    rows = [(received[stream][0].position, *labels[stream]) for stream in sorted(received)]
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_RELABEL.format(rows=mogrify_rows(cursor, rows)))
        return {name for (name,) in cursor.fetchall()}


def _of_types_with_experiments(streams: Collection[str]) -> set[str]:
    """The streams whose event type ever had an experiment; skips most labels of loaded history."""
    types = {stream.split("/", 1)[0] for stream in streams}
    if not types:
        return set()
    known = set(Experiment.objects.filter(event_type__in=types).values_list("event_type", flat=True))
    return {stream for stream in streams if stream.split("/", 1)[0] in known}


def _effective_labels(streams: Collection[str]) -> dict[str, EffectiveLabel]:
    """The current effective label by stream, even if this consumer is still at an earlier log entry.

    The log is read in transaction order, which may swap two labels of one event; the newest row is right.
    """
    newest = Label.objects.filter(event_stream__in=streams).order_by("event_stream", "-position")
    rows = newest.distinct("event_stream").values_list("event_stream", "effective", "known_at")
    return {stream: EffectiveLabel(label, known_at) for stream, label, known_at in rows}


def _count_changes(experiments: Collection[str]) -> None:
    if not experiments:
        return
    rows = [(name, 1, -1, "{}") for name in sorted(experiments)]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_CHANGE.format(rows=mogrify_rows(cursor, rows)))


def forget_exposures() -> None:
    """Empty the table, and the results computed from it."""
    Exposure.objects.all().delete()
    ExperimentResult.objects.all().delete()


EXPOSURES = Consumer(
    name="experiments.exposures",
    types=frozenset({"decision.made", "label.recorded", "label.retracted"}),
    handle=follow_exposures,
    reset=forget_exposures,
)
