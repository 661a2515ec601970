"""The history of a model version: the entries of its own stream and its arms in its event type's route."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from scoring.admin_kit import formatting
from scoring.log.entries import Entry
from scoring.registry.models import ModelVersion


@dataclass(frozen=True)
class ModelHistoryLine:
    """A log entry as a line of a version's history."""

    at: datetime
    actor: str
    what: str
    note: str = ""


def history_of(version: ModelVersion, own: Sequence[Entry], route: Sequence[Entry]) -> list[ModelHistoryLine]:
    """The history of a version, newest first: its own entries and the changes to its arm."""
    found = [(entry.position, _own_line(entry)) for entry in own]
    found += _route_lines(version.name, route)
    return [line for _, line in sorted(found, key=itemgetter(0), reverse=True)]


def _own_line(entry: Entry) -> ModelHistoryLine:
    data = entry.data
    actor = data.get("by") or data.get("trained_by") or entry.metadata.get("actor", "")
    if entry.type == "model.checked":
        passed = sum(check["passed"] for check in data["checks"])
        return ModelHistoryLine(
            entry.recorded_at, "the gate", f"checked: {passed} of {len(data['checks'])} passed"
        )
    what = entry.type.removeprefix("model.")
    if failed := data.get("failed_checks"):
        names = ", ".join(failed)
        what += f" despite failed checks ({names})" if what == "approved" else f"; failed checks: {names}"
    return ModelHistoryLine(entry.recorded_at, actor, what, data.get("note", ""))


def _route_lines(name: str, route: Sequence[Entry]) -> list[tuple[int, ModelHistoryLine]]:
    """The changes to the version's arm, each with its log position."""
    lines, before = [], None
    for entry in route:
        arm = next((arm for arm in entry.data["arms"] if arm["model"] == name), None)
        now = (arm["role"], arm["share"]) if arm else None
        if now != before:
            actor = entry.metadata.get("actor", "")
            reason = entry.data["reason"]
            note = "" if now and reason.startswith(now[0]) else reason  # no repetition: "canary of 10 %"
            line = ModelHistoryLine(entry.recorded_at, actor, _arm_in_words(now), note)
            lines.append((entry.position, line))
        before = now
    return lines


def _arm_in_words(arm: tuple[str, float] | None) -> str:
    if arm is None:
        return "removed from the route"
    role, share = arm
    return f"{role} of {formatting.percent_text(share, 0 if share in (0, 1) else 1)} of the traffic"
