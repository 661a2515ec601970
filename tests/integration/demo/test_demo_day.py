"""The simulated day before a demo."""

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from demo import worlds
from demo.community.pictures import picture_bytes
from demo.community.traffic import draw_messages
from demo.day_before import MIN_LEFT, REVIEWER, UNWORKED, WORKED_AFTER, SettableClock, World, handle, play
from demo.simulation.continued import PeriodTraffic, draw_period, messages_of
from demo.simulation.population import make_population
from demo.simulation.sender import EVENTS, MEDIA
from demo.worlds import judge_content, judge_payment
from reviews.models import Case
from reviews.work.verdict_rules import Verdict, check_verdict
from scoring.batch.models import BatchVersion
from scoring.content.media.models import MediaItem
from scoring.decisions.models import Decision
from scoring.intake.models import Event, Label
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.log.read import read_stream
from scoring.runner.lane_runner import LaneRunner

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=10)


@pytest.fixture
def played(online_redis: redis.Redis, settings: Any, tmp_path: Path) -> PeriodTraffic:
    settings.VAR_DIR = tmp_path
    User.objects.create_user(REVIEWER)
    population = make_population(customers=200, seed=5)
    traffic = draw_period(population, since=SINCE, until=UNTIL, rate=60, received=set)
    frauds = set(traffic.events.id[traffic.events.scenario != ""])
    world = World("payment", messages_of(traffic), partial(judge_payment, frauds=frauds))
    play([world], since=SINCE, until=UNTIL, source="demo")
    return traffic


def test_events_labels_and_views_have_their_simulated_times(played: PeriodTraffic) -> None:
    assert Pending.objects.count() == 0
    received = dict(Event.objects.values_list("position", "received_at"))
    events = dict(Event.objects.values_list("external_id", "received_at"))
    assert events == dict(zip(played.events.id, played.events.occurred_at.dt.to_pydatetime(), strict=True))
    decided = Decision.objects.values_list("event_position", "decided_at")
    assert len(decided) == (played.events.type == "payment").sum() > 10
    assert all(timedelta(0) <= at - received[event] < timedelta(minutes=1) for event, at in decided)
    assert BatchVersion.objects.filter(view="payment.merchant_trend").count() > 10


def test_all_but_the_latest_cases_are_decided(played: PeriodTraffic) -> None:
    worked, left = (Case.objects.filter(state=state) for state in (Case.State.DECIDED, Case.State.OPEN))
    assert worked.exists()
    assert left.exists()
    assert max(worked.values_list("opened_at", flat=True)) < UNTIL - UNWORKED
    newest = left.order_by("-opened_at")
    assert left.count() >= MIN_LEFT
    assert all(case.opened_at >= UNTIL - UNWORKED for case in newest[MIN_LEFT:])
    assert all(
        case.decided_by == REVIEWER and case.decided_at - case.opened_at >= WORKED_AFTER for case in worked
    )
    assert Label.objects.filter(source="review").count() == worked.count()


def test_a_clock_advances_from_the_time_to_which_it_is_set() -> None:
    clock = SettableClock(SINCE)
    assert SINCE <= clock() <= clock() < SINCE + timedelta(hours=1)
    clock.set(UNTIL)
    assert clock() >= UNTIL


def test_a_community_is_played_beside_the_payments(
    online_redis: redis.Redis, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    User.objects.create_user(REVIEWER)
    monkeypatch.setattr(worlds, "draw_messages", partial(draw_messages, rate=120))
    monkeypatch.setattr(worlds, "draw_period", partial(draw_period, rate=20))
    until = SINCE + timedelta(hours=8)
    played = [world(since=SINCE, until=until, source="demo") for world in (worlds.payments, worlds.community)]
    play(played, since=SINCE, until=until, source="demo")
    assert Pending.objects.count() == 0
    sent = Counter(body["type"] for world in played for _, path, body in world.messages if path == EVENTS)
    assert Counter(Event.objects.values_list("type", flat=True)) == sent
    assert sent["content"] > 5
    assert Decision.objects.filter(event_type="content").count() == sent["content"]


def test_the_reviewer_removes_what_breaks_a_policy_and_leaves_the_rest() -> None:
    broken = {"c1": "scam"}
    removed = judge_content(Case(event_stream="content/demo/c1", event_type="content"), broken=broken)
    left = judge_content(Case(event_stream="content/demo/c2", event_type="content"), broken=broken)
    assert check_verdict("content", Verdict(**removed_as_verdict(removed))).policies.keys() == {"scam"}
    assert left == {"verdict": "acceptable", "reason_code": "within_rules"}
    assert check_verdict("content", Verdict("acceptable", "within_rules")).action == "allow"


def removed_as_verdict(given: Any) -> dict[str, Any]:
    return {
        "value": given["verdict"],
        "reason_code": "",
        **{key: given[key] for key in given if key != "verdict"},
    }


def test_a_picture_is_processed_before_the_content_that_shows_it(
    online_redis: redis.Redis, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    picture = picture_bytes(7)
    body = {
        "type": "content",
        "id": "c1",
        "occurred_at": SINCE.isoformat(),
        "kind": "post",
        "author": "member-1",
    }
    body |= {"text": "look at this", "attachments": [hashlib.sha256(picture).hexdigest()]}
    clock = SettableClock(SINCE)
    with held_lane("community"):
        runners = {"community": LaneRunner("community", clock=clock)}
        messages = [(SINCE, MEDIA, picture), (SINCE, EVENTS, body)]
        handle(messages, source="demo", runners=runners, clock=clock)
    assert MediaItem.objects.get().status == "done"
    [receipt, *_] = read_stream("content/demo/c1")
    assert receipt.data["media"][0]["hashes"]
    assert Decision.objects.get().revision == 0
