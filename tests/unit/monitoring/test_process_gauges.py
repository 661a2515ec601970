"""The gauges of consumers and workers, from their states and reports."""

from datetime import UTC, datetime, timedelta

from prometheus_client.core import Metric

from monitoring.process_gauges import consumer_gauges, worker_gauges
from scoring.log.consumers.status import ConsumerHealth
from scoring.signals.process_reports import CLOCK, SWEEP, WORKER, Report

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def values(families: list[Metric]) -> dict[tuple[str, ...], float]:
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_a_stopped_consumer_and_one_that_never_ran_are_told_apart() -> None:
    consumers = [
        ConsumerHealth("cases", "KeyError: 'x'", 7, NOW - timedelta(seconds=90), 12),
        ConsumerHealth("windows", "", None, None, 0),
    ]
    assert values([*consumer_gauges(consumers, now=NOW)]) == {
        ("assay_consumer_lag_entries", "cases"): 12,
        ("assay_consumer_lag_entries", "windows"): 0,
        ("assay_consumer_stopped", "cases"): 1,
        ("assay_consumer_stopped", "windows"): 0,
        ("assay_consumer_run_age_seconds", "cases"): 90,
    }


def test_a_queue_has_the_age_of_its_latest_report() -> None:
    reports = [
        Report(WORKER, "lanes/a", 1.0, ""),
        Report(WORKER, "lanes/b", 40.0, ""),
        Report(WORKER, "training/a", 300.0, ""),
        Report(WORKER, "texts/a", 200_000.0, ""),  # days ago: there is no such worker any more
        Report(SWEEP, "a", 3.0, ""),
        Report(CLOCK, "a", 0.0, "0.1"),
    ]
    assert values([*worker_gauges(reports)]) == {
        ("assay_workers", "lanes"): 1,
        ("assay_workers", "training"): 0,
        ("assay_worker_report_age_seconds", "lanes"): 1,
        ("assay_worker_report_age_seconds", "training"): 300,
        ("assay_sweep_age_seconds",): 3,
    }
