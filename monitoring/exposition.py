"""The metrics of all processes and of the database in Prometheus's text format."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from django.db import connection
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from monitoring.process_gauges import process_gauges
from scoring.catalog.registry import lanes
from scoring.log.read import horizon_lag
from scoring.signals.telemetry import BUCKETS, Series, read_counts

_QUEUES = """
    SELECT lane, state,
           CASE WHEN state <> 'ready' THEN 'any' WHEN priority = 0 THEN 'waiting'
                WHEN priority = 1 THEN 'bulk' ELSE 'late' END AS class,
           count(*), extract(epoch FROM now() - min(enqueued_at))
      FROM scoring_pending GROUP BY lane, state, class
"""
_HEADS = """
    SELECT given.lane, coalesce((
           SELECT position FROM scoring_logentry WHERE stream = 'lane/' || given.lane
            ORDER BY stream_version DESC LIMIT 1), 0)
      FROM unnest(%s) AS given (lane)
"""
_BREAKERS = "SELECT event_type, source, (until IS NOT NULL)::int FROM scoring_breakerstate"
_RULES_ONLY = 'SELECT event_type, "on"::int FROM scoring_rulesonlyswitch'
_BACKTESTS = "SELECT state, count(*) FROM scoring_backtestjob WHERE ended_at IS NULL GROUP BY state"
_MEDIA = """
    SELECT count(*), coalesce(extract(epoch FROM now() - min(received_at)), 0)
      FROM scoring_mediaitem WHERE status = 'pending'
"""
_LAST = "SELECT coalesce(max(position), 0) FROM scoring_logentry"
# Counters: series -> (metric name, help text, label names).
COUNTERS = {
    "events": ("assay_stage_events", "Events that each stage handled", ("stage",)),
    "decision": ("assay_decisions", "Decisions made or revised", ("event_type", "outcome", "basis", "model")),
    "finding": (
        "assay_findings",
        "Hits on lists and matches of rules in decisions",
        ("event_type", "kind", "name", "stage"),
    ),
    "rule_error": ("assay_rule_errors", "Decisions on which a live rule failed", ("event_type", "rule")),
    "media": ("assay_media_processed", "Uploaded files processed, by how that ended", ("kind", "status")),
    "texts": ("assay_texts_embedded", "Texts to compare with known ones, by how that ended", ("status",)),
    "enriched": ("assay_enriched_events", "Events enriched once their files or texts were processed", ()),
    "explored": (
        "assay_explored",
        "Would-be blocks that exploration considered, by whether it let them through",
        ("event_type", "let_through"),
    ),
    "breaker": ("assay_breaker_changes", "Breakers opened and closed", ("event_type", "source", "change")),
    "problem": (
        "assay_problem_responses",
        "Requests and list items answered with a problem",
        ("status", "problem"),
    ),
    "external": (
        "assay_external_signals",
        "External signals of received events, by how each was answered",
        ("signal", "origin", "cause"),
    ),
    "refused": ("assay_refused_requests", "Requests answered with 429", ("lane", "priority")),
    "too_late": (
        "assay_too_late_entries",
        "Entries too late for every window of an entity",
        ("lane", "entity"),
    ),
    "saturated": (
        "assay_saturated_reads",
        "Distinct counts that are lower bounds because the map of values was full",
        ("event_type", "feature"),
    ),
}


def exposition() -> bytes:
    """The body of /metrics. Raises redis.RedisError, django.db.Error."""
    registry = CollectorRegistry()
    registry.register(_Collector())
    return generate_latest(registry)


class _Collector:
    def describe(self) -> Iterable[Metric]:
        """Empty, so that registering does not collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        return collect_metrics()


def collect_metrics() -> Iterator[Metric]:
    """All metrics, those without samples too. Raises redis.RedisError, django.db.Error."""
    counts = read_counts()
    yield stage_seconds(counts)
    yield answer_seconds(counts)
    for series in COUNTERS:
        yield counter(series, counts)
    yield from database_gauges()
    yield from process_gauges(now=timezone.now())


def stage_seconds(counts: dict[Series, float]) -> HistogramMetricFamily:
    """Histogram of the stages' runs, from counts of the series "bucket" and "seconds"."""
    family = HistogramMetricFamily(
        "assay_stage_seconds", "Duration of a run of each stage, in seconds", labels=["stage"]
    )
    return _filled(family, counts, buckets="bucket", total="seconds")


def answer_seconds(counts: dict[Series, float]) -> HistogramMetricFamily:
    """Histogram of the answers of external signals' services."""
    family = HistogramMetricFamily(
        "assay_external_signal_seconds",
        "Time that the service of each external signal took to answer, in seconds",
        labels=["signal"],
    )
    return _filled(family, counts, buckets="answer_bucket", total="answer_seconds")


def _filled(
    family: HistogramMetricFamily, counts: dict[Series, float], *, buckets: str, total: str
) -> HistogramMetricFamily:
    """`family` with the counts of these series, by the label that follows each."""
    bounds = [*map(str, BUCKETS), "+Inf"]
    for label in sorted(series[1] for series in counts if series[0] == total):
        each = [counts.get((buckets, label, str(place)), 0.0) for place in range(len(bounds))]
        summed = list(zip(bounds, accumulate(each), strict=True))
        family.add_metric([label], buckets=summed, sum_value=counts[total, label])
    return family


def counter(series: str, counts: dict[Series, float]) -> CounterMetricFamily:
    """A counter of `COUNTERS` with all its label combinations."""
    name, meaning, labels = COUNTERS[series]
    family = CounterMetricFamily(name, meaning, labels=labels)
    for (kind, *values), count in sorted(counts.items()):
        if kind == series:
            family.add_metric(values, count)
    return family


def database_gauges() -> Iterator[Metric]:
    """Gauges from the database: queues, lane heads, open breakers, log entries not yet visible to readers."""
    labels = ["lane", "state", "class"]
    length = GaugeMetricFamily(
        "assay_queue_entries", "Entries that lanes have not processed yet", labels=labels
    )
    age = GaugeMetricFamily(
        "assay_queue_oldest_seconds", "Age of the oldest of these entries, in seconds", labels=labels
    )
    for *values, count, seconds in _rows(_QUEUES):
        length.add_metric(values, count)
        age.add_metric(values, float(seconds))
    head = GaugeMetricFamily(
        "assay_lane_head_position", "Log position that the lane sequenced last", labels=["lane"]
    )
    for lane, position in _rows(_HEADS, [list(lanes())]):
        head.add_metric([lane], position)
    breakers = GaugeMetricFamily(
        "assay_breaker_open",
        "1 while the breaker of an event type and source that ever opened is open",
        labels=["event_type", "source"],
    )
    for event_type, source, is_open in _rows(_BREAKERS):
        breakers.add_metric([event_type, source], is_open)
    rules_only = GaugeMetricFamily(
        "assay_rules_only",
        "1 while rules alone decide an event type whose models were ever switched off",
        labels=["event_type"],
    )
    for event_type, is_on in _rows(_RULES_ONLY):
        rules_only.add_metric([event_type], is_on)
    backtests = GaugeMetricFamily("assay_backtests", "Backtests that have not ended", labels=["state"])
    for state, count in (dict.fromkeys(("queued", "running"), 0) | dict(_rows(_BACKTESTS))).items():
        backtests.add_metric([state], count)
    [[waiting, oldest]] = _rows(_MEDIA)
    yield GaugeMetricFamily("assay_media_waiting", "Uploaded files that are not processed yet", waiting)
    yield GaugeMetricFamily(
        "assay_media_oldest_seconds", "Age of the oldest of these files, in seconds", float(oldest)
    )
    lag = horizon_lag()
    yield from (length, age, head, breakers, rules_only, backtests)
    yield GaugeMetricFamily("assay_log_position", "Position of the last log entry", _rows(_LAST)[0][0])
    yield GaugeMetricFamily(
        "assay_log_hidden_entries", "Log entries that readers cannot see yet", lag.entries
    )
    yield GaugeMetricFamily(
        "assay_log_oldest_writer_seconds",
        "Age of the oldest transaction that readers wait for, in seconds",
        lag.oldest_transaction_s or 0,
    )


def _rows(sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
