"""The last day before a demo: simulated payments pass through the services, each at its own time.

A demo thus starts on an ordinary day: views published when due, decisions spread over the hours, all but the
latest cases decided, delayed labels received.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from demo.simulation.continued import PeriodTraffic, messages_of
from demo.simulation.sender import EVENTS
from reviews.errors import ReviewError
from reviews.models import Case
from reviews.work import claims, verdicts
from scoring.batch.declared import batch_views
from scoring.batch.publishing import publish
from scoring.catalog.registry import event_type
from scoring.intake.labels import LabelStatement, record_labels
from scoring.intake.receive import Submission, receive_events
from scoring.lanes.lock import held_lane
from scoring.log.consumers.runs import run_consumers
from scoring.runner.lane_runner import LaneRunner

LANE, REVIEWER = "commerce", "ana"
STEP = timedelta(minutes=20)  # at least as often as the most frequent view is published
UNWORKED = timedelta(hours=6)  # newer cases are left for the demo's users
REASONS = {"fraud": "known_pattern", "legitimate": "usual_behaviour"}

Message = tuple[datetime, str, dict[str, Any]]


class SettableClock:
    """A clock that advances from the time to which it was set, so that decisions have real durations."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        self._moment, self._set_at = moment, time.perf_counter()

    def __call__(self) -> datetime:
        return self._moment + timedelta(seconds=time.perf_counter() - self._set_at)


def play(
    traffic: PeriodTraffic,
    *,
    since: datetime,
    until: datetime,
    source: str,
    progress: Callable[[int], None] = lambda count: None,
) -> None:
    """Play the traffic of [since, until) while no worker runs. `progress` receives counts of messages."""
    frauds = set(traffic.events.id[traffic.events.scenario != ""])
    steps: dict[int, list[Message]] = defaultdict(list)
    for message in messages_of(traffic):
        steps[(message[0] - since) // STEP].append(message)
    clock = SettableClock(since)
    with held_lane(LANE, wait=True):
        runner = LaneRunner(LANE, clock=clock)
        for number in range(-((since - until) // STEP)):
            publish_due(now=since + number * STEP)
            handle(steps[number], source=source, runner=runner, clock=clock)
            end = min(since + (number + 1) * STEP, until)
            run_consumers(now=end)
            clock.set(end)
            work_cases(opened_before=end - UNWORKED, frauds=frauds, now=end)
            drain(runner)
            progress(len(steps[number]))


def publish_due(*, now: datetime) -> None:
    for view in batch_views().values():
        publish(view, now=now)


def handle(messages: Sequence[Message], *, source: str, runner: LaneRunner, clock: SettableClock) -> None:
    """Receive each event or label at its own time, and process it before the next."""
    for at, path, body in messages:
        clock.set(at)
        if path == EVENTS:
            kind = event_type(body["type"])
            submission = Submission(kind.name, kind.parse(body, now=at, rates={}))
            receive_events([submission], source=source, now=at)
        else:
            label = LabelStatement(body["event_type"], body["event_id"], body["label"], body["source"])
            record_labels([label], source=source, now=at)
        drain(runner)


def drain(runner: LaneRunner) -> None:
    while runner.step():
        pass


def work_cases(*, opened_before: datetime, frauds: Collection[str], now: datetime) -> None:
    """Decide the cases opened before then, as a reviewer who knows which payments are fraud."""
    for case in Case.objects.pending().filter(opened_at__lt=opened_before).order_by("opened_at"):
        verdict = "fraud" if case.event_stream.rsplit("/", 1)[-1] in frauds else "legitimate"
        try:
            claims.claim_case(case.pk, reviewer=REVIEWER, now=now)
            verdicts.decide_case(
                case.pk, reviewer=REVIEWER, verdict=verdict, reason_code=REASONS[verdict], now=now
            )
        except ReviewError:
            continue  # claimed by a user, or contradicted by a label: left for a person
