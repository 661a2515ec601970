"""The simulated community as an import and as requests to the API."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from demo.community.days import FIELDS, MAX_LABEL_DELAY_DAYS, MAX_SCENARIO_DAYS, RATE_PER_DAY, draw_days
from demo.community.members import Community
from demo.community.pictures import picture_bytes
from demo.simulation.continued import FindReceived, TimedMessage
from demo.simulation.sender import EVENTS, LABELS, MEDIA, Message
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.timestamps import to_iso

DAY = timedelta(days=1)
LABEL_SOURCE = "moderation"
UPLOADED = timedelta(seconds=5)  # before the event


def split_by_type(frame: pd.DataFrame, *, source: str) -> list[tuple[ColumnMapping, pd.DataFrame]]:
    """The events of each type with the mapping by which they are imported; content with its labels."""
    label = LabelMapping(column="label", known_at="label_known_at", policies="policies", source=LABEL_SOURCE)
    parts = []
    for kind, names in FIELDS.items():
        columns = [
            "id",
            "occurred_at",
            *names,
            *(["label", "policies", "label_known_at"] if kind == "content" else []),
        ]
        mapping = ColumnMapping(type=kind, source=source, label=label if kind == "content" else None)
        parts.append((mapping, frame[frame.type == kind][columns]))
    return parts


def first_day(since: datetime) -> date:
    """The first day whose activity may reach, with its labels, into what comes after `since`."""
    return (since - timedelta(days=MAX_SCENARIO_DAYS + MAX_LABEL_DELAY_DAYS)).date()


def draw_messages(
    community: Community,
    *,
    since: datetime,
    until: datetime,
    received: FindReceived,
    rate: float = RATE_PER_DAY,
) -> list[TimedMessage]:
    """The events of [since, until) and the labels that become known then, in order of time.

    Labels of events before `since` are included only if those events were `received`.
    """
    frame = draw_days(community, first=first_day(since), until=until, rate=rate)
    labels = frame[frame.label.notna() & (frame.label_known_at >= since) & (frame.label_known_at < until)]
    is_earlier = labels.occurred_at < since
    known = labels.id.isin(list(received(labels.id[is_earlier].tolist())))
    sent = frame[frame.occurred_at >= since]
    uploads = [
        (at - UPLOADED, MEDIA, picture_of(row))
        for at, row in _rows(sent[sent.picture.notna()], "occurred_at")
    ]
    events = [(at, EVENTS, event_body(row)) for at, row in _rows(sent, "occurred_at")]
    said = [(at, LABELS, label_body(row)) for at, row in _rows(labels[~is_earlier | known], "label_known_at")]
    return sorted([*uploads, *events, *said], key=lambda message: message[0])


def continue_community(community: Community, *, since: datetime, received: FindReceived) -> Iterator[Message]:
    """An endless iterator of events and labels from `since` on, each due some seconds after it."""
    begin = since
    while True:
        end = begin.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        for at, path, body in draw_messages(community, since=begin, until=end, received=received):
            yield (at - since).total_seconds(), path, body
        begin = end


def event_body(row: dict[str, Any]) -> dict[str, Any]:
    """The request body of an event."""
    given = {name: row[name] for name in FIELDS[row["type"]] if row[name] is not None}
    if row["picture"] is not None:
        given["attachments"] = [hashlib.sha256(picture_of(row)).hexdigest()]
    return {"type": row["type"], "id": row["id"], "occurred_at": to_iso(row["occurred_at"]), **given}


def picture_of(row: Mapping[str, Any]) -> bytes:
    """The file that is attached to an event, as it is uploaded before."""
    return picture_bytes(int(row["picture"]), int(row["edit"]))


def label_body(row: dict[str, Any]) -> dict[str, Any]:
    """The request body that labels content."""
    policies = {"policies": [row["policies"]]} if row["policies"] else {}
    named = {"event_type": row["type"], "event_id": row["id"], "label": row["label"]}
    return named | policies | {"source": LABEL_SOURCE}


def _rows(frame: pd.DataFrame, by: str) -> Iterator[tuple[datetime, dict[str, Any]]]:
    return zip(frame[by].dt.to_pydatetime(), frame.to_dict("records"), strict=True)
