"""Notes with policies: received, sent to review, judged, appealed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import redis

from reviews.appeals.opening import APPEALS
from reviews.console.entity_index import ENTITIES
from reviews.models import Case
from reviews.queue.opening import CASES
from reviews.statements.reports import REPORTS
from reviews.work import claims, verdicts
from scoring.catalog.registry import event_type
from scoring.content.media.attaching import attach_to_one
from scoring.intake.receive import Submission, receive_events
from scoring.log.append import append
from scoring.log.consumers.registry import catch_up
from scoring.log.entries import Entry
from scoring.log.read import read_stream
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.log import decided
from tests.integration.reviews.conftest import DAY

FIELDS = ("author", "text", "thread", "copy", "band")
REVIEWED = {"outcome": "review", "score": 0.6, "margin": 0.4, "stake": None, "feature_set": "0" * 64}
SPAM: dict[str, Any] = {"verdict": "violating", "policies": {"spam": "advertising"}, "action": "block"}


@pytest.fixture
def notes(transactional_db: None, online_redis: redis.Redis) -> Iterator[None]:
    """The catalog with notes, their strikes, appeals and reports."""
    connections.client.cache_clear()
    with catalog_with("tests.factories.moderated"):
        yield


def receive(type_name: str, external_id: str, *, now: datetime = DAY, **fields: Any) -> Entry:
    """A received event of this type from the source "shop"; gives its receipt."""
    payload = {"type": type_name, "id": external_id, "occurred_at": to_iso(now), **fields}
    parsed = attach_to_one(event_type(type_name).parse(payload, now=now))
    [receipt] = receive_events([Submission(type_name, parsed)], source="shop", now=now)
    return read_stream(receipt.stream)[0]


def open_note(external_id: str = "N-1", *, now: datetime = DAY, **given: Any) -> Case:
    """The case of a note that was sent to review; `given`: fields of the note, or data of its decision."""
    fields = {name: given.pop(name) for name in FIELDS if name in given}
    event = receive("note", external_id, now=now, **{"author": "ann", "text": "Buy now!", **fields})
    decide_event(event, now=now, **given)
    consume(now=now)
    return Case.objects.get(pk=event.position)


def decide_event(event: Entry, *, now: datetime = DAY, **given: Any) -> None:
    """The decision that sends an event to review, unless `given` says otherwise."""
    append([decided(event, **{**REVIEWED, **given})], now=now)


def judge(case: Case, *, reviewer: str = "ana", now: datetime = DAY, **verdict: Any) -> Case:
    claims.claim_case(case.pk, reviewer=reviewer, now=now)
    return verdicts.decide_case(case.pk, reviewer=reviewer, now=now, **(verdict or SPAM))


def appeal(external_id: str = "A-1", *, content: str = "N-1", now: datetime = DAY) -> Case:
    """The case of an appeal by the author of a note."""
    event = receive(
        "note_appeal", external_id, author="ann", content=content, text="I meant no harm", now=now
    )
    consume(now=now)
    return Case.objects.get(pk=event.position)


def consume(*, now: datetime = DAY) -> None:
    for consumer in (CASES, APPEALS, ENTITIES, REPORTS):
        catch_up(consumer, now=now)
