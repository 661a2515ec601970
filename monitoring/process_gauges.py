"""Gauges of /metrics about processes: consumers of the log, and workers that report."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from scoring.log.consumers.status import ConsumerHealth, consumer_health
from scoring.signals.process_reports import KEPT_SECONDS, SWEEP, WORKER, Report, read_reports

MAX_LAG_COUNTED = 5_000  # entries behind each consumer


def process_gauges(*, now: datetime) -> Iterator[Metric]:
    """The gauges of consumers and workers. Raises redis.RedisError, django.db.Error."""
    yield from consumer_gauges(consumer_health(max_lag=MAX_LAG_COUNTED), now=now)
    yield from worker_gauges(read_reports())


def consumer_gauges(consumers: Iterable[ConsumerHealth], *, now: datetime) -> Iterator[Metric]:
    """For each consumer: entries behind, whether an error stopped it, and seconds since its last run."""
    lag = GaugeMetricFamily(
        "assay_consumer_lag_entries",
        f"Entries that a consumer has yet to handle, among the next {MAX_LAG_COUNTED:,} of the log",
        labels=["consumer"],
    )
    stopped = GaugeMetricFamily(
        "assay_consumer_stopped",
        "1 while a consumer has stopped at an entry that it cannot handle",
        labels=["consumer"],
    )
    age = GaugeMetricFamily(
        "assay_consumer_run_age_seconds",
        "Time since a consumer last ran, in seconds; absent if it never did",
        labels=["consumer"],
    )
    for each in consumers:
        lag.add_metric([each.name], each.lag)
        stopped.add_metric([each.name], bool(each.error))
        if each.ran_at:
            age.add_metric([each.name], max((now - each.ran_at).total_seconds(), 0.0))
    yield from (lag, stopped, age)


def worker_gauges(reports: Iterable[Report]) -> Iterator[Metric]:
    """For each queue: its workers and the age of their latest report; and the age of the last sweep.

    Reports older than KEPT_SECONDS are of processes that this installation no longer has.
    """
    ages, sweeps = defaultdict[str, list[Report]](list), []
    for report in (each for each in reports if each.age <= KEPT_SECONDS):
        if report.about == WORKER:
            ages[report.by.partition("/")[0]].append(report)
        elif report.about == SWEEP:
            sweeps.append(report.age)
    count = GaugeMetricFamily("assay_workers", "Workers of a queue that report", labels=["queue"])
    age = GaugeMetricFamily(
        "assay_worker_report_age_seconds",
        "Age of the latest report of the workers of a queue, in seconds",
        labels=["queue"],
    )
    for queue, reported in sorted(ages.items()):
        count.add_metric([queue], sum(each.is_fresh for each in reported))
        age.add_metric([queue], min(each.age for each in reported))
    yield from (count, age)
    sweep = GaugeMetricFamily("assay_sweep_age_seconds", "Age of the last sweep of the lanes, in seconds")
    if sweeps:
        sweep.add_metric([], min(sweeps))
    yield sweep
