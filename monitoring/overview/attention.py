"""What wants somebody's attention, in words and with what to do about it. Pure: facts in, notices out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings

from monitoring.drift.distance import State
from monitoring.overview.facts import Facts
from monitoring.windows.batch_views import Freshness
from monitoring.windows.hourly import WINDOWS
from monitoring.windows.traffic import Traffic
from scoring.admin_kit.formatting import ago_text, count_text, duration_text, percent_text
from scoring.learning.models import TrainingJob
from scoring.log.consumers.status import ConsumerHealth
from scoring.replay.mismatches import Mismatch
from scoring.signals import process_reports as reports

Tone = Literal["bad", "warn", "info"]
TONES: tuple[Tone, ...] = ("bad", "warn", "info")

CONSUMERS_LATE = timedelta(minutes=1)  # beat runs them every few seconds
REPORTED_SECONDS, MAX_SKEW_SECONDS = 60.0, 2.0
CONSUMER_LAG = 2_000  # entries; two batches
LANE_LATE = timedelta(seconds=30)
CASE_LATE = timedelta(hours=24)
SILENCE_MINUTES, SILENCE_EXPECTED = 10, 20  # so long nothing, where so many events were to be expected
FALLBACKS_MANY = 0.01
MIN_SLOW = 3  # decisions
MANY_RESTARTS = 3  # in an hour
TRAINING_NEWS = CONSISTENCY = timedelta(days=1)


@dataclass(frozen=True)
class Notice:
    """`what` is wrong and what to `do`. `page` and `arguments` name where; `label` are the link's words."""

    tone: Tone
    what: str
    do: str
    label: str = ""
    page: str = ""
    arguments: tuple[object, ...] = ()
    query: str = ""


Rule = Callable[[Facts], Iterator[Notice]]


def notices(facts: Facts) -> list[Notice]:
    """Everything that wants attention, the gravest first."""
    found = [notice for rule in RULES for notice in rule(facts)]
    return sorted(found, key=lambda notice: TONES.index(notice.tone))


def stopped_consumers(facts: Facts) -> Iterator[Notice]:
    for consumer in facts.consumers:
        if consumer.error:
            where = f" before entry {consumer.failed_position:,}" if consumer.failed_position else ""
            yield Notice(
                "bad",
                f"{_follower(consumer)} stands still{where}: {_short(consumer.error)}",
                "What it keeps is out of date. Mend the cause; it tries again by itself every few seconds.",
                *("See the entry", "scoring_logentry_change" if consumer.failed_position else ""),
                arguments=(consumer.failed_position,),
            )


def late_consumers(facts: Facts) -> Iterator[Notice]:
    """Nobody reads the log, or somebody cannot keep up. Without entries to read, nobody is late."""
    running = [consumer for consumer in facts.consumers if not consumer.error]
    last = max((consumer.ran_at for consumer in running if consumer.ran_at), default=None)
    if running and (last is None or facts.now - last > CONSUMERS_LATE):
        when = f"for {duration_text(facts.now - last)}" if last else "so far"
        yield Notice(
            "bad",
            f"Nothing has read the log {when}: figures, cases and shadows below are that old.",
            "Start the scheduler and a worker of the queue “default” (the processes beat and background).",
        )
        return
    held_back = _is_held_back(facts)
    for consumer in running:
        if consumer.lag > CONSUMER_LAG and not held_back:
            yield Notice(
                "warn",
                f"{_follower(consumer)} is more than {count_text(consumer.lag)} entries behind.",
                "It catches up by itself, unless entries come faster than it reads: look again in a minute.",
            )


def open_transactions(facts: Facts) -> Iterator[Notice]:
    """Somebody's transaction keeps every consumer from reading on."""
    if facts.writer and _is_held_back(facts):
        yield Notice(
            "bad",
            f"{facts.writer.in_words} Cases, figures and shadows stand still.",
            f"{facts.writer.remedy} They catch up by themselves then.",
        )


def _is_held_back(facts: Facts) -> bool:
    return facts.writer is not None and facts.writer.seconds > CONSUMERS_LATE.total_seconds()


def refusing_store(facts: Facts) -> Iterator[Notice]:
    store = facts.store
    if store is None:
        return
    if not store.answers:
        yield Notice(
            "bad", "Redis does not answer: the failure policy decides.", "Bring it back: see /readyz."
        )
    elif store.refusal:
        yield Notice(
            "bad",
            f"Redis refuses writes, as {store.refusal.why}: the failure policy decides.",
            f"{store.refusal.remedy} What was decided meanwhile is decided again then.",
        )


def unusable_models(facts: Facts) -> Iterator[Notice]:
    """Models that workers cannot load, as they say themselves."""
    for report in facts.store.reports if facts.store else ():
        if report.about == reports.MODELS and report.text and report.age < REPORTED_SECONDS:
            yield Notice(
                "bad",
                f"The workers on {report.by} cannot load {report.text}",
                "The failure policy decides in its place. Restore the model, or roll back to another.",
            )


def wrong_clocks(facts: Facts) -> Iterator[Notice]:
    for report in facts.store.reports if facts.store else ():
        if report.about == reports.CLOCK and report.is_fresh and abs(float(report.text)) > MAX_SKEW_SECONDS:
            yield Notice(
                "warn",
                f"The clock of {report.by} differs from the database's by {abs(float(report.text)):,.0f} s.",
                "Times and latencies of its decisions are wrong. Synchronize it (NTP).",
            )


def waiting_events(facts: Facts) -> Iterator[Notice]:
    waiting = facts.waiting
    if waiting and waiting.oldest and facts.now - waiting.oldest > LANE_LATE:
        yield Notice(
            "bad",
            f"{_counted(waiting.ready, 'entry waits', 'entries wait')} to be processed, the oldest for"
            f" {duration_text(facts.now - waiting.oldest)}.",
            "Senders get fallbacks meanwhile. Start more workers of the queue “lanes”.",
            *("See what waits", "scoring_pending_changelist"),
            query="?state__exact=ready",
        )
    if waiting and waiting.parked:
        yield Notice(
            "warn",
            f"{_counted(waiting.parked, 'event is', 'events are')} parked: they could not be processed.",
            "Each says why. Mend the cause, then try again with `manage.py parked --retry`.",
            *("See parked events", "scoring_pending_changelist"),
            query="?state__exact=parked",
        )


def silence(facts: Facts) -> Iterator[Notice]:
    """Nothing comes, although the windows that say so are up to date."""
    if not any(
        consumer.name == WINDOWS.name and _is_up_to_date(consumer, facts) for consumer in facts.consumers
    ):
        return
    traffic = Traffic(facts.minutes, now=facts.now)
    expected = traffic.received(60 + SILENCE_MINUTES, SILENCE_MINUTES) * SILENCE_MINUTES / 60
    if expected >= SILENCE_EXPECTED and not traffic.received(SILENCE_MINUTES):
        yield Notice(
            "bad",
            f"No event has come for {SILENCE_MINUTES} min; about {expected:,.0f} were to be expected.",
            "See whether senders reach /api/v1/events, and whether their keys still work.",
            *("See API keys", "scoring_apikey_changelist"),
        )


def fallbacks(facts: Facts) -> Iterator[Notice]:
    traffic = Traffic(facts.minutes, now=facts.now)
    count, decided = traffic.sum("fallbacks", 60), traffic.sum("decided", 60)
    if count:
        yield Notice(
            "bad" if count > FALLBACKS_MANY * decided else "warn",
            f"{count_text(count)} of {count_text(decided)} decisions of the last hour"
            f" ({percent_text(count / decided)}) were fallbacks{_in_words(facts.causes)}.",
            "No model could be had in time: the failure policy decided. Each decision records its cause.",
            *("See the fallbacks", "scoring_decision_changelist"),
            query="?basis__exact=fallback",
        )


CAUSES = {
    "timeout": "no decision came in time",
    "online_store_unavailable": "Redis could not be used",
    "broker_unavailable": "the broker could not be used",
    "model_unavailable": "the model could not be loaded",
    "model_failed": "the model failed",
    "feature_set_missing": "the code lacks the model's features",
}


def _in_words(causes: list[tuple[str, int]] | None) -> str:
    """Among the latest decisions: ": no decision came in time (12), the model failed (3)"."""
    named = [f"{CAUSES.get(cause, cause)} ({count:,})" for cause, count in causes or ()]
    return ": " + ", ".join(named) if named else ""


def slow_decisions(facts: Facts) -> Iterator[Notice]:
    traffic = Traffic(facts.minutes, now=facts.now)
    latency = traffic.latency_ms(0.99, 60)
    budget = 1_000 * settings.API_DEFAULT_WAIT
    # With little traffic one slow decision is more than one in a hundred, and no sign of anything.
    if latency and latency > budget and traffic.count_slower(budget, 60) >= MIN_SLOW:
        yield Notice(
            "warn",
            f"One decision in a hundred took longer than {latency:,.0f} ms in the last hour.",
            f"Senders wait {budget:,.0f} ms unless they say otherwise. Start more workers of queue “lanes”.",
        )


def old_cases(facts: Facts) -> Iterator[Notice]:
    queue = facts.queue
    if queue and queue.oldest and facts.now - queue.oldest > CASE_LATE:
        yield Notice(
            "warn",
            f"The oldest case has waited for {duration_text(facts.now - queue.oldest)};"
            f" {_counted(queue.waiting, 'waits', 'wait')} in all.",
            "Take the next case.",
            *("Work the queue", "queue"),
        )


def undecided_types(facts: Facts) -> Iterator[Notice]:
    if facts.in_charge == [] and not facts.candidates:
        yield Notice(
            "info",
            "No model decides anything yet: each event type's policy does.",
            "Load labelled history, then train a first model.",
            *("Start a training", "training_start"),
        )


def open_candidates(facts: Facts) -> Iterator[Notice]:
    for version in (facts.candidates or [])[:3]:
        failed = [check for check in version.checks if not check.get("passed")]
        state = f"{_counted(len(failed), 'check', 'checks')} failed" if failed else "its checks have passed"
        trained = ago_text(version.trained_at, facts.now)
        yield Notice(
            "info",
            f"{version.name}, trained {trained}, has not been judged: {state}.",
            "Compare it with the model in charge; whoever may judge models then approves or rejects it.",
            *("Compare", "model"),
            arguments=(version.name,),
        )


def failed_training(facts: Facts) -> Iterator[Notice]:
    newest = next(iter(facts.trainings or []), None)
    if newest is None or newest.state != TrainingJob.State.FAILED or newest.ended_at is None:
        return
    if facts.now - newest.ended_at < TRAINING_NEWS:
        when = ago_text(newest.ended_at, facts.now)
        yield Notice(
            "warn",
            f"Training {newest.number} failed {when}: {_short(newest.error)}",
            "Nothing has changed by it. Mend the cause and start another.",
            *("See trainings", "scoring_trainingjob_changelist"),
        )


def broken_schedules(facts: Facts) -> Iterator[Notice]:
    for name, problem in facts.broken_schedules or []:
        yield Notice(
            "bad",
            f"The schedule “{name}” fails every time: {problem}",
            "Nothing comes of it until its task or arguments are corrected.",
            *("See schedules", "django_celery_beat_periodictask_changelist"),
        )


def restarted_processes(facts: Facts) -> Iterator[Notice]:
    for process in facts.restarts or []:
        times = "once" if process.count == 1 else f"{process.count} times"
        said = f": {_short(process.said)}" if process.said else ""
        yield Notice(
            "bad" if process.count >= MANY_RESTARTS else "warn",
            f"{process.name} was restarted {times} in the last hour; it ended with {process.how}{said}",
            "What it left undone is done by the next. If it goes on, its messages in the terminal of"
            " `make up` say why; SIGKILL or 137 is often a lack of memory.",
        )


def inconsistent_features(facts: Facts) -> Iterator[Notice]:
    """Values that decisions were made on do not come out of the log again."""
    by_type: dict[str, list[Mismatch]] = {}
    for mismatch in facts.mismatches or []:
        by_type.setdefault(mismatch.event_type, []).append(mismatch)
    for event_type, wrong in by_type.items():
        wrong.sort(key=lambda each: each.mismatched / each.compared, reverse=True)
        worst = wrong[0]
        others = f" and {_counted(len(wrong) - 1, 'other', 'others')}" if len(wrong) > 1 else ""
        yield Notice(
            "bad",
            f"{worst.feature}{others} of {event_type} came out differently when recomputed:"
            f" {count_text(worst.mismatched)} of {count_text(worst.compared)} values.",
            "Scores rest on wrong values until the cause is found. See the first difference:"
            f" `manage.py replay --type {event_type} --from {facts.now - CONSISTENCY:%Y-%m-%d}`.",
            *("See the features", "features"),
            query=f"?type={event_type}&state=inconsistent",
        )


def missing_batch_values(facts: Facts) -> Iterator[Notice]:
    """Decisions rest on views without a fresh version, or soon will."""
    for view in facts.batch_views or []:
        state = _state_of(view)
        if not state:
            continue
        decisions = _counted(view.without, "decision", "decisions")
        without = f": {decisions} since {view.since:%H:%M} without it" if view.without else ""
        last = f"; last published {ago_text(view.latest.published_at, facts.now)}" if view.latest else ""
        yield Notice(
            "warn" if state == _WAS_STALE or not view.without else "bad",
            f"{view.view.name} of {view.view.event_type} {state}{without}{last}.",
            _REMEDIES.get(state, _PUBLISH),
            *("See the views", "batch_views"),
        )


_LOST, _WAS_STALE = "was lost from Redis", "was stale"
_REMEDIES = {
    _LOST: "Redis gets it back from the offline store by itself, within a minute.",
    _WAS_STALE: "A fresh version is there again. It came late: was a worker of the queue `training` away?",
}
_PUBLISH = "What features read of it is missing. `manage.py publish_views` says what keeps it."


def _state_of(view: Freshness) -> str:
    """What is wrong with a view, in words; "" if nothing is."""
    if view.latest is None:
        return "was never published" if view.without else ""
    if view.is_stale:
        return "is stale"
    if view.stale:
        return _WAS_STALE
    return _LOST if view.lost else ""


def drifted_models(facts: Facts) -> Iterator[Notice]:
    """Features that moved far, or the scores. Of dozens one may move a little: the tile counts it."""
    for report in facts.drifts or []:
        shifted, moved = report.count(State.SHIFTED), len(report.moved)
        if not report.is_far:
            continue
        what = f"{moved} of {len(report.features)} features" if moved else "The scores"
        far = f", {shifted} of them far" if shifted else ""
        yield Notice(
            "warn",
            f"{what} of {report.model} have moved since training{far}.",
            "See which; if the world has changed, train on newer events.",
            *("See the drift", "drift"),
            query=f"?model={report.model}",
        )


RULES: tuple[Rule, ...] = (
    *(refusing_store, unusable_models, wrong_clocks, open_transactions),
    *(stopped_consumers, late_consumers, waiting_events, silence, fallbacks, slow_decisions),
    *(inconsistent_features, missing_batch_values),
    *(
        restarted_processes,
        broken_schedules,
        old_cases,
        failed_training,
        drifted_models,
        open_candidates,
        undecided_types,
    ),
)


def _is_up_to_date(consumer: ConsumerHealth, facts: Facts) -> bool:
    late = consumer.ran_at is None or facts.now - consumer.ran_at > CONSUMERS_LATE
    return not (consumer.error or late or consumer.lag > CONSUMER_LAG)


def _follower(consumer: ConsumerHealth) -> str:
    return f"The consumer {consumer.name}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _short(error: str, most: int = 160) -> str:
    line = error.strip().splitlines()[-1] if error.strip() else "no reason was given"
    return line if len(line) <= most else line[: most - 1] + "…"
