"""Notices about the way of events: Redis, the log's consumers, pending events, traffic and latency."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from monitoring.overview.facts import Facts
from monitoring.overview.notices import Measured, Notice, Rule, counted, last_line
from monitoring.windows.hourly import WINDOWS
from monitoring.windows.traffic import RecentTraffic
from scoring.admin_kit.formatting import count_text, duration_text, percent_text
from scoring.declare.spelling import words_of
from scoring.log.consumers.status import ConsumerHealth
from scoring.signals import process_reports as reports

CONSUMERS_LATE = timedelta(minutes=1)  # the scheduler runs them every few seconds
CONSUMER_LAG = 2_000  # entries; two batches
MAX_REPORT_AGE_SECONDS, MAX_SKEW_SECONDS = 60.0, 2.0
LANE_LATE = timedelta(seconds=30)
SILENCE_MINUTES, SILENCE_EXPECTED = 10, 20  # no events in these minutes where this many were expected
MANY_FALLBACKS = 0.01
SLOW_MINUTES, MIN_SLOW = 5, 3  # decisions; a burst at start-up is forgotten as soon as it is over
CAUSES = {
    "timeout": "no decision in time",
    "online_store_unavailable": "Redis unavailable",
    "broker_unavailable": "broker unavailable",
    "model_unavailable": "model could not be loaded",
    "model_failed": "model failed",
    "feature_set_missing": "the code lacks the model's features",
}


def redis_trouble(facts: Facts) -> Iterator[Notice]:
    store = facts.store
    if store is None:
        return
    if not store.answers:
        yield Notice(
            "bad",
            "Redis does not answer, so the failure policy decides.",
            "Restart Redis; /readyz gives the error.",
        )
    elif store.refusal:
        yield Notice(
            "bad",
            f"Redis refuses writes because {store.refusal.why}, so the failure policy decides.",
            f"{store.refusal.remedy} The affected events will then be decided again.",
        )


def unusable_models(facts: Facts) -> Iterator[Notice]:
    """Models that workers report they cannot load."""
    for report in facts.store.reports if facts.store else ():
        if report.about == reports.MODELS and report.text and report.age < MAX_REPORT_AGE_SECONDS:
            yield Notice(
                "bad",
                f"The workers on {report.by} cannot load {report.text}",
                "The failure policy decides instead. Restore the model or roll back to another.",
            )


def failing_services(facts: Facts) -> Iterator[Notice]:
    """Services of external signals that processes do not ask for a moment."""
    for signal, cause in reports.failing_services(facts.store.reports if facts.store else ()).items():
        yield Notice(
            "warn",
            f"The service of {signal} fails ({words_of(cause)}), so this external signal is missing.",
            "Events are decided without it. Check the service; it is asked again by itself.",
        )


def wrong_clocks(facts: Facts) -> Iterator[Notice]:
    for report in facts.store.reports if facts.store else ():
        if report.about == reports.CLOCK and report.is_fresh and abs(float(report.text)) > MAX_SKEW_SECONDS:
            yield Notice(
                "warn",
                f"The clock of {report.by} differs from the database's by {abs(float(report.text)):,.0f} s.",
                "Times and latencies of its decisions are wrong. Synchronize its clock (NTP).",
            )


def open_transactions(facts: Facts) -> Iterator[Notice]:
    """A long transaction that keeps every consumer from reading on."""
    if facts.writer and _is_blocked(facts):
        yield Notice(
            "bad",
            f"{facts.writer.in_words} Cases, statistics and shadow scores are not being updated.",
            f"{facts.writer.remedy} They will then catch up automatically.",
        )


def stopped_consumers(facts: Facts) -> Iterator[Notice]:
    for consumer in facts.consumers:
        if consumer.error:
            where = f" at entry {consumer.failed_position:,}" if consumer.failed_position else ""
            yield Notice(
                "bad",
                f"Consumer {consumer.name} has stopped{where}: {last_line(consumer.error)}",
                "Its data is out of date. Fix the cause; it retries every few seconds.",
                *("See the entry", "scoring_logentry_change" if consumer.failed_position else ""),
                arguments=(consumer.failed_position,),
                measured=Measured(("log.stopped_consumers",), {"consumer": consumer.name}),
            )


def late_consumers(facts: Facts) -> Iterator[Notice]:
    """No consumer has run lately, or one cannot keep up."""
    running = [consumer for consumer in facts.consumers if not consumer.error]
    last = max((consumer.ran_at for consumer in running if consumer.ran_at), default=None)
    if running and (last is None or facts.now - last > CONSUMERS_LATE):
        when = f"for {duration_text(facts.now - last)}" if last else "yet"
        yield Notice(
            "bad",
            f"No consumer has read the log {when}, so cases, statistics and shadow scores are out of date.",
            "Start the scheduler and a worker of the queue “default” (processes beat and background).",
        )
        return
    blocked = _is_blocked(facts)
    for consumer in running:
        if consumer.lag > CONSUMER_LAG and not blocked:
            yield Notice(
                "warn",
                f"Consumer {consumer.name} is more than {count_text(consumer.lag)} entries behind.",
                "It catches up unless entries arrive faster than it reads. Check again in a minute.",
                measured=Measured(("operations.consumer_lag",), {"consumer": consumer.name}),
            )


def pending_events(facts: Facts) -> Iterator[Notice]:
    pending = facts.pending
    if pending and pending.oldest and facts.now - pending.oldest > LANE_LATE:
        yield Notice(
            "bad",
            f"{counted(pending.ready, 'entry is', 'entries are')} pending, the oldest for"
            f" {duration_text(facts.now - pending.oldest)}.",
            "Waiting clients get fallback decisions or 202. Check that the workers of the queue “lanes” are"
            " running and not short of CPU.",
            *("See pending entries", "scoring_pending_changelist"),
            query="?state__exact=ready",
            measured=Measured(("lanes.pending_age",)),
        )
    if pending and pending.parked:
        yield Notice(
            "warn",
            f"{counted(pending.parked, 'event is', 'events are')} parked because processing failed.",
            "Each row gives its error. Fix it, then select the entries in the list and retry them.",
            *("See parked events", "scoring_pending_changelist"),
            query="?state__exact=parked",
            measured=Measured(("lanes.parked",)),
        )


def media_behind(facts: Facts) -> Iterator[Notice]:
    """Uploaded files that wait to be processed for long."""
    if facts.media and facts.media.is_late:
        yield Notice(
            "warn",
            f"{counted(facts.media.waiting, 'uploaded file waits', 'uploaded files wait')} to be processed,"
            f" the oldest for {duration_text(timedelta(seconds=facts.media.oldest_seconds))}.",
            "Content with them is decided without them. Check that the process media is running, or give it"
            " more processes (ASSAY_MEDIA_WORKERS).",
            *("See uploaded files", "scoring_mediaitem_changelist"),
            query="?status__exact=pending",
        )


def failed_messages(facts: Facts) -> Iterator[Notice]:
    """Messages about alerts that could not be delivered."""
    if failed := facts.failed_messages:
        yield Notice(
            "warn",
            f"{counted(failed.count, 'message', 'messages')} about alerts could not be delivered within a"
            f" day, the latest to {failed.owner}: {failed.error}.",
            "Correct the owner's channels, then send a test message.",
            *("See notifications", "owner_notifications"),
            arguments=(failed.owner,),
        )


def silence(facts: Facts) -> Iterator[Notice]:
    """No events although the windows that count them are up to date."""
    if not any(
        consumer.name == WINDOWS.name and _is_up_to_date(consumer, facts) for consumer in facts.consumers
    ):
        return
    traffic = RecentTraffic(facts.minutes, now=facts.now)
    expected = traffic.received(60 + SILENCE_MINUTES, SILENCE_MINUTES) * SILENCE_MINUTES / 60
    if expected >= SILENCE_EXPECTED and not traffic.received(SILENCE_MINUTES):
        yield Notice(
            "bad",
            f"No events for {SILENCE_MINUTES} min; about {expected:,.0f} were expected.",
            "Check that senders can reach /api/v1/events and that their keys are valid.",
            *("See API keys", "scoring_apikey_changelist"),
        )


def fallbacks(facts: Facts) -> Iterator[Notice]:
    traffic = RecentTraffic(facts.minutes, now=facts.now)
    count, decided = traffic.sum("fallbacks", 60), traffic.sum("decided", 60)
    if count:
        yield Notice(
            "bad" if count > MANY_FALLBACKS * decided else "warn",
            f"{count_text(count)} of {count_text(decided)} decisions in the last hour"
            f" ({percent_text(count / decided)}) were fallbacks{causes_text(facts.causes)}.",
            "No model answered in time, so the failure policy decided. Each decision records its cause.",
            *("See the fallbacks", "scoring_decision_changelist"),
            query="?basis__exact=fallback",
            measured=Measured(("decisions.fallback_share",)),
        )


def slow_decisions(facts: Facts) -> Iterator[Notice]:
    traffic = RecentTraffic(facts.minutes, now=facts.now)
    latency = traffic.latency_ms(0.99, SLOW_MINUTES)
    budget = 1_000 * settings.API_DEFAULT_WAIT
    # With little traffic a single slow decision is more than 1 % and means nothing.
    if latency and latency > budget and traffic.count_slower(budget, SLOW_MINUTES) >= MIN_SLOW:
        yield Notice(
            "warn",
            f"1\N{NO-BREAK SPACE}% of the decisions in the last {SLOW_MINUTES} min took longer than"
            f" {latency:,.0f} ms.",
            f"Clients wait {budget:,.0f} ms by default. The page Operations shows the slow stage, and whether"
            " another lane would help.",
            *("See operations", "operations"),
            measured=Measured(("decisions.latency_p99",)),
        )


def _is_blocked(facts: Facts) -> bool:
    return facts.writer is not None and facts.writer.seconds > CONSUMERS_LATE.total_seconds()


def _is_up_to_date(consumer: ConsumerHealth, facts: Facts) -> bool:
    late = consumer.ran_at is None or facts.now - consumer.ran_at > CONSUMERS_LATE
    return not (consumer.error or late or consumer.lag > CONSUMER_LAG)


def causes_text(causes: list[tuple[str, int]] | None) -> str:
    """ ": no decision in time (12), model failed (3)", among the latest decisions."""
    named = [f"{CAUSES.get(cause, cause)} ({count:,})" for cause, count in causes or ()]
    return ": " + ", ".join(named) if named else ""


# Those of one tone appear in this order.
RULES: tuple[Rule, ...] = (
    *(redis_trouble, unusable_models, failing_services, wrong_clocks, open_transactions),
    *(stopped_consumers, late_consumers, pending_events, media_behind, failed_messages),
    *(silence, fallbacks, slow_decisions),
)
