"""The last day before a demo: simulated events pass through the services, each at its own time.

A demo thus starts on an ordinary day: views published when due, decisions spread over the hours, all but the
latest cases decided, delayed labels received.
"""

import io
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from demo.simulation.continued import TimedMessage
from demo.simulation.sender import EVENTS, MEDIA
from reviews.errors import ReviewError
from reviews.models import Case
from reviews.work import claims, verdicts
from scoring.batch.declared import batch_views
from scoring.batch.publishing import publish
from scoring.catalog.registry import event_type
from scoring.content.media.attaching import attach_to_one
from scoring.content.media.tasks import process_media
from scoring.content.media.upload import receive_upload
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.log.consumers.runs import run_consumers
from scoring.runner.lane_runner import LaneRunner

REVIEWER = "ana"
STEP = timedelta(minutes=20)  # at least as often as the most frequent view is published
WORKED_AFTER = timedelta(minutes=40)  # from the opening of a case to its verdict, at least
UNWORKED = timedelta(hours=6)  # cases of the last hours are left for the demo's users
MIN_LEFT = 8  # cases of a world that are left after quiet hours, of those that the last hours opened:
LAST_HOURS = timedelta(hours=12)


@dataclass(frozen=True)
class World:
    """What happens in a lane during the day, and the verdicts of a reviewer who knows the truth.

    `judge` gives the arguments of a verdict on a case of the scored type `event_type`.
    """

    event_type: str
    messages: Sequence[TimedMessage]
    judge: Callable[[Case], Mapping[str, Any]]

    @property
    def lane(self) -> str:
        return event_type(self.event_type).lane


class SettableClock:
    """A clock that advances from the time to which it was set, so that decisions have real durations."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        self._moment, self._set_at = moment, time.perf_counter()

    def __call__(self) -> datetime:
        return self._moment + timedelta(seconds=time.perf_counter() - self._set_at)


def play(
    worlds: Sequence[World],
    *,
    since: datetime,
    until: datetime,
    source: str,
    progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Play the messages of [since, until) while no worker runs. `progress` receives counts of messages."""
    steps: dict[int, list[TimedMessage]] = defaultdict(list)
    for message in sorted((each for world in worlds for each in world.messages), key=lambda each: each[0]):
        steps[(message[0] - since) // STEP].append(message)
    clock = SettableClock(since)
    with ExitStack() as stack:
        runners = {world.lane: LaneRunner(world.lane, clock=clock) for world in worlds}
        for lane in runners:
            stack.enter_context(held_lane(lane, wait=True))
        for number in range(-((since - until) // STEP)):
            publish_due(now=since + number * STEP)
            handle(steps[number], source=source, runners=runners, clock=clock)
            end = min(since + (number + 1) * STEP, until)
            run_consumers(now=end)
            clock.set(end)
            for world in worlds:
                left = MIN_LEFT if end > until - LAST_HOURS else 0
                work_cases(world, opened_before=min(end - WORKED_AFTER, until - UNWORKED), left=left, now=end)
                drain(runners[world.lane])
            progress(len(steps[number]))


def publish_due(*, now: datetime) -> None:
    for view in batch_views().values():
        publish(view, now=now)


def handle(
    messages: Sequence[TimedMessage], *, source: str, runners: Mapping[str, LaneRunner], clock: SettableClock
) -> None:
    """Receive each file, event or label at its own time, and process it before the next."""
    for at, path, body in messages:
        clock.set(at)
        if path == MEDIA:
            receive_upload(io.BytesIO(body), stated_type="image/jpeg", source=source, now=at)
            process_media()
            continue
        kind = event_type(body["type"] if path == EVENTS else body["event_type"])
        if path == EVENTS:
            parsed = attach_to_one(kind.parse(body, now=at, rates={}))
            submission = Submission(kind.name, parsed)
            receive_events([submission], source=source, now=at)
        else:
            record_labels([_statement(body)], source=source, now=at)
        drain(runners[kind.lane])


def _statement(body: Mapping[str, Any]) -> LabelStatement:
    named = (body["event_type"], body["event_id"], body["label"], body["source"])
    return LabelStatement(*named, policies=tuple(body.get("policies", ())))


def drain(runner: LaneRunner) -> None:
    while runner.step():
        pass


def work_cases(world: World, *, opened_before: datetime, left: int, now: datetime) -> None:
    """Decide the cases of a world that were opened before then, except for the newest `left`."""
    cases = Case.objects.pending().filter(event_type=world.event_type).order_by("-opened_at", "-pk")
    for case in reversed([each for each in cases[left:] if each.opened_at < opened_before]):
        try:
            claims.claim_case(case.pk, reviewer=REVIEWER, now=now)
            verdicts.decide_case(case.pk, reviewer=REVIEWER, now=now, **world.judge(case))
        except ReviewError:
            continue  # claimed by a user, or contradicted by a label: left for a person
