"""The wire format of an event and its decision, built from the entries of its stream.

Rooms above add what they know of an event: a module `answer_parts` registers it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from scoring.catalog.currency import decimal_text
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.discovery import discover
from scoring.intake.errors import EventNotFound
from scoring.lanes.amendments import CORRECTED, RECEIVED, RETRACTED, VERSIONS
from scoring.lanes.entry_types import LABEL_TYPES
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

DECISION_FIELDS = (
    "outcome",
    "score",
    "basis",
    "cause",
    "model",
    "decided_by",
    "reasons",
    "thresholds",
    "ruleset",
    "policy",
    "breaker",
    "exploration",
    "held",
    "decided_at",
    "revision",
)
OPTIONAL = ("policy", "breaker", "exploration", "held")  # absent where they say nothing
REASON_FIELDS = ("source", "code", "text", "value", "usual", "contribution", "feature")
OF_FEATURES = dict.fromkeys(("value", "usual", "contribution", "feature"))  # a list, bank or rule has none


AnswerPart = Callable[[Entry], dict[str, Any] | None]
_parts: dict[str, AnswerPart] = {}


def register_part(name: str, part: AnswerPart) -> None:
    """Answer `name` with what `part` says about an event, given its receipt. Raises ValueError if taken."""
    if _parts.setdefault(name, part) is not part:
        raise ValueError(f"there are two parts of an answer named {name!r}")


@cache
def _registered_parts() -> dict[str, AnswerPart]:
    discover("answer_parts")
    return _parts


def decision_from(data: Mapping[str, Any]) -> dict[str, Any]:
    """A decision as clients see it, from the data of `decision.made` or `decision.revised`.

    The order of the keys is fixed, so a repeated answer is the same text, whether from memory or from the
    log.
    """
    thresholds = data["thresholds"]
    told = {
        **data,
        **{field: _in_order(data.get(field)) for field in OPTIONAL},
        "ruleset": data.get("ruleset"),
        "decided_by": decided_by(data),
        "reasons": reasons_from(data),
        "thresholds": thresholds and dict(sorted(thresholds.items(), key=_value_and_name)),
    }
    answer = {field: told[field] for field in DECISION_FIELDS}
    return {**answer, "policies": _heads_from(data["policies"])} if data.get("policies") else answer


def _heads_from(heads: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the heads of the model say of each policy."""
    return {
        policy: {
            "score": head["score"],
            "outcome": head["outcome"],
            "thresholds": dict(sorted(head["thresholds"].items(), key=_value_and_name)),
            "policy": _in_order(head.get("policy")),
            "reasons": [_named(reason, *REASON_FIELDS[1:]) for reason in head["reasons"]],
        }
        for policy, head in sorted(heads.items())
    }


def _in_order(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """By key, as the log has it."""
    return None if told is None else dict(sorted(told.items()))


def decided_by(decision: Mapping[str, Any]) -> str:
    """What decided: "list", "bank", "rule", "model", or "policy" if there was no score."""
    without_rules = "model" if decision["basis"] == "model" else "policy"
    return str(decision.get("decided_by", without_rules))


def reasons_from(decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons of a decision: lists, banks and rules that asked for an outcome, then features."""
    findings = [each for each in decision.get("findings", ()) if asked_for_outcome(each)]
    return [
        *({"source": each["kind"], **_named(each, "code", "text"), **OF_FEATURES} for each in findings),
        *({"source": "model", **_named(reason, *REASON_FIELDS[1:])} for reason in decision["reasons"]),
    ]


def _named(data: Mapping[str, Any], *fields: str) -> dict[str, Any]:
    return {field: data[field] for field in fields}


def asked_for_outcome(finding: Mapping[str, Any]) -> bool:
    """Whether a finding took part in deciding: not one in shadow, nor a tag."""
    return finding["stage"] == "active" and bool(finding["outcome"])


def _value_and_name(threshold: tuple[str, float]) -> tuple[float, str]:
    name, value = threshold
    return value, name


def compose_answer(
    *, event: Mapping[str, Any], received_at: datetime, made: Mapping[str, Any] | None, parked: bool = False
) -> dict[str, Any]:
    """The answer to a submission: the event (data of its receipt) and its first decision, if there is one."""
    return {
        "id": event["id"],
        "type": event["type"],
        "status": _status(event, decided=made is not None, parked=parked),
        "occurred_at": event["occurred_at"],
        "received_at": to_iso(received_at),
        "decision": decision_from(made) if made is not None else None,
    }


def answer_from(received: Entry, later: Sequence[Entry]) -> dict[str, Any]:
    """`compose_answer` from the entries of a stream. Later revisions do not change the answer."""
    made = next((entry for entry in later if entry.type == "decision.made"), None)
    return compose_answer(
        event=received.data,
        received_at=received.recorded_at,
        made=made.data if made else None,
        parked=any(entry.type == "event.parked" for entry in later),
    )


def answer_from_stream(stream: Sequence[Entry]) -> dict[str, Any]:
    """`answer_from` for a whole stream, which begins with the receipt."""
    return answer_from(stream[0], stream[1:])


def answer_for(stream: str) -> dict[str, Any]:
    """Everything known about an event: its current version, the first and the current decision, revisions,
    labels, corrections and its retraction.

    Raises EventNotFound when nothing was received under this stream.
    """
    entries = read_stream(stream)
    if not entries:
        raise EventNotFound(stream)
    revisions = [decision_from(entry.data) for entry in entries if entry.type == "decision.revised"]
    answer = answer_from_stream(entries)
    labels = [entry for entry in read_stream(f"label/{stream}") if entry.type in LABEL_TYPES]
    version, retraction = current_version(entries), retraction_in(entries)
    return {
        **answer,
        "status": _current_status(answer, entries),
        "occurred_at": version.data["occurred_at"],
        "fields": fields_as_sent(version.data),
        **_computed_from(version.data),
        "history": entries[0].data["history"],
        "version": version.data.get("version", 1),
        "corrections": [_correction_from(entry) for entry in entries if entry.type == CORRECTED],
        "retraction": retraction and _amendment_from(retraction),
        "current_decision": revisions[-1] if revisions else answer["decision"],
        "revisions": revisions,
        "label": labels[-1].data["effective"] if labels else None,
        "labels": [_label_from(entry) for entry in labels],
        **_policies_from(event_type(version.data["type"]), labels),
        **{name: part(entries[0]) for name, part in _registered_parts().items()},
    }


def current_version(stream: Sequence[Entry]) -> Entry:
    """The entry with the current version of an event: its receipt or the latest correction."""
    return next(entry for entry in reversed(stream) if entry.type in VERSIONS)


def retraction_in(stream: Sequence[Entry]) -> Entry | None:
    """The entry that retracted the event, or None."""
    return next((entry for entry in stream if entry.type == RETRACTED), None)


def is_undecided(stream: Sequence[Entry]) -> bool:
    """Whether the lane has yet to decide the current version of an event."""
    version = current_version(stream)
    if retraction_in(stream) or version.data["history"] or not event_type(version.data["type"]).scored:
        return False
    if version.type == RECEIVED:
        return not any(entry.type == "decision.made" for entry in stream)
    return not any(entry.data.get("event_version") == version.position for entry in stream)


def fields_as_sent(event: Mapping[str, Any], *, computed: bool = False) -> dict[str, Any]:
    """The fields of a receipt as in a payload, without personal ones; `computed` ones, if wanted, too."""
    declared = event_type(event["type"]).fields
    shown: dict[str, Any] = {}
    for name, value in event["fields"].items():
        if isinstance(value, dict):  # money
            shown["currency"] = value["currency"]
            shown[name] = decimal_text(value["minor"], value["currency"])
        elif name in declared and not declared[name].personal:
            if declared[name].computed and not computed:
                continue
            shown[name] = declared[name].as_sent(value)
    return shown


def _computed_from(event: Mapping[str, Any]) -> dict[str, Any]:
    """What was computed of an event, without personal values; of an event type that computes something."""
    declared = event_type(event["type"]).computed_fields
    shown = {
        name: event["fields"][name]
        for name, field in declared.items()
        if name in event["fields"] and not field.personal
    }
    return {"computed": shown} if declared else {}


def _current_status(answer: Mapping[str, Any], stream: Sequence[Entry]) -> str:
    if retraction_in(stream):
        return "retracted"
    version = current_version(stream)
    if version.type == RECEIVED:
        return str(answer["status"])
    if not is_undecided(stream):
        return "decided" if any(entry.type == "decision.made" for entry in stream) else "recorded"
    parked = any(e.type == "event.parked" and e.data["position"] == version.position for e in stream)
    return "parked" if parked else "pending"


def _correction_from(entry: Entry) -> dict[str, Any]:
    return {"version": entry.data["version"], "changed": entry.data["changed"], **_amendment_from(entry)}


def _amendment_from(entry: Entry) -> dict[str, Any]:
    return {"reason": entry.data["reason"], "recorded_at": to_iso(entry.recorded_at)}


def _policies_from(kind: type[EventType], labels: Sequence[Entry]) -> dict[str, list[str]]:
    """The policies of the current label, of an event type that has policies."""
    if not kind.policies:
        return {}
    return {"policies": list(labels[-1].data.get("effective_policies", ())) if labels else []}


def _label_from(entry: Entry) -> dict[str, Any]:
    named = entry.data.get("policies")
    return {
        "label": entry.data["value"],
        "retracted": entry.type == "label.retracted",
        "source": entry.data["source"],
        "known_at": entry.data["known_at"],
        "reported_at": entry.data.get("reported_at"),
        "recorded_at": to_iso(entry.recorded_at),
        **({"policies": named} if named else {}),
    }


def _status(event: Mapping[str, Any], *, decided: bool, parked: bool) -> str:
    if decided:
        return "decided"
    if parked:
        return "parked"
    return "pending" if event_type(event["type"]).scored and not event["history"] else "recorded"
