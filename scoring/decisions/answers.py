"""The wire shape of an event and its decision, built from the entries of its stream."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from scoring.catalog.currency import decimal_text
from scoring.catalog.registry import event_type
from scoring.decisions.labels import SAID
from scoring.errors import EventNotFound
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

DECISION_FIELDS = (
    "outcome",
    "score",
    "basis",
    "cause",
    "model",
    "reasons",
    "thresholds",
    "decided_at",
    "revision",
)
REASON_FIELDS = ("code", "text", "value", "usual", "contribution", "feature")


def decision_from(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a client is told of a decision, from the data of `decision.made` or `decision.revised`.

    Keys have one order, from memory as from the log: a repeated answer is the same text.
    """
    thresholds = data["thresholds"]
    return {
        **{field: data[field] for field in DECISION_FIELDS},
        "reasons": [{field: reason[field] for field in REASON_FIELDS} for reason in data["reasons"]],
        "thresholds": thresholds and {name: thresholds[name] for name in ("review", "block")},
    }


def compose_answer(
    *, event: Mapping[str, Any], received_at: datetime, made: Mapping[str, Any] | None, parked: bool = False
) -> dict[str, Any]:
    """The answer to a submission: the event (data of its receipt) and its first decision, if made by now."""
    return {
        "id": event["id"],
        "type": event["type"],
        "status": _status(event, decided=made is not None, parked=parked),
        "occurred_at": event["occurred_at"],
        "received_at": to_iso(received_at),
        "decision": decision_from(made) if made is not None else None,
    }


def answer_from(received: Entry, later: Sequence[Entry]) -> dict[str, Any]:
    """As `compose_answer`, from the entries of a stream. Later revisions do not change the answer."""
    made = next((entry for entry in later if entry.type == "decision.made"), None)
    return compose_answer(
        event=received.data,
        received_at=received.recorded_at,
        made=made.data if made else None,
        parked=any(entry.type == "event.parked" for entry in later),
    )


def answer_from_stream(stream: Sequence[Entry]) -> dict[str, Any]:
    """As `answer_from`, given the whole stream, its receipt first."""
    return answer_from(stream[0], stream[1:])


def answer_for(stream: str) -> dict[str, Any]:
    """Everything known of one event: what was sent, the first and the current decision, revisions, labels.

    Raises EventNotFound when nothing was received under this stream.
    """
    entries = read_stream(stream)
    if not entries:
        raise EventNotFound(stream)
    revisions = [decision_from(entry.data) for entry in entries if entry.type == "decision.revised"]
    answer = answer_from_stream(entries)
    labels = [entry for entry in read_stream(f"label/{stream}") if entry.type in SAID]
    return {
        **answer,
        "fields": fields_as_sent(entries[0].data),
        "history": entries[0].data["history"],
        "current_decision": revisions[-1] if revisions else answer["decision"],
        "revisions": revisions,
        "label": labels[-1].data["effective"] if labels else None,
        "labels": [_label_from(entry) for entry in labels],
    }


def fields_as_sent(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a receipt as a payload has them; personal ones, of which the log has digests, are not."""
    declared = event_type(event["type"]).fields
    shown: dict[str, Any] = {}
    for name, value in event["fields"].items():
        if isinstance(value, dict):  # money
            shown["currency"] = value["currency"]
            shown[name] = decimal_text(value["minor"], value["currency"])
        elif name in declared and not declared[name].personal:
            shown[name] = value
    return shown


def _label_from(entry: Entry) -> dict[str, Any]:
    return {
        "label": entry.data["value"],
        "retracted": entry.type == "label.retracted",
        "source": entry.data["source"],
        "known_at": entry.data["known_at"],
        "reported_at": entry.data.get("reported_at"),
        "recorded_at": to_iso(entry.recorded_at),
    }


def _status(event: Mapping[str, Any], *, decided: bool, parked: bool) -> str:
    if decided:
        return "decided"
    if parked:
        return "parked"
    return "pending" if event_type(event["type"]).scored and not event["history"] else "recorded"
