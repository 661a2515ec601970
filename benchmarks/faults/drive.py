"""Runs the whole product on a virtual clock: intake, lane, consumers, scheduled tasks, alerts, reviewers.

Time passes in steps of an hour or, with faults of weeks, of some hours, shorter while the condition of an
alert holds. A minute before the end of each hour, or of a shorter step, the senders submit what was due since
the last time; of a minute's events they wait for the decisions. At the end of a step the consumers, the
scheduled tasks, the reviewers and the alert rules have their turn.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pandas as pd
from django.db import connections

from benchmarks.faults.traffic import SentEvents, Traffic
from demo.day_before import SettableClock, World, drain, publish_due, work_cases
from demo.worlds import judge_payment
from monitoring.alerts.acting import act_by_itself
from monitoring.alerts.evaluation import observing
from monitoring.alerts.evaluation.evaluate import evaluate_alerts
from monitoring.alerts.models import AlertTimer
from monitoring.business.refreshing import refresh_business
from monitoring.guardrails.checking import check_guardrails
from monitoring.labels.computing import measure_labels
from monitoring.metrics.registry import metrics
from monitoring.performance.computing import measure_performance
from monitoring.quality.learning import learn_baselines
from monitoring.quality.windows import move_submissions, prune_quality_windows
from monitoring.triggers.checking import check_triggers
from monitoring.windows.hourly import prune_minutes
from monitoring.windows.senders import prune_senders
from scoring.api.events import found_in, submit
from scoring.api.keys.issue import Sender
from scoring.api.preferences import Preferences
from scoring.intake.labels import LabelStatement, record_labels
from scoring.lanes.lock import held_lane
from scoring.log.consumers import runs
from scoring.log.consumers.registry import registered_consumers
from scoring.offline.export import export_log
from scoring.offline.store import OfflineStore
from scoring.runner.lane_runner import LaneRunner
from scoring.signals.submissions import submission_counts

EVENT_TYPE, LANE = "payment", "commerce"
MINUTE = timedelta(minutes=1)
STEP = timedelta(hours=1)  # at most, from one submission to the next
FRESH = timedelta(minutes=5)  # from the publication of batch views to the events of a step
WAIT_SECONDS = 30.0  # at most, for the decisions of a request: all of them are decided
WORKED_AFTER = timedelta(minutes=40)  # from the opening of a case to its verdict
POLL_SECONDS = 0.001

Task = Callable[[datetime], object]


@dataclass(frozen=True)
class Scheduled:
    """A task of `config.settings.CELERY_BEAT_SCHEDULE` with its interval, and its offset in a day."""

    run: Task
    every: timedelta
    offset: timedelta = timedelta(0)

    def is_due(self, since: datetime, until: datetime) -> bool:
        """Whether it runs in (since, until]."""
        epoch = datetime(2000, 1, 3, tzinfo=UTC) + self.offset
        return (until - epoch) // self.every > (since - epoch) // self.every


def export(now: datetime) -> None:
    export_log(OfflineStore(), now=now)


def follow_quality(now: datetime) -> None:
    submission_counts.send()
    learn_baselines(now=now)
    move_submissions(now=now)


def measure_nightly(now: datetime) -> None:
    measure_performance(now=now)
    measure_labels(now=now)


def prune(now: datetime) -> None:
    for each in (prune_minutes, prune_senders, prune_quality_windows):
        each(now=now)


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SCHEDULE = (
    Scheduled(export, 6 * HOUR),
    Scheduled(follow_quality, timedelta(minutes=1)),
    Scheduled(measure_nightly, DAY, timedelta(hours=3, minutes=41)),
    Scheduled(lambda now: refresh_business(now=now), 6 * HOUR),
    Scheduled(lambda now: check_guardrails(now=now), timedelta(minutes=1)),
    Scheduled(lambda now: check_triggers(now=now), HOUR),
    Scheduled(prune, DAY, timedelta(hours=4, minutes=23)),
)


@dataclass
class Installation:
    """An installation on a virtual clock. `frame`: its traffic, which faults replace.

    `stopped`: names of consumers that do not run. `schedule`: what runs besides consumers and alerts.
    `reviewed`: whether reviewers decide cases.
    """

    frame: pd.DataFrame
    senders: dict[str, Sender]
    now: datetime
    schedule: Sequence[Scheduled] = SCHEDULE
    stopped: set[str] = field(default_factory=set)
    reviewed: bool = True
    longest_step: timedelta = STEP
    events: int = 0

    def __post_init__(self) -> None:
        self.clock = SettableClock(self.now)
        self.replace_traffic(self.frame)

    def replace_traffic(self, frame: pd.DataFrame) -> None:
        """Go on with other traffic, of which reviewers know the truth, too."""
        self.frame, self.traffic, self.frauds = frame, Traffic(frame), set(frame.id[frame.fraud])

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the lane, with clocks that show the virtual time."""
        telemetry_time = SimpleNamespace(
            time=lambda: self.clock().timestamp(), monotonic=time.monotonic, perf_counter=time.perf_counter
        )
        with (
            held_lane(LANE, wait=True),
            mock.patch("scoring.signals.telemetry.time", telemetry_time),
            mock.patch.object(observing, "MAX_POINTS", 1),  # of plots, which take a third of the time
            ThreadPoolExecutor(1) as clients,
        ):
            self.runner, self.clients = LaneRunner(LANE, clock=self.clock), clients
            try:
                yield
            finally:
                self.runner.finish()
                clients.submit(connections.close_all).result()  # those of that thread

    def run_until(self, end: datetime) -> None:
        """Let time pass."""
        while self.now < end:
            self.step(min(after(self.now, self.pending_interval() or self.longest_step), end))

    def pending_interval(self) -> timedelta | None:
        """The shortest interval of a metric whose condition holds, or is over, before its alert says so."""
        pending = AlertTimer.objects.filter(since__isnull=False, held=False).values_list("key", flat=True)
        known = metrics()
        intervals = [known[rule].every for key in pending if (rule := key.partition("/")[0]) in known]
        return min([*intervals, self.longest_step]) if intervals else None

    def step(self, end: datetime) -> None:
        """Whatever happens up to `end`."""
        since = self.now
        while self.now < end:
            self.send(min(after(self.now, STEP), end))
        self.clock.set(end)
        self.run_consumers()
        for task in self.schedule:
            if task.is_due(since, end):
                task.run(end)
        if self.reviewed:
            self.review()
        evaluate_alerts(now=end)
        act_by_itself(now=end)

    def send(self, end: datetime) -> None:
        """What senders submit and state up to a minute before `end`."""
        since, self.now = self.now, end - MINUTE
        publish_due(now=max(since, self.now - FRESH))
        for sent in self.traffic.requests(since=since - MINUTE, until=self.now):
            self.submit(sent, waits=end - since <= MINUTE)
        self.record_labels(since - MINUTE, self.now)
        self.now = end

    def submit(self, sent: SentEvents, *, waits: bool) -> None:
        """Submit a list as the API does, and decide it; `waits`: while its client waits for the decisions."""
        self.clock.set(self.now)
        if waits:
            answered = self.clients.submit(self._submit, sent, WAIT_SECONDS)
            while not answered.done():
                if not self.runner.step():
                    time.sleep(POLL_SECONDS)
            answered.result()
        else:
            self._submit(sent, None)
        drain(self.runner)
        self.events += len(sent.payloads)

    def _submit(self, sent: SentEvents, wait: float | None) -> None:
        sender = self.senders[sent.source]
        results = submit(
            sent.payloads, sender=sender, preferences=Preferences(wait, "pending", ""), now=self.now
        )
        submission_counts.add(found_in(results, source=sender.source), now=self.now)

    def record_labels(self, since: datetime, until: datetime) -> None:
        stated = self.traffic.labels(since=since, until=until)
        for source in sorted({each.source for each in stated}):
            bodies = [each.body for each in stated if each.source == source]
            record_labels([statement_of(body) for body in bodies], source=source, now=self.now)
        drain(self.runner)

    def run_consumers(self) -> None:
        """Run all consumers but the stopped ones up to the end of the log."""
        left = [each for each in registered_consumers() if each.name not in self.stopped]
        with mock.patch.object(runs, "registered_consumers", return_value=left):
            runs.run_consumers(now=self.now)

    def review(self) -> None:
        """Decide the cases that have been open for a while, by reviewers who know the truth."""
        world = World(EVENT_TYPE, (), lambda case: judge_payment(case, frauds=self.frauds))
        work_cases(world, opened_before=self.now - WORKED_AFTER, left=0, now=self.now)
        drain(self.runner)


def after(moment: datetime, interval: timedelta) -> datetime:
    """The next multiple of an interval since midnight: whole hours, so that each has its own events.

    >>> after(datetime(2025, 6, 2, 10, 5, tzinfo=UTC), STEP).isoformat()
    '2025-06-02T11:00:00+00:00'
    """
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((moment - midnight) // interval + 1) * interval


def statement_of(body: dict[str, Any]) -> LabelStatement:
    return LabelStatement(body["event_type"], body["event_id"], body["label"], body["source"])
