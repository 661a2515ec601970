"""End-to-end benchmark: `python -m benchmarks.bench` (some minutes), `--mode full` (longer, at more rates).

Starts its own services, web, worker, background and beat in a temporary directory, loads history, trains a
model, warms up, and offers an open-loop load over HTTP from another process on the same machine. Prints a
table and writes benchmarks/results/short.json (or full.json).
"""

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Sum

from benchmarks.arrivals import Outcome, holds, is_backlog_growing, summary
from benchmarks.backfill import measure_backfill
from benchmarks.django_setup import VAR
from benchmarks.driver import LIST, Bench
from benchmarks.explain import measure as measure_explanations
from benchmarks.features import bulk_figures
from benchmarks.growth import measure_growth
from benchmarks.images import measure as measure_images
from benchmarks.installation import RATE_PER_DAY, InstallationSize, describe_model, installation, online_store
from benchmarks.modes import MODES, Mode
from benchmarks.references import between, in_words, measure_references
from benchmarks.report import Report, print_table, say, say_rate
from benchmarks.rules import measure as measure_rules
from benchmarks.sequencing import measure_sequencing, measure_sizes
from benchmarks.stack import Stack, commit, machine, started
from benchmarks.stage_costs import stage_figures
from benchmarks.training import fitting_figures, reading_figures
from benchmarks.worker_start import measure_worker_start
from scoring.intake.models import Event
from scoring.rules.quality.models import DecidedDay, RuleDay
from scoring.signals import redis_connections as connections

RESULTS = Path(__file__).parent / "results"
BUDGET_RATE, CONCURRENT_RATE = 100, 50
Figures = dict[str, Any]


def measure_budget_rate(bench: Bench, mode: Mode) -> Figures:
    """Latency at the rate of the budget (median of several runs), and CPU time per event."""
    runs, spent, events = [], dict[str, float](), 0
    for _ in range(mode.runs):
        before = bench.stack.usage()
        outcome = bench.offer(rate=BUDGET_RATE, seconds=mode.seconds)
        for name, seconds in bench.stack.usage().cpu_since(before).items():
            spent[name] = spent.get(name, 0.0) + seconds
        events += len(outcome.due)
        runs.append(summary(outcome))
        say_rate(BUDGET_RATE, outcome)
    cpu = {f"cpu_ms_per_event_{name}": seconds / events * 1e3 for name, seconds in spent.items()}
    return at_rate(BUDGET_RATE, medians(runs)) | cpu | {"cpu_ms_per_event": sum(cpu.values())}


def measure_rates(bench: Bench, mode: Mode) -> Figures:
    figures: Figures = {}
    for rate in mode.rates:
        outcome = bench.offer(rate=rate, seconds=mode.seconds)
        say_rate(rate, outcome)
        figures |= at_rate(rate, summary(outcome))
        bench.drain()
    return figures


def measure_sustained_rate(bench: Bench, mode: Mode) -> Figures:
    """The highest sustained rate of the ladder; a rate that fails is tried a second time."""
    best, stopped_by = 0, ""
    for rate in mode.ladder:
        for _ in range(2):
            outcome = bench.offer(rate=rate, seconds=mode.step)
            say_rate(rate, outcome)
            bench.drain()
            if holds(outcome):
                break
        else:
            stopped_by = failure_reason(outcome)
            break
        best = rate
    return {"sync_sustained_rps": best, "sync_sustained_stopped_by": stopped_by}


def failure_reason(outcome: Outcome) -> str:
    if outcome.undecided:
        return f"{outcome.undecided} without a decision in time"
    return "a growing backlog" if is_backlog_growing(outcome) else "p99"


def measure_lists(bench: Bench, mode: Mode) -> Figures:
    """Throughput of lists until all events are decided, their CPU time and stored bytes."""
    stored, before = stored_bytes(), bench.stack.usage()
    speeds = [bench.load_lists(events=mode.batch) for _ in range(mode.batch_runs)]
    spent = bench.stack.usage().cpu_since(before)
    events = mode.batch * mode.batch_runs
    stored = stored_bytes() - stored
    return {
        "batch_events_per_s": float(np.median([speed for speed, _ in speeds])),
        "batch_taken_per_s": float(np.median([taken for _, taken in speeds])),
        **{f"batch_cpu_ms_per_event_{name}": seconds / events * 1e3 for name, seconds in spent.items()},
        "batch_cpu_ms_per_event": sum(spent.values()) / events * 1e3,
        "stored_bytes_per_event": stored / events,
    }


def measure_concurrent(bench: Bench, mode: Mode) -> Figures:
    """Latency of single requests while lists load, and the lists' throughput meanwhile."""
    outcome, list_speed = bench.offer_during_lists(rate=CONCURRENT_RATE, seconds=mode.during_lists)
    figures = summary(outcome)
    return {
        "sync_p50_ms_during_batch": figures["p50_ms"],
        "sync_p99_ms_during_batch": figures["p99_ms"],
        "sync_undecided_during_batch": figures["undecided"],
        "batch_events_per_s_during_sync": list_speed,
    }


def measure_memory(bench: Bench) -> Figures:
    figures: Figures = {}
    for name, sizes in bench.stack.usage().memory().items():
        figures |= {f"{name}_rss_mib": sizes["rss"], f"{name}_pss_mib": sizes["pss"]}
    return figures


def measure_states() -> Figures:
    """Bytes per entity state in Redis, including key and overhead, as MEMORY USAGE reports them."""
    store, client = online_store(), connections.client()
    keys = list(client.scan_iter(match=f"{store.prefix}g*:s:*", count=5_000))
    sizes = []
    for first in range(0, len(keys), 5_000):
        with client.pipeline(transaction=False) as pipe:
            for key in keys[first : first + 5_000]:
                pipe.memory_usage(key)
            sizes += pipe.execute()
    return {
        "online_entities": len(keys),
        "online_bytes_per_entity": float(np.mean(sizes)),
        "online_bytes_per_entity_max": int(max(sizes)),
    }


def measure_findings() -> Figures:
    """How many rules and listed values an event meets on average, as far as they have been counted."""
    hits, decisions = (
        model.objects.aggregate(total=Sum(column))["total"] or 0
        for model, column in ((RuleDay, "hits"), (DecidedDay, "decisions"))
    )
    return {"findings_per_event": hits / decisions} if hits else {}


def measure_kernels(mode: Mode) -> Figures:
    bulk_figures(1_000)  # compiles
    bulk = bulk_figures(mode.backfill)
    compared = measure_backfill(mode.compared, rounds=1) if mode.compared else {}
    return (
        measure_explanations()
        | compared
        | measure_rules()
        | measure_images()
        | {
            "backfill_events": mode.backfill,
            "backfill_us_per_event": bulk["all_us"],
            "backfill_events_per_min_core": 60e6 / bulk["all_us"],
        }
    )


def stored_bytes() -> int:
    """Size of all tables of the database with their indexes and TOAST."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.median([run[name] for run in runs])) for name in runs[0]}


def at_rate(rate: int, figures: Mapping[str, float]) -> Figures:
    wanted = ("p50_ms", "p95_ms", "p99_ms", "max_ms", "undecided", "lag_p99_ms")
    return {f"sync_{name}_{rate}rps": figures[name] for name in wanted}


def measure_all(mode: Mode, size: InstallationSize, report: Report) -> None:
    """Measure the kernels alone on the machine, then the installation."""
    if mode.backfill:
        report.begin("kernels")
        report.add(measure_kernels(mode))
    report.begin("setting up")
    with installation(size) as seconds:
        report.add(seconds | {"set_up_s": sum(seconds.values())})
        report.add({"events_stored_before": Event.objects.count()} | describe_model())
        if mode.fitted:
            report.begin("training")
            report.add(reading_figures() | fitting_figures(mode.fitted))
        report.begin("sequencing")
        report.add(measure_sequencing() | measure_sizes())
        if mode.stages:
            report.begin("one event, stage by stage")
            report.add(stage_figures(mode.stages))
        measure_installation(mode, size, report)
        report.add(measure_states() | measure_findings())


def measure_installation(mode: Mode, size: InstallationSize, report: Report) -> None:
    stack = Stack(VAR)
    report.begin("starting up")
    with started(stack) as seconds:
        report.add({"ready_s": seconds})
        bench = Bench(stack, customers=size.customers)
        report.begin("starting the worker alone")
        report.add(measure_worker_start(bench))
        report.begin("warming up")
        bench.offer(rate=CONCURRENT_RATE, seconds=mode.warm_up)
        with beside_references(report, f"{BUDGET_RATE} req/s, {mode.runs} times", "sync"):
            report.add(measure_budget_rate(bench, mode))
        if mode.rates or mode.ladder:
            with beside_references(report, "other rates", "rates"):
                report.add(measure_rates(bench, mode))
                report.add(measure_sustained_rate(bench, mode))
        with beside_references(report, f"lists of {LIST}", "lists"):
            report.add(measure_lists(bench, mode))
        if mode.during_lists:
            with beside_references(report, "single requests during lists", "concurrent"):
                report.add(measure_concurrent(bench, mode))
        report.add(measure_memory(bench))


@contextmanager
def beside_references(report: Report, title: str, phase: str) -> Iterator[None]:
    """A phase of the report, with how fast the machine was beside it."""
    report.begin(title)
    before = measure_references()
    yield
    after = measure_references()
    say(f"    the machine: {in_words(before)}; afterwards {in_words(after)}")
    report.add(between(before, after, phase))


def main() -> None:
    parser = ArgumentParser(description="Measure the whole system end to end.")
    parser.add_argument("--mode", choices=MODES, default="short")
    parser.add_argument("--rate-per-day", type=int, default=RATE_PER_DAY, help="of the history")
    parser.add_argument("--without-rules", action="store_true", help="without lists and rules")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/{mode}.json")
    options = parser.parse_args()
    mode = MODES[options.mode]
    report = Report(
        options.out or RESULTS / f"{mode.name}.json",
        {"mode": mode.name, "commit": commit(), "machine": machine()},
    )
    measure_all(
        mode, InstallationSize(rate_per_day=options.rate_per_day, rules=not options.without_rules), report
    )
    if mode.grows:
        measure_growth(report)
    report.finish()
    print_table(report.figures)
    print(f"\nwritten to {report.path}")


if __name__ == "__main__":
    main()
