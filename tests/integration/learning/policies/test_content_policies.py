"""Content policies on decided events: the sample, the page of each, and drafts that start from it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.urls import reverse

from scoring.catalog.event_type import EventType
from scoring.catalog.registry import event_type
from scoring.intake.amending.corrections import retract_event
from scoring.learning.policies import state
from scoring.learning.policies.heads import sampling
from scoring.learning.policies.heads.events import read_head_events, recent_head_scores
from scoring.learning.policies.heads.sampling import refresh_head_samples
from scoring.learning.policies.pages import content_policy
from scoring.learning.policies.sampling.models import HeadSample
from scoring.learning.policies.sampling.priority import uniform_of
from scoring.learning.policies.sampling.stored import JUDGED, RECENT
from scoring.learning.tasks import sample_decisions
from scoring.log.append import append
from scoring.log.entries import Entry
from scoring.registry.models import ModelVersion
from scoring.rules.policies.models import StoredPolicy
from scoring.rules.policies.policy import CAPACITY, FIXED, MODEL, Terms
from tests.factories.catalog import catalog_with
from tests.factories.log import NOW, decided, labeled, received
from tests.factories.policies import store_policy
from tests.integration.learning.policies.test_pages import DRAFT, LOOK, client_of

pytestmark = pytest.mark.django_db(transaction=True)

OF_MODEL = {"review": 0.5, "block": 0.9}
MATURE = NOW + timedelta(days=2)


@pytest.fixture(autouse=True)
def comments() -> Iterator[None]:
    with catalog_with("tests.factories.comments"):
        yield


@pytest.fixture
def champion(monkeypatch: pytest.MonkeyPatch) -> str:
    """A champion with two heads."""
    monkeypatch.setattr(state, "champion_of", lambda name: f"{name}-1")
    of_heads = {"spam": OF_MODEL, "scam": OF_MODEL}
    stored = state.StoredThresholds(OF_MODEL, of_heads)
    monkeypatch.setattr(state, "stored_thresholds", lambda model: stored)
    return "comment-1"


def comment() -> type[EventType]:
    return event_type("comment")


def decide(scores: Sequence[float], *, first: int = 0, outcome: str = "allow", **data: Any) -> list[Entry]:
    """Comments with these scores for spam, and none for scam."""
    names = [f"C-{first + place}" for place in range(len(scores))]
    events = append([received(name, type="comment", author="ann") for name in names], now=NOW)
    entries = [
        decided(
            event,
            outcome=outcome,
            thresholds=OF_MODEL,
            stake=None,
            policies={"spam": {"score": score, "outcome": "allow", "thresholds": OF_MODEL, "reasons": []}},
            **data,
        )
        for event, score in zip(events, scores, strict=True)
    ]
    append(entries, now=NOW)
    return events


def label(event: Entry, *policies: str, positive: bool = True) -> None:
    value = "violating" if positive else "acceptable"
    append([labeled(event.stream, value=value, effective=value, effective_policies=list(policies))], now=NOW)


def test_events_have_the_scores_of_their_last_decision_and_what_they_broke() -> None:
    spam, unnamed, fine, none = decide([0.9, 0.8, 0.7, 0.2])
    append([decided(none, revision=1, thresholds=None, policies={"scam": {"score": 0.3}})], now=NOW)
    label(spam, "spam")
    label(unnamed)
    label(fine, positive=False)
    decide([0.95], first=10, outcome="block")
    [gone] = decide([0.99], first=20)
    retract_event(gone.stream, reason="sent twice", now=NOW)

    events = read_head_events(comment(), JUDGED, now=MATURE)

    assert events is not None
    assert (events.policies, events.unknown, events.decided) == (("spam", "scam"), 1, 4)
    order = np.argsort(-np.nan_to_num(events.score[:, 0]))
    assert events.score[order][:, 0].tolist()[:3] == [0.9, 0.8, 0.7]
    assert np.isnan(events.score[order][3, 0])
    assert events.score[order][3, 1] == 0.3
    assert events.broken[order].tolist() == [[1, 0], [-1, -1], [0, 0], [0, 0]]
    assert events.positive[order].tolist() == [True, True, False, False]


def test_the_label_of_a_block_that_could_have_been_explored_does_not_count() -> None:
    exploration = {"share": 0.25, "drawn": False, "propensity": 0.25, "stopped_by": ""}
    confirmed, _ = decide([0.95, 0.9], outcome="block", exploration=exploration)
    label(confirmed, "spam")
    decide([0.9], first=10, exploration={**exploration, "drawn": True})
    decide([0.99], first=20, outcome="block")

    events = read_head_events(comment(), JUDGED, now=MATURE)

    assert events is not None
    assert (events.weight.tolist(), events.decided, events.unknown) == ([4.0], 1, 1)


def test_decisions_that_are_not_mature_count_for_capacity_only() -> None:
    decide([0.4] * 30)
    assert read_head_events(comment(), JUDGED, now=NOW) is None
    recent = recent_head_scores(comment(), "spam", champion="comment-1", now=NOW + timedelta(days=3))
    assert recent is not None
    assert recent.reviews_a_day(0.3, 0.9) == pytest.approx(10, rel=0.01)
    assert recent_head_scores(comment(), "scam", champion="comment-1", now=NOW + timedelta(days=3)) is None


def test_many_decisions_are_sampled_in_the_background_with_unbiased_weights(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    scores = np.random.default_rng(2).beta(0.5, 4, 600).round(4).tolist()
    events = decide(scores)
    for event, score in zip(events, scores, strict=True):
        if score > 0.5:
            label(event, "spam")
    monkeypatch.setattr(sampling, "SIZE", 200)
    monkeypatch.setattr("scoring.learning.policies.heads.events.SIZE", 200)
    monkeypatch.setattr(sampling, "MIN_POSITIONS", 0)
    # Draw the same events wherever in the log the test begins.
    monkeypatch.setattr(sampling, "uniform_of", lambda keys: uniform_of(keys - events[0].position))
    assert read_head_events(comment(), JUDGED, now=MATURE) is None

    assert refresh_head_samples(now=MATURE) == ["comment/policies/judged", "comment/policies/recent"]
    assert refresh_head_samples(now=MATURE) == []

    with django_assert_max_num_queries(1):
        found = read_head_events(comment(), JUDGED, now=MATURE)
    assert found is not None
    assert (len(found.score), found.decided, found.drawn_at) == (200, 600, MATURE)
    broken = found.broken[:, 0] == 1
    assert found.weight[broken].tolist() == [1.0] * sum(score > 0.5 for score in scores)
    assert found.weight.sum() == pytest.approx(600, rel=0.15)
    HeadSample.objects.update(policies=["spam"])  # as if the catalog had changed
    assert "comment/policies/judged" in refresh_head_samples(now=MATURE)
    assert sample_decisions() is not None


def shown(name: str = "spam", **query: str) -> str:
    answer = client_of(f"u{len(query)}{name}", LOOK, DRAFT).get(
        reverse("admin:content_policy", args=["comment", name]), query
    )
    assert answer.status_code == 200
    return answer.content.decode().replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def judged(champion: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days of comments: 40 spam, 60 fine ones of lower scores."""
    spam = decide([0.95] * 20 + [0.6] * 20)
    decide([0.6] * 10 + [0.1] * 50, first=100)
    for event in spam:
        label(event, "spam")
    monkeypatch.setattr(content_policy.timezone, "now", lambda: NOW + timedelta(days=11))


def test_the_page_shows_precision_and_recall_at_todays_thresholds(judged: None) -> None:
    text = shown()
    assert "80.0 % (67." in text  # 40 of 50 from 0.5 on
    assert "100.0 % (" in text
    assert "the model&#x27;s own thresholds" in text
    assert "Measured on 100 decided comment events" in text
    assert "40 of them Spam" in text
    assert "Move a threshold to see what it changes" in text


def test_a_moved_threshold_says_what_it_removes_and_starts_a_draft(judged: None) -> None:
    text = shown(if_review="50", if_block="60")
    assert "3.0 newly removed a day, 1.0 of them good" in text
    assert "cases a day instead of" in text
    assert "?policy=spam&amp;if_review=50&amp;if_block=60" in text
    address = reverse("admin:policy_draft", args=["comment"])
    form = client_of("dan", LOOK, DRAFT).get(address, {"policy": "spam", "if_review": "50", "if_block": "60"})
    content = form.content.decode()
    assert 'name="policies.spam.thresholds.block" value="60"' in content
    assert 'name="policies.scam.mode" value="model" checked' in content


def test_a_threshold_that_cannot_be_is_refused(judged: None) -> None:
    assert "Enter a percentage from 0 to 100" in shown(if_block="160")
    assert "less severe" in shown(if_block="10", if_review="20")


def test_the_page_says_why_there_is_nothing_to_measure(champion: str) -> None:
    assert "No decided comment event of a known class breaks Scam yet" in shown("scam")


AT = ("precision", "precision_interval", "recall", "recall_interval", "alarms_a_day")
HELD_OUT = {
    "rows": 320,
    "positives": 24,
    "average_precision": 0.81,
    "interval": {"low": 0.7, "high": 0.9},
    "chance": 0.1,
    "thresholds": OF_MODEL,
    "at": {name: dict.fromkeys(AT) for name in OF_MODEL},
    "curve": [[0.95, 0.2, 0.99, 1.0], [0.72, 0.6, 0.875, 4.0], [0.1, 1.0, 0.5, 20.0]],
}


def test_before_events_are_mature_the_page_shows_the_models_held_out_events(champion: str) -> None:
    version = ModelVersion.objects.create(
        name=champion,
        event_type="comment",
        number=1,
        trained_at=NOW,
        as_of=NOW,
        parameters={},
        metrics={"policies": {"spam": HELD_OUT}},
        lineage={},
        trained_by="user/ana",
        status="approved",
    )
    address = reverse("admin:content_policy", args=["comment", "spam"])
    text = client_of("max", LOOK, "view_modelversion").get(address).content.decode()
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "320 events that the model was tested on, 24 of them Spam" in text
    assert "87.5 %" in text  # from 0.7 on, as of the last score above it
    assert "held-out-title" not in shown("spam")  # who may not see models
    version.delete()
    assert "held-out-title" not in client_of("mia", LOOK, "view_modelversion").get(address).content.decode()


def test_a_type_or_policy_that_does_not_exist_has_no_page(champion: str) -> None:
    client = client_of("ana", LOOK)
    for names in (["comment", "hate"], ["payment", "spam"], ["commnet", "spam"]):
        assert client.get(reverse("admin:content_policy", args=names)).status_code == 404
    assert client_of("bo").get(reverse("admin:content_policy", args=["comment", "spam"])).status_code == 403


def test_the_page_of_the_policy_lists_its_content_policies(champion: str) -> None:
    store_policy(
        "active", event_type="comment", terms=Terms(MODEL), heads={"scam": Terms(FIXED, {"block": 0.4})}
    )
    text = client_of("ana", LOOK).get(reverse("admin:policy", args=["comment"])).content.decode()
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "block from 40.0 %" in text
    assert "version 1: fixed thresholds" in text
    assert "the model&#x27;s own thresholds" in text


def test_a_capacity_of_a_content_policy_is_computed_when_it_is_drafted(judged: None) -> None:
    client = client_of("ana", LOOK, DRAFT)
    sent = {
        "action": "save",
        "based_on": "0",
        "segments": "0",
        "mode": "model",
        "policies.spam.mode": "capacity",
        "policies.spam.capacity.cases_a_day": "4",
        "policies.spam.capacity.thresholds.block": "90",
        "policies.scam.mode": "fixed",
        "policies.scam.thresholds.block": "400",
    }
    address = reverse("admin:policy_draft", args=["comment"])
    refused = client.post(address, sent).content.decode()
    assert 'id="f-policies-scam-thresholds-block-problem"' in refused
    assert not StoredPolicy.objects.exists()
    client.post(address, {**sent, "policies.scam.thresholds.block": "40"})
    policies = StoredPolicy.objects.get().terms["policies"]
    assert policies["scam"] == {"mode": FIXED, "thresholds": {"block": 0.4}}
    assert policies["spam"]["mode"] == CAPACITY
    assert policies["spam"]["thresholds"] == {"review": 0.6, "block": 0.9}
    assert policies["spam"]["capacity"]["cases_a_day"] == 4
    assert RECENT.value == "recent"
