"""The projection of experiments: how each entry of a stream `experiment/{name}` changes its row."""

from experiments.models import Experiment
from scoring.log.entries import Entry
from scoring.log.projections import fold_into
from scoring.sql.bulk_tables import Row


def _name(entry: Entry) -> str:
    return entry.stream.removeprefix("experiment/")


@fold_into("experiment.started", Experiment, key=_name)
def started(row: Row | None, entry: Entry) -> Row:
    data = entry.data
    return {
        "name": _name(entry),
        "event_type": data["event_type"],
        "state": Experiment.State.RUNNING.value,
        "hypothesis": data["hypothesis"],
        "control": data["control"],
        "treatment": data["treatment"],
        "share": data["share"],
        "unit": data["unit"],
        "salt": data["salt"],
        "route_version": data["route_version"],
        "primary_metric": data["primary_metric"],
        "plan": data["plan"],
        "started_by": data["started_by"],
        "started_at": entry.recorded_at,
        "ended_by": "",
        "ended_at": None,
        "reason": "",
        "winner": "",
    }


@fold_into("experiment.stopped", Experiment, key=_name)
def stopped(row: Row | None, entry: Entry) -> Row:
    return _ended(row, entry, Experiment.State.STOPPED) | {
        "ended_by": entry.data["by"],
        "reason": entry.data["reason"],
        "winner": entry.data["winner"],
    }


@fold_into("experiment.interrupted", Experiment, key=_name)
def interrupted(row: Row | None, entry: Entry) -> Row:
    return _ended(row, entry, Experiment.State.INTERRUPTED) | {
        "ended_by": entry.data["by"],
        "reason": entry.data["why"],
    }


def _ended(row: Row | None, entry: Entry, state: Experiment.State) -> Row:
    if row is None:
        raise ValueError(f"{entry.stream} ends before it starts")
    return row | {"state": state.value, "ended_at": entry.recorded_at}
