"""A model that learns from categories among the signals, and decides with the vocabulary it froze."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import redis

from scoring.catalog.contact_fields import Email, Phone
from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.features.logged_vectors import unpack_vectors
from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.log.read import read_stream
from scoring.registry.loaded_models import load_model
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.states.history import sequence_history
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.models import promote

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOMAINS = {"bad.example": 0.9, "good.example": 0.05, "other.example": 0.2}


class Enrolment(EventType):
    name, lane = "enrolment", "enrolments"
    email, phone = Email(), Phone(optional=True)
    features = [email.count(over="24h"), email.domain(), phone.country(), phone.type(), email.digits()]


@pytest.fixture(autouse=True)
def enrolments(settings: Any, tmp_path: Any, online_redis: redis.Redis) -> Iterator[None]:
    settings.VAR_DIR = tmp_path / "var"
    connections.client.cache_clear()
    with catalog_with(__name__):
        yield


def history(count: int) -> pd.DataFrame:
    chance = random.Random(7)
    domains = [chance.choice(list(DOMAINS)) for _ in range(count)]
    times = [NOW - timedelta(days=200) + timedelta(hours=number) for number in range(count)]
    return pd.DataFrame(
        {
            "id": [f"e{number}" for number in range(count)],
            "occurred_at": times,
            "email": [f"user{number}@{domain}" for number, domain in enumerate(domains)],
            "phone": [chance.choice(["+436601234567", "+442079460958", None]) for _ in range(count)],
            "label": ["fraud" if chance.random() < DOMAINS[domain] else "legitimate" for domain in domains],
            "label_known_at": [at + timedelta(hours=1) for at in times],
        }
    )


def test_a_model_learns_which_domains_are_bad_and_codes_them_alike_when_it_decides() -> None:
    label = LabelMapping(column="label", known_at="label_known_at", source="people")
    ingest_frame(history(3_000), mapping=ColumnMapping(type="enrolment", label=label), history=True, now=NOW)
    sequence_history("enrolments")
    run = run_training(
        TrainingRequest("enrolment", as_of=NOW), config=TrainingConfig(trees=30), actor="tests", now=NOW
    )
    spec = load_model(run.name).spec
    assert set(spec.vocabularies["email.domain"]) == set(DOMAINS)
    assert set(spec.vocabularies["phone.country"]) == {"AT", "GB"}
    assert "phone.type" not in spec.vocabularies  # its names are known without one
    promote(run.name)

    now = datetime.now(UTC)
    kind = event_type("enrolment")
    for name, domain in (("a", "bad.example"), ("b", "good.example"), ("c", "unseen.example")):
        payload = {"id": name, "occurred_at": to_iso(now), "email": f"user@{domain}"}
        receive_events([Submission("enrolment", kind.parse(payload, now=now))], source="shop", now=now)
    with held_lane("enrolments"):
        runner = LaneRunner("enrolments")
        while runner.step():
            pass
    bad, good, unseen = (read_stream(f"enrolment/shop/{name}")[1] for name in "abc")
    assert bad.data["score"] > 0.5 > good.data["score"]
    codes = [unpack_vectors(each.packed, width=5)[0][1] for each in (bad, good, unseen)]
    vocabulary = spec.vocabularies["email.domain"]
    assert codes == [vocabulary.index("bad.example") + 1, vocabulary.index("good.example") + 1, 0]
    texts = [reason["text"] for reason in bad.data["reasons"]]
    assert any("domain of the email is bad.example" in text for text in texts), texts
