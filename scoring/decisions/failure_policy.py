"""The failure policy: decides when a lane cannot. Each decision records its cause and is revised later."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from scoring.catalog.registry import event_type
from scoring.intake.answers import answer_from_stream
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.signals.telemetry import telemetry
from scoring.timestamps import to_iso

# The routing fields of a decision that was made without a route.
NOT_ROUTED = {"route": None, "arm": "", "role": "", "experiment": "", "unit": ""}


def decide_without_lane(received: Sequence[Entry], cause: str) -> dict[str, dict[str, Any]]:
    """Decide events by the failure outcome of their type; returns the answers by stream.

    If a lane has decided meanwhile, its decision stands: the first to commit decides. The entries stay
    queued, so that the lane revises these decisions when it can.
    """
    return {entry.stream: _decide_one(entry, cause=cause) for entry in received}


def fallback_data(received: Entry, *, cause: str, decided_at: str) -> dict[str, Any]:
    """The data of a decision on an event without a place in its lane's order."""
    kind = event_type(received.data["type"])
    return {
        "event_position": received.position,
        "event_type": kind.name,
        "revision": 0,
        "lane": kind.lane,
        "order": None,
        "seq": None,
        "outcome": kind.failure_outcome,
        "basis": "fallback",
        "cause": cause,
        "model": "",
        "feature_set": "",
        "margin": None,
        "score": None,
        "thresholds": None,
        "reasons": [],
        **NOT_ROUTED,
        "stake": kind.stake(received.data["fields"]),
        "received_at": to_iso(received.recorded_at),
        "waited": True,
        "decided_at": decided_at,
        "runtime": "",
    }


def _decide_one(received: Entry, *, cause: str) -> dict[str, Any]:
    stream = [received]
    while True:
        try:
            return answer_from_stream([*stream, _append(stream, cause=cause)])
        except StreamConflict:
            # The lane has decided meanwhile, or parked the event, which is then still decided here.
            stream = read_stream(received.stream)
            if any(entry.type == "decision.made" for entry in stream):
                return answer_from_stream(stream)


def _append(stream: Sequence[Entry], *, cause: str) -> Entry:
    now = timezone.now()
    decision = NewEntry(
        stream=stream[0].stream,
        expected_version=stream[-1].stream_version,
        type="decision.made",
        data=fallback_data(stream[0], cause=cause, decided_at=to_iso(now)),
        metadata={"causation": stream[0].position},
    )
    entry = append([decision], now=now)[0]
    telemetry.add("decision", entry.data["event_type"], entry.data["outcome"], "fallback", "")
    return entry
