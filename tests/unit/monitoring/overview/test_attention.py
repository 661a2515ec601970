"""Notices of the overview: one per fact that needs attention."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitoring.drift.distance import NO_DATA, Drift, State
from monitoring.drift.report import DriftReport, FeatureDrift, SideShares
from monitoring.models import MinuteWindow
from monitoring.overview.attention import notices
from monitoring.overview.facts import (
    CaseQueue,
    Champion,
    Facts,
    FailedActions,
    FailedMessages,
    PendingEvents,
    StoreStatus,
)
from monitoring.overview.page import PERMISSIONS
from monitoring.windows.batch_views import Freshness
from monitoring.windows.latency_histogram import bin_of
from scoring.batch.compute.profile import Profile
from scoring.batch.compute.statistics import count
from scoring.batch.models import BatchVersion
from scoring.catalog.event_type import EventType
from scoring.catalog.fields import Entity
from scoring.learning.models import TrainingJob
from scoring.log.consumers.status import ConsumerHealth
from scoring.log.consumers.writers import OldestWriter
from scoring.registry.models import ModelVersion, Route
from scoring.replay.consistency.mismatches import AspectCheck, Mismatch
from scoring.signals.process_reports import Report
from scoring.signals.store_health import Refusal
from tests.factories.log import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WELL = ConsumerHealth("monitoring.windows", error="", failed_position=None, ran_at=NOW, lag=3)
QUIET = Facts(now=NOW, hours=[], minutes=[], consumers=[WELL])


def minutes(start: int, end: int, **columns: int) -> list[MinuteWindow]:
    """Windows of the minutes from `start` to `end` ago."""
    return [
        MinuteWindow(event_type="payment", start=NOW - ago * MINUTE, **columns)
        for ago in range(start, end, -1)
    ]


def slow_minute(latency_us: int, decisions: int = 50) -> MinuteWindow:
    latency = [0] * bin_of(latency_us) + [decisions]
    return MinuteWindow(event_type="payment", start=NOW - MINUTE, decided_allow=decisions, latency=latency)


PSI = {State.SHIFTED: 0.6, State.MODERATE: 0.15}


def report(*states: State, score: State = State.STABLE, **told: Any) -> DriftReport:
    """A model whose explanations are spread evenly over its features. `told`: further fields."""
    side = SideShares(shares=[0.5, 0.5, 0.0], missing=0.0)
    features = [
        FeatureDrift(
            f"f{number}",
            replace(NO_DATA, psi=PSI.get(state, 0.0), state=state),
            ["low", "high", "missing"],
            side,
            SideShares(shares=[0.2, 0.8, 0.0], missing=0.0) if state.has_moved else side,
        )
        for number, state in enumerate(states)
    ]
    return DriftReport(
        model="payment-1",
        rows=100,
        reference_rows=1_000,
        since=NOW - DAY,
        features=features,
        score=Drift(0.0, 0.0, 0.0, score),
        scores=[],
        outcomes={},
        **told,
    )


def job(state: str, *, ago: timedelta = HOUR) -> TrainingJob:
    return TrainingJob(number=4, state=state, ended_at=NOW - ago, error="Traceback\nMemoryError: too large")


def triggered(*, ago: timedelta = HOUR) -> TrainingJob:
    return TrainingJob(
        number=5, event_type="payment", state="running", requested_at=NOW - ago, trigger={"text": "drift"}
    )


def candidate(*passed: bool) -> ModelVersion:
    checks = [{"name": "calibration", "passed": each} for each in passed]
    return ModelVersion(name="payment-2", trained_at=NOW - HOUR, checks=checks)


class Purchase(EventType):
    name, lane = "purchase", "shop"
    customer = Entity()
    habits = Profile(customer, over="90d", every="1d", stale_after="3d", events=count())


def of_view(published_ago: timedelta | None, **counts: int) -> list[Freshness]:
    """The freshness of the view `habits`, published `published_ago`."""
    moment = NOW - published_ago if published_ago is not None else NOW
    version = BatchVersion(as_of=moment, published_at=moment) if published_ago is not None else None
    since = NOW.replace(minute=0) - HOUR
    return [Freshness(Purchase.habits, since=since, now=NOW, latest=version, **counts)]


STOPPED = WELL._replace(error="ValueError: no such field", failed_position=1234)
LATE = WELL._replace(ran_at=NOW - 5 * MINUTE)
BEHIND = WELL._replace(lag=4_000)
WRITER = OldestWriter("4242", "ann", "psql", "idle in transaction", NOW - 5 * MINUTE, 300.0, False)


@pytest.mark.parametrize(
    ("facts", "tone", "what"),
    [
        (
            {"broken_schedules": [("retrain", "unknown type.")]},
            "bad",
            "“retrain” always fails: unknown type.",
        ),
        (
            {"consumers": [STOPPED]},
            "bad",
            "Consumer monitoring.windows has stopped at entry 1,234: ValueError",
        ),
        ({"consumers": [LATE]}, "bad", "No consumer has read the log for 5 min"),
        ({"consumers": [WELL._replace(ran_at=None)]}, "bad", "No consumer has read the log yet"),
        ({"consumers": [BEHIND]}, "warn", "monitoring.windows is more than 4,000 entries behind"),
        (
            {"pending": PendingEvents(7, NOW - 2 * MINUTE, 0)},
            "bad",
            "7 entries are pending",
        ),
        ({"pending": PendingEvents(0, None, 1)}, "warn", "1 event is parked"),
        ({"minutes": minutes(70, 10, received=5)}, "bad", "No events for 10 min; about 50"),
        (
            {"minutes": minutes(60, 0, decided_allow=9, fallbacks=1)},
            "bad",
            "60 of 540 decisions in the last hour (11.1\N{NO-BREAK SPACE}%) were fallbacks.",
        ),
        (
            {"minutes": [*minutes(60, 0, decided_allow=9), *minutes(1, 0, fallbacks=1)]},
            "warn",
            "1 of 540 decisions in the last hour (0.2\N{NO-BREAK SPACE}%) were fallbacks",
        ),
        (
            {
                "minutes": minutes(60, 0, decided_allow=9, fallbacks=1),
                "causes": [("model_unavailable", 58), ("timeout", 2)],
            },
            "bad",
            "were fallbacks: model could not be loaded (58), no decision in time (2).",
        ),
        ({"store": StoreStatus(answers=False)}, "bad", "Redis does not answer"),
        (
            {"store": StoreStatus(True, Refusal("its memory is full", "Raise maxmemory."))},
            "bad",
            "Redis refuses writes because its memory is full",
        ),
        (
            {
                "store": StoreStatus(
                    True, None, (Report("models", "box", 3.0, "payment-3: it is truncated."),)
                )
            },
            "bad",
            "The workers on box cannot load payment-3: it is truncated.",
        ),
        (
            {
                "store": StoreStatus(
                    True, None, (Report("service", "payment.device_risk/box-7", 20.0, "status_503"),)
                )
            },
            "warn",
            "The service of payment.device_risk fails (status 503)",
        ),
        (
            {"store": StoreStatus(True, None, (Report("clock", "box", 3.0, "-600.0"),))},
            "warn",
            "The clock of box differs from the database's by 600 s.",
        ),
        ({"writer": WRITER}, "bad", "process 4242 of PostgreSQL (user “ann”, application “psql”, idle in"),
        (
            {"writer": WRITER, "consumers": [BEHIND]},
            "bad",
            "Cases, statistics and shadow scores are not being updated.",
        ),
        (
            {"minutes": [slow_minute(900_000)]},
            "warn",
            "1\N{NO-BREAK SPACE}% of the decisions in the last 5 min took longer",
        ),
        ({"minutes": [slow_minute(900_000, decisions=3)]}, "warn", "1\N{NO-BREAK SPACE}% of the decisions"),
        (
            {"queue": CaseQueue(pending=12, held=1, oldest=NOW - 30 * HOUR)},
            "warn",
            "has been open for 30 h; 12 cases are undecided",
        ),
        (
            {"failed_messages": FailedMessages(2, "group/lead", "group/lead has no e-mail address")},
            "warn",
            "2 messages about alerts could not be delivered within a day, the latest to group/lead",
        ),
        (
            {"failed_actions": FailedActions(3, "refund", "T-9", 7, NOW - HOUR, "the service answered 500")},
            "bad",
            "Refund of T-9, requested 1 h ago, was given up: the service answered 500; 2 others in a week.",
        ),
        ({"trainings": [job("failed")]}, "warn", "Training 4 failed 1 h ago: MemoryError: too large"),
        (
            {"drifts": [report(State.SHIFTED, State.MODERATE, State.STABLE)]},
            "warn",
            "payment-1: 2 features with 67\N{NO-BREAK SPACE}% of its explanations have drifted:"
            " f0 (higher by 0.30), f1 (higher by 0.30).",
        ),
        (
            {"drifts": [report(State.SHIFTED, State.STABLE)]},
            "warn",
            "payment-1: 1 feature with 50\N{NO-BREAK SPACE}% of its explanations has drifted: f0",
        ),
        (
            {"drifts": [report(State.STABLE, score=State.SHIFTED)]},
            "warn",
            "The scores of payment-1 have drifted (PSI 0.00, ordinary is up to 0.10); its features have not"
            " drifted.",
        ),
        (
            {"drifts": [report(State.SHIFTED, score=State.SHIFTED, effect_limit=9.0)]},
            "warn",
            "its features have no effect that matters.",
        ),
        ({"trainings": [triggered()]}, "info", "A trigger requested training 5 of payment 1 h ago: drift."),
        (
            {"candidates": [candidate(True)]},
            "info",
            "payment-2, trained 1 h ago, awaits approval",
        ),
        ({"candidates": [candidate(True, False)]}, "info", "awaits approval: 1 check failed"),
        ({"champions": []}, "info", "No model decides yet"),
        (
            {
                "mismatches": [
                    Mismatch("payment", "amount", 900, 9),
                    Mismatch("payment", "card_count_1h", 90, 9),
                ]
            },
            "bad",
            "card_count_1h and 1 other of payment differed when recomputed from the log: 9 of 90 values",
        ),
        (
            {
                "aspects": [
                    AspectCheck("payment", "vector", 90, 9),
                    AspectCheck("payment", "score", 80, 0),
                    AspectCheck("payment", "findings", 90, 2),
                    AspectCheck("payment", "thresholds", 90, 1),
                    AspectCheck("payment", "outcome", 90, 4),
                ]
            },
            "bad",
            "The findings, the thresholds and the outcome of payment decisions differed when recomputed from"
            " the log: 4 of 90.",
        ),
        (
            {"batch_views": of_view(4 * DAY, fresh=80, stale=120)},
            "bad",
            "habits of purchase is stale: 120 decisions since 11:00 without it; last published 4 d ago.",
        ),
        (
            {"batch_views": of_view(HOUR, fresh=80, stale=120)},
            "warn",
            "habits of purchase was stale: 120 decisions since 11:00 without it; last published 1 h ago.",
        ),
        ({"batch_views": of_view(4 * DAY)}, "warn", "habits of purchase is stale; last published 4 d ago."),
        (
            {"batch_views": of_view(None, unpublished=1)},
            "bad",
            "habits of purchase was never published: 1 decision since 11:00 without it.",
        ),
        (
            {"batch_views": of_view(HOUR, fresh=9, lost=3)},
            "bad",
            "habits of purchase was lost from Redis: 3 decisions since 11:00 without it",
        ),
    ],
)
def test_each_problem_gives_one_notice_with_a_remedy(facts: dict[str, object], tone: str, what: str) -> None:
    (notice,) = notices(replace(QUIET, **facts))  # type: ignore[arg-type]

    assert notice.tone == tone
    assert what in notice.what
    assert notice.do
    assert not notice.page or notice.page in PERMISSIONS  # the overview links it for those who may open it


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"consumers": []},
        {"trainings": [triggered(ago=DAY)]},
        {"pending": PendingEvents(40, NOW - timedelta(seconds=5), 0)},
        {"minutes": minutes(120, 0, received=30, decided_allow=30)},
        {"minutes": [*minutes(90, 60, fallbacks=9), *minutes(60, 0, decided_allow=9)]},  # of the hour before
        {"minutes": minutes(70, 10, received=1)},  # so few that a pause says nothing
        {"minutes": [slow_minute(40_000)]},
        {"minutes": [slow_minute(2_700_000, decisions=2)]},  # too few to mean anything
        {"queue": CaseQueue(pending=12, held=1, oldest=NOW - HOUR)},
        {"trainings": [job("finished"), job("failed")]},
        {"trainings": [job("failed", ago=2 * DAY)]},
        {"drifts": [report(State.STABLE, State.CHANCE, State.NOT_COMPARED)]},
        # the page and its tile show drift that has little effect, and what a few hours look like
        {"drifts": [report(State.MODERATE, *[State.STABLE] * 3)]},
        {"drifts": [report(State.SHIFTED, *[State.STABLE] * 20)]},
        {"drifts": [report(State.SHIFTED, effect_limit=1.0)]},
        {"drifts": [report(State.SHIFTED, score=State.SHIFTED, seen_for=17 * HOUR)]},
        {"champions": [Champion(Route(event_type="payment"), "payment-1", None)]},
        {"mismatches": []},
        {"aspects": [AspectCheck("payment", "outcome", 90, 0)]},
        {"aspects": [AspectCheck("payment", "vector", 90, 9)]},  # the notice about features tells it
        {"batch_views": of_view(2 * DAY, fresh=100)},
        {"batch_views": of_view(None)},  # no feature reads it
        {"batch_views": of_view(HOUR, fresh=100, unpublished=5)},  # it has been since
    ],
)
def test_healthy_facts_give_no_notice(facts: dict[str, object]) -> None:
    assert notices(replace(QUIET, **facts)) == []  # type: ignore[arg-type]


def test_an_open_transaction_notice_says_how_to_end_it() -> None:
    (notice,) = notices(replace(QUIET, writer=WRITER))
    assert "pg_terminate_backend(4242)" in notice.do
    assert notices(replace(QUIET, writer=WRITER._replace(seconds=20.0))) == []


@pytest.mark.parametrize("follower", [STOPPED, LATE, BEHIND], ids=["stopped", "late", "behind"])
def test_outdated_windows_do_not_report_silence(follower: ConsumerHealth) -> None:
    facts = replace(QUIET, consumers=[follower], minutes=minutes(70, 10, received=5))

    assert [notice.what for notice in notices(facts) if "No events" in notice.what] == []


def test_the_most_severe_notice_comes_first() -> None:
    facts = replace(
        QUIET, candidates=[candidate(True)], pending=PendingEvents(0, None, 2), consumers=[STOPPED]
    )

    assert [notice.tone for notice in notices(facts)] == ["bad", "warn", "info"]
