"""The failure policy: decides when a lane cannot, by lists, rules that need no features, and the event type.

Each decision records its cause and what it could not see, and is revised later.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from scoring.catalog.registry import event_type
from scoring.decisions.finding_counts import count_findings
from scoring.decisions.media_hold import hold_for_media
from scoring.intake.answers import answer_from_stream
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.errors import StreamConflict
from scoring.log.read import read_stream
from scoring.rules.deciding.without_lane import judge_without_lane
from scoring.signals.telemetry import telemetry
from scoring.timestamps import to_iso

# The routing fields of a decision that was made without a route.
NOT_ROUTED = {"route": None, "arm": "", "role": "", "experiment": "", "unit": ""}


def decide_without_lane(received: Sequence[Entry], cause: str) -> dict[str, dict[str, Any]]:
    """Decide events for a cause; returns the answers by stream.

    If a lane has decided meanwhile, its decision stands: the first to commit decides. The entries stay
    queued, so that the lane revises these decisions when it can.
    """
    return {entry.stream: _decide_one(entry, cause=cause) for entry in received}


def fallback_data(received: Entry, judged: Mapping[str, Any], *, cause: str, now: datetime) -> dict[str, Any]:
    """The data of a decision at `now` on an event without a place in its lane's order.

    `judged`: the outcome, and what led to it.
    """
    kind = event_type(received.data["type"])
    return {
        "event_position": received.position,
        "event_type": kind.name,
        "revision": 0,
        "lane": kind.lane,
        "order": None,
        "seq": None,
        **judged,
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
        "decided_at": to_iso(now),
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
    now, received = timezone.now(), stream[0]
    kind = event_type(received.data["type"])
    judged = judge_without_lane(received.data, base=kind.failure_outcome, now=now)
    judged = hold_for_media(judged, received.data, outcomes=kind.outcomes)
    decision = NewEntry(
        stream=received.stream,
        expected_version=stream[-1].stream_version,
        type="decision.made",
        data=fallback_data(received, judged, cause=cause, now=now),
        metadata={"causation": received.position},
    )
    entry = append([decision], now=now)[0]
    telemetry.add("decision", entry.data["event_type"], entry.data["outcome"], "fallback", "")
    count_findings(entry.data)
    return entry
