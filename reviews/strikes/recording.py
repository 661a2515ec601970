"""Strikes: events of a type of their own, written when a verdict gives one and retracted when it is undone.

So they are counted in windows, like every other event: a strike no longer counts once its window is over.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reviews.errors import InvalidVerdict
from scoring.catalog.errors import InvalidEvent
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.catalog.registry import event_type
from scoring.intake.amending.corrections import retract_event
from scoring.intake.answers import current_version, fields_as_sent, retraction_in
from scoring.intake.receive import Submission, receive_events
from scoring.intake.senders import OWN_SOURCE
from scoring.lanes.amendments import RECEIVED
from scoring.log import vault
from scoring.log.entries import Entry
from scoring.log.read import read_stream, read_streams
from scoring.timestamps import to_iso

CONTENT = "content"  # the field of a strike, an appeal or a report that names the event's id
MAX_STRIKES = 20  # of one event: verdicts that were undone and given again


def record_strike(event_stream: str, *, policy: str, reason: str, reviewer: str, now: datetime) -> str:
    """Give the author of an event a strike, in the caller's transaction; returns the strike's id.

    Fields that both types have are copied from the event. Raises `InvalidVerdict` if the strike lacks one.
    """
    stream = read_stream(event_stream)
    event = current_version(stream)
    kind = event_type(event_type(event.data["type"]).strikes)
    about = {"policy": policy, "reason": reason, "weight": 1, CONTENT: event.data["id"]}
    values = {**values_of(event.data), **about}
    earlier = strikes_of(event_stream)
    payload = {
        "type": kind.name,
        "id": f"{stream[0].position}-{len(earlier) + 1}",
        "occurred_at": to_iso(now),
        **{name: values[name] for name in kind.fields if name in values},
    }
    try:
        parsed = kind.parse(payload, now=now)
    except InvalidEvent as error:
        raise InvalidVerdict(
            field="strike", problem=f"the event does not say who gets it: {error}", allowed="no strike"
        ) from error
    submission = Submission(kind.name, parsed)
    receive_events([submission], source=OWN_SOURCE, now=now, actor=f"user/{reviewer}")
    return parsed.external_id


def lift_strikes(event_stream: str, *, because: str, reviewer: str, now: datetime) -> list[str]:
    """Retract the strikes that stand for an event, in the caller's transaction; returns their ids."""
    standing = [stream for stream in strikes_of(event_stream) if retraction_in(stream) is None]
    for stream in standing:
        retract_event(stream[0].stream, reason=because, now=now, actor=f"user/{reviewer}")
    return [stream[0].data["id"] for stream in standing]


def strikes_of(event_stream: str) -> list[list[Entry]]:
    """The streams of the strikes for an event, oldest first, lifted ones too."""
    received = next(entry for entry in read_stream(event_stream) if entry.type == RECEIVED)
    kind = event_type(received.data["type"]).strikes
    if not kind:
        return []
    names = [f"{kind}/{OWN_SOURCE}/{received.position}-{number}" for number in range(1, MAX_STRIKES + 1)]
    found = read_streams(names)
    return [list(found[name]) for name in names if name in found]


def struck_field(kind: type[EventType]) -> str:
    """The field of an event type whose entity gets the strikes, "" if the type has none."""
    if not kind.strikes:
        return ""
    shared = (name for name in event_type(kind.strikes).fields if isinstance(kind.fields.get(name), Entity))
    return next(shared, "")


def struck_entity(event_stream: str) -> str:
    """Who gets the strikes for an event, as in the log; "" if it does not say."""
    event = current_version(read_stream(event_stream))
    return str(event.data["fields"].get(struck_field(event_type(event.data["type"])), ""))


def values_of(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event as sent, personal ones too where they were not erased."""
    declared = event_type(receipt["type"]).fields
    fields = receipt["fields"]
    digests = {name: str(fields[name]) for name in fields if name in declared and declared[name].personal}
    known = vault.reveal(digests.values()) if digests else {}
    personal = {name: known[digest] for name, digest in digests.items() if digest in known}
    return {**fields_as_sent(receipt), **personal}
