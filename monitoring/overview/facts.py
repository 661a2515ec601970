"""The facts behind the overview, read in a few bounded queries; None for what the user may not see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import redis
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django_celery_beat.models import PeriodicTask

from experiments.models import Experiment
from monitoring.alerts.models import Alert
from monitoring.alerts.reading import AlertGroup, firing_groups, visible_alerts
from monitoring.drift.champions import read_reports
from monitoring.drift.report import DriftReport
from monitoring.models import GuardrailTrip, HourlyWindow, MinuteWindow, ModelPerformance
from monitoring.notifications.models import NotificationMessage
from monitoring.overview.restarts import ProcessRestarts, read_restarts
from monitoring.windows.batch_views import Freshness, read_freshness
from monitoring.windows.hourly import to_hour, to_minute
from reviews.actions.failures import failed_requests, id_of
from reviews.models import Case
from scoring.admin_kit.row_rules.visible import of_seen_types, sees_type, visible_to
from scoring.catalog.registry import event_types
from scoring.content.media.queue import MediaBacklog, read_backlog
from scoring.decisions.models import Decision
from scoring.lanes.models import Pending
from scoring.learning.models import TrainingJob, TrainingProgress
from scoring.log.consumers.status import ConsumerHealth, consumer_health
from scoring.log.consumers.writers import OldestWriter, oldest_writer
from scoring.registry.models import ModelVersion, Route
from scoring.registry.routes import CHAMPION
from scoring.replay.consistency.mismatches import AspectCheck, Mismatch, read_aspects, read_mismatches
from scoring.rules.breaker.models import BreakerState
from scoring.rules.quality.models import RuleDay
from scoring.rules.rules.models import Rule
from scoring.rules.rules_only.models import RulesOnlySwitch
from scoring.rules.rules_only.switch import RULES_ONLY
from scoring.rules.rules_only.switching import switched_on
from scoring.schedules import schedule_problems
from scoring.signals import process_reports as reports
from scoring.signals import redis_connections as connections
from scoring.signals.process_reports import Report
from scoring.signals.store_health import Refusal, refused_write

DAY, TWO_HOURS = timedelta(days=1), timedelta(hours=2)
CANDIDATES_FOR = timedelta(days=30)  # older ones are not going to be approved
MAX_DECISIONS = 5_000
MAX_LAG_COUNTED = 5_000  # entries behind each consumer
MAX_TRIPS = 5  # of guardrails
FAILED_FOR = timedelta(days=7)  # older failures of actions are taken as settled otherwise
CASE_LATE = timedelta(hours=24)  # the age from which on a case is overdue
# Long columns of a model version that the overview does not show.
_UNSHOWN = ("parameters", "metrics", "lineage", "comparison")


@dataclass(frozen=True)
class PendingEvents:
    """Entries that lanes have yet to process (`ready`), and parked ones."""

    ready: int
    oldest: datetime | None
    parked: int


@dataclass(frozen=True)
class CaseQueue:
    """Cases that need a verdict; `held` ones are claimed, `overdue` ones open for more than CASE_LATE."""

    pending: int
    held: int
    oldest: datetime | None
    overdue: int = 0


@dataclass(frozen=True)
class OwnWork:
    """A reviewer's cases: those claimed now, and those decided since the day began (UTC)."""

    claimed: int
    decided: int


@dataclass(frozen=True)
class StoreStatus:
    """Redis: whether it answers, why it refuses writes (None if it accepts), and reports of processes."""

    answers: bool
    refusal: Refusal | None = None
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True)
class Champion:
    """The model that decides an event type; `version` is None if it is not in the registry."""

    route: Route
    name: str
    version: ModelVersion | None


@dataclass(frozen=True)
class FailedMessages:
    """Messages about alerts that were given up within a day: how many, and the latest owner and error."""

    count: int
    owner: str
    error: str


@dataclass(frozen=True)
class FailedActions:
    """Actions of cases that were given up within FAILED_FOR and not made anew: how many, and the latest one.

    `case`: the sender's id of its event; `position`: that of the event.
    """

    count: int
    action: str
    case: str
    position: int
    at: datetime
    error: str


@dataclass(frozen=True)
class FailingRule:
    """A rule that failed on events since yesterday (UTC)."""

    event_type: str
    name: str
    events: int


@dataclass(frozen=True)
class Facts:
    """`hours` cover the last 24 hours, `minutes` the last two, both oldest first."""

    now: datetime
    hours: list[HourlyWindow]
    minutes: list[MinuteWindow]
    consumers: list[ConsumerHealth]
    causes: list[tuple[str, int]] | None = None
    writer: OldestWriter | None = None
    store: StoreStatus | None = None
    pending: PendingEvents | None = None
    media: MediaBacklog | None = None
    queue: CaseQueue | None = None
    own_work: OwnWork | None = None
    champions: list[Champion] | None = None
    candidates: list[ModelVersion] | None = None
    drifts: list[DriftReport] | None = None
    performance: list[ModelPerformance] | None = None  # of the champions, as measured last
    mismatches: list[Mismatch] | None = None
    aspects: list[AspectCheck] | None = None
    batch_views: list[Freshness] | None = None
    experiments: list[Experiment] | None = None
    trainings: list[TrainingJob] | None = None
    broken_schedules: list[tuple[str, str]] | None = None  # name and problem
    failed_messages: FailedMessages | None = None
    restarts: list[ProcessRestarts] | None = None
    open_breakers: list[BreakerState] | None = None
    rules_only: list[RulesOnlySwitch] | None = None  # of event types whose models are switched off
    guardrail_trips: list[GuardrailTrip] | None = None  # of the last day, newest first
    requested_rules: list[Rule] | None = None  # those that wait for the user's approval
    failing_rules: list[FailingRule] | None = None
    alerts: list[AlertGroup] | None = None  # that fire and are not in hand
    failed_actions: FailedActions | None = None  # of those that the user may request


def read_facts(user: User | AnonymousUser, *, now: datetime) -> Facts:
    """The facts that `user` may see, at most one query for each."""
    seen: dict[str, Any] = {}
    if user.has_perm("scoring.view_pending"):
        seen |= {"pending": read_pending(), "writer": oldest_writer(), "store": read_store()}
        seen["media"] = read_backlog(now=now)
    if user.has_perm("scoring.view_decision"):
        seen["causes"] = read_causes(visible_to(Decision.objects.all(), user), now=now)
    if user.has_perm("reviews.view_case"):
        seen["queue"] = read_queue(visible_to(Case.objects.pending(), user), now=now)
    if user.has_perm("reviews.work_case"):
        seen["own_work"] = read_own_work(user.get_username(), now=now)
    if user.has_perm("scoring.view_modelversion"):
        seen |= read_models(user, now=now)
        if user.has_perm("monitoring.view_modelwindow"):
            seen |= read_model_findings(user, seen["champions"], now=now)
    if user.has_perm("experiments.view_experiment"):
        seen["experiments"] = list(
            visible_to(Experiment.objects.filter(state=Experiment.State.RUNNING), user)
        )
    if user.has_perm("scoring.view_breakerstate"):
        open_ones = [each for each in read_breakers() if each.until is not None]
        seen["open_breakers"] = of_seen_types(open_ones, user)
    if user.has_perm("scoring.view_rulesonlyswitch"):
        seen["rules_only"] = of_seen_types(switched_on(), user)
    seen |= read_findings(user, now=now)
    if user.has_perm("scoring.activate_rule"):
        seen["requested_rules"] = read_requested_rules(user)
    if user.has_perm("scoring.view_rule"):
        seen["failing_rules"] = read_failing_rules(user, now=now)
    if user.has_perm("scoring.view_trainingjob"):
        seen["trainings"] = read_trainings(user)
        seen["broken_schedules"] = read_broken_schedules()
        seen["restarts"] = read_restarts(now=now)
    hours = visible_to(HourlyWindow.objects.all(), user)
    minutes = visible_to(MinuteWindow.objects.all(), user)
    return Facts(
        now=now,
        hours=list(hours.filter(start__gte=to_hour(now - DAY)).order_by("start")),
        minutes=list(minutes.filter(start__gte=to_minute(now - TWO_HOURS)).order_by("start")),
        consumers=consumer_health(max_lag=MAX_LAG_COUNTED),
        **seen,
    )


def read_model_findings(
    user: User | AnonymousUser, champions: Iterable[Champion], *, now: datetime
) -> dict[str, Any]:
    """What monitoring knows of the deployed models, and of the views and decisions that they need."""
    return {
        "drifts": read_drifts(champions, now=now),
        "performance": read_performance(champions),
        "mismatches": of_seen_types(read_mismatches(since=now - DAY), user),
        "aspects": of_seen_types(read_aspects(since=now - DAY), user),
        "batch_views": [each for each in read_freshness(now=now) if sees_type(user, each.view.event_type)],
    }


def read_findings(user: User | AnonymousUser, *, now: datetime) -> dict[str, Any]:
    """What monitoring itself found; messages about that, and actions of cases, that did not arrive."""
    seen: dict[str, Any] = {}
    if user.has_perm("monitoring.view_guardrailtrip"):
        trips = visible_to(GuardrailTrip.objects.all(), user).filter(tripped_at__gt=now - DAY)
        seen["guardrail_trips"] = list(trips.order_by("-position")[:MAX_TRIPS])
    if user.has_perm("monitoring.view_alert"):
        groups = firing_groups(visible_alerts(Alert.objects.all(), user))
        seen["alerts"] = [each for each in groups if not each.is_in_hand(now=now)]
    if user.has_perm("monitoring.view_notificationsettings"):
        seen["failed_messages"] = read_failed_messages(now=now)
    if user.has_perm("reviews.request_caseaction"):
        seen["failed_actions"] = read_failed_actions(user, now=now)
    return seen


def read_requested_rules(user: User | AnonymousUser) -> list[Rule]:
    """The rules whose activation waits for a second person, who may be this user."""
    waiting = (
        visible_to(Rule.objects.all(), user)
        .filter(requested__isnull=False)
        .exclude(requested_by=f"user/{user.get_username()}")
    )
    return list(waiting.order_by("requested_at"))


def read_failed_messages(*, now: datetime) -> FailedMessages | None:
    failed = NotificationMessage.objects.filter(
        state=NotificationMessage.State.FAILED, created_at__gt=now - DAY
    )
    found = list(failed.order_by("-id").values_list("owner", "error"))
    return FailedMessages(len(found), *found[0]) if found else None


def read_failed_actions(user: User | AnonymousUser, *, now: datetime) -> FailedActions | None:
    cases = visible_to(Case.objects.all(), user)
    failed = failed_requests(cases=cases, user=user, since=now - FAILED_FOR)
    if not failed:
        return None
    last = failed[0]
    case = cases.filter(pk__in=[last.event_position]).get()
    return FailedActions(len(failed), last.action, id_of(case), case.pk, last.created_at, last.error)


def read_failing_rules(user: User | AnonymousUser, *, now: datetime) -> list[FailingRule]:
    days = visible_to(RuleDay.objects.all(), user).filter(
        kind="rule", day__gte=(now - DAY).date(), errors__gt=0
    )
    found = days.values_list("event_type", "name").annotate(events=Sum("errors")).order_by("-events")
    return [FailingRule(*row) for row in found]


def read_breakers() -> list[BreakerState]:
    """Every breaker that ever opened, the one that opened first first."""
    return list(BreakerState.objects.order_by("since", "key"))


def read_pending() -> PendingEvents:
    ready, parked = Q(state=Pending.State.READY), Q(state=Pending.State.PARKED)
    counted = Pending.objects.filter(ready | parked).aggregate(
        ready=Count("pk", filter=ready),
        oldest=Min("enqueued_at", filter=ready),
        parked=Count("pk", filter=parked),
    )
    return PendingEvents(**counted)


def read_store() -> StoreStatus:
    try:
        refusal = refused_write(connections.prompt())
        return StoreStatus(answers=True, refusal=refusal, reports=tuple(reports.read_reports()))
    except redis.RedisError:
        return StoreStatus(answers=False)


def read_causes(decisions: QuerySet[Decision], *, now: datetime) -> list[tuple[str, int]]:
    """The causes of these fallbacks in the last hour with their counts, most frequent first.

    Only among the latest decisions, because causes have no index.
    """
    latest = Decision.objects.order_by("-position").values("pk")[:MAX_DECISIONS]
    fallbacks = decisions.filter(
        pk__in=latest, basis=Decision.Basis.FALLBACK, decided_at__gte=now - timedelta(hours=1)
    ).exclude(cause=RULES_ONLY)
    counted = fallbacks.values("cause").annotate(count=Count("pk")).order_by("-count", "cause")
    return [(row["cause"], row["count"]) for row in counted]


def read_queue(cases: QuerySet[Case], *, now: datetime) -> CaseQueue:
    """The figures of these pending cases."""
    held = Q(state=Case.State.CLAIMED, lease_until__gt=now)
    counted = cases.aggregate(
        pending=Count("pk"),
        held=Count("pk", filter=held),
        oldest=Min("opened_at"),
        overdue=Count("pk", filter=Q(opened_at__lt=now - CASE_LATE)),
    )
    return CaseQueue(**counted)


def read_own_work(reviewer: str, *, now: datetime) -> OwnWork:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    claimed = Case.objects.held_by(reviewer, now).count()
    return OwnWork(claimed, Case.objects.decided_by(reviewer, since=today).count())


def read_models(user: User | AnonymousUser, *, now: datetime) -> dict[str, Any]:
    """Of the event types that the user sees, `champions`: the model of each; `candidates`: models that await
    approval, newest first.
    """
    routes = visible_to(Route.objects.all(), user)
    models = visible_to(ModelVersion.objects.all(), user)
    champions = {route: _champion(route) for route in routes.order_by("event_type")}
    awaiting = Q(status=ModelVersion.Status.CANDIDATE, trained_at__gte=now - CANDIDATES_FOR)
    versions = models.filter(Q(name__in=champions.values()) | awaiting).defer(*_UNSHOWN)
    by_name = {version.name: version for version in versions.order_by("-trained_at")}
    return {
        "champions": [Champion(route, name, by_name.get(name)) for route, name in champions.items()],
        "candidates": [v for v in by_name.values() if v.status == ModelVersion.Status.CANDIDATE],
    }


def _champion(route: Route) -> str:
    return next(str(arm["model"]) for arm in route.arms if arm["role"] == CHAMPION)


def read_drifts(champions: Iterable[Champion], *, now: datetime) -> list[DriftReport]:
    """The last day's drift of each champion that has a reference and has decided something."""
    versions = [each.version for each in champions if each.version is not None]
    return read_reports([each for each in versions if each.event_type in event_types()], now=now)


def read_performance(champions: Iterable[Champion]) -> list[ModelPerformance]:
    """How the champions do on matured labels, as measured last; without the columns of plots."""
    found = ModelPerformance.objects.filter(pk__in=[each.name for each in champions])
    return list(found.only("model", "event_type", "loss", "concept").order_by("pk"))


def read_trainings(user: User | AnonymousUser) -> list[TrainingJob]:
    """The five newest trainings that the user sees, with `step`, `done` and `total` of running ones."""
    progress = TrainingProgress.objects.filter(job=OuterRef("number"))
    jobs = visible_to(TrainingJob.objects.all(), user).annotate(
        **{name: Subquery(progress.values(name)[:1]) for name in ("step", "done", "total")}
    )
    return list(jobs.order_by(F("number").desc())[:5])


def read_broken_schedules() -> list[tuple[str, str]]:
    """The enabled schedules that always fail, each with the problem."""
    enabled = PeriodicTask.objects.filter(enabled=True).order_by("name")
    asked = enabled.values_list("name", "task", "args", "kwargs", "queue")
    found = ((name, _schedule_problem(*rest)) for name, *rest in asked)
    return [(name, problem) for name, problem in found if problem]


def _schedule_problem(task: str, args: str, kwargs: str, queue: str | None) -> str:
    return " ".join(schedule_problems(task, args=args, kwargs=kwargs, queue=queue).values())
