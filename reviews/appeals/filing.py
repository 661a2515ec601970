"""Filing an appeal by a link: an event of the type that the decided event's type names in `appeals`."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from reviews.appeals.errors import AppealRefused, NotAppealable, NothingToAppeal, TooManyAppeals
from reviews.appeals.links import AppealLink, make_link
from reviews.models import Case
from reviews.statements.reviewed import review_of
from reviews.strikes.recording import CONTENT, values_of
from reviews.work.verdict_rules import ALLOW
from scoring.catalog.errors import InvalidEvent
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type, event_types
from scoring.event_types.appeal_parties import AFFECTED, PARTIES
from scoring.intake.answers import current_version
from scoring.intake.errors import EventNotFound
from scoring.intake.receive import Submission, receive_events
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.timestamps import to_iso

MAX_APPEALS = 10  # against the decision on one event
MAX_TEXT, MAX_NAME = 5_000, 200  # characters
ACTOR = "appeal_link"
THIRD = ", ".join(party for party in PARTIES if party != AFFECTED)


def issue_link(event_stream: str, *, now: datetime) -> AppealLink:
    """A link to appeal against the decision on an event, for as long as statements of reasons say.

    Raises `EventNotFound`, `NotAppealable`, `NothingToAppeal`, `TooManyAppeals`.
    """
    _require_room(_appealable(event_stream))
    return make_link(event_stream, valid_for=timedelta(days=settings.STATEMENT_COMPLAINT_DAYS), now=now)


def require_appeals(kind: type[EventType]) -> type[EventType]:
    """The type of the appeals against decisions on events of this type. Raises `NotAppealable`."""
    if not kind.appeals:
        raise NotAppealable(kind.name, tuple(name for name, each in event_types().items() if each.appeals))
    return event_type(kind.appeals)


def appealed_field(kind: type[EventType]) -> str:
    """The field of an appeal that holds the id of its event: that of the event type's name, or `content`."""
    return kind.name if kind.name in event_type(kind.appeals).fields else CONTENT


def file_appeal(link: AppealLink, *, party: str, party_name: str, text: str, now: datetime) -> str:
    """Receive the appeal of a link; returns its stream. A link that was used gives that of its appeal.

    Third parties say who they are. Fields that event and appeal have in common are copied from the event.
    Raises `AppealRefused`, and what `issue_link` raises.
    """
    stream = _appealable(link.event_stream)
    event, kind = current_version(stream), event_type(stream[0].data["type"])
    appeals = event_type(kind.appeals)
    filed = f"{appeals.name}/{event.data['source']}/{link.appeal_id}"
    if read_stream(filed):
        return filed
    _require_room(stream)
    said = _checked(party=party, party_name=party_name, text=text)
    if party == AFFECTED and not _restricts(stream, kind):
        raise AppealRefused(
            field="party", problem="nothing restricts this, so only third parties can object", allowed=THIRD
        )
    values = {**values_of(event.data), appealed_field(kind): event.data["id"], **said}
    payload = {
        "type": appeals.name,
        "id": link.appeal_id,
        "occurred_at": to_iso(now),
        **{name: values[name] for name in appeals.fields if values.get(name)},
    }
    try:
        parsed = appeals.parse(payload, now=now)
    except InvalidEvent as error:
        raise AppealRefused(field="text", problem=str(error), allowed="plain text") from error
    receive_events([Submission(appeals.name, parsed)], source=event.data["source"], now=now, actor=ACTOR)
    return filed


def _checked(*, party: str, party_name: str, text: str) -> dict[str, Any]:
    """What an appeal says, without outer blanks and NUL characters. Raises `AppealRefused`."""
    name, plea = (each.replace("\x00", "").strip() for each in (party_name, text))
    if party not in PARTIES:
        raise AppealRefused(field="party", problem="say who you are", allowed=", ".join(PARTIES))
    if party != AFFECTED and not name:
        raise AppealRefused(
            field="party_name", problem="third parties give their name", allowed=f"1 to {MAX_NAME} characters"
        )
    for field, value, limit in (("party_name", name, MAX_NAME), ("text", plea, MAX_TEXT)):
        if len(value) > limit:
            problem = f"this has {len(value):,} characters"
            raise AppealRefused(field=field, problem=problem, allowed=f"at most {limit:,}")
    if not plea:
        raise AppealRefused(
            field="text", problem="say why the decision is wrong", allowed=f"1 to {MAX_TEXT:,} characters"
        )
    return {"party": party, "party_name": name, "text": plea}


def _appealable(event_stream: str) -> list[Entry]:
    """The entries of a decided event. Raises `EventNotFound`, `NotAppealable`, `NothingToAppeal`."""
    stream = read_stream(event_stream)
    if not stream:
        raise EventNotFound(event_stream)
    require_appeals(event_type(stream[0].data["type"]))
    if not any(entry.type.startswith("decision.") for entry in stream):
        raise NothingToAppeal(event_stream)
    return stream


def _restricts(stream: list[Entry], kind: type[EventType]) -> bool:
    """Whether the verdict, or else the latest decision, does not allow the event."""
    review = review_of(stream[0].position, kind.name)
    decisions = [entry for entry in stream if entry.type.startswith("decision.")]
    return ((review.action if review else "") or decisions[-1].data["outcome"]) != ALLOW


def _require_room(stream: list[Entry]) -> None:
    if Case.objects.filter(about=stream[0].position).count() >= MAX_APPEALS:
        raise TooManyAppeals(stream[0].stream, MAX_APPEALS)
