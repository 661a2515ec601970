"""The whole path measured: `python -m benchmarks.bench`, some minutes, or `--full`, longer and at more rates.

Starts services, web, worker and beat of its own in a temporary directory, loads history, trains a model,
warms up, and drives an open-loop load over HTTP from another process on the same machine. Prints a table and
writes benchmarks/results/short.json (or full.json).
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from django.conf import settings
from django.db import connection

from benchmarks.apart import VAR
from benchmarks.arrivals import Outcome, holds, is_backlog_growing, summary
from benchmarks.explain import measure as measure_explanations
from benchmarks.features import bulk_figures
from benchmarks.scene import SEED, Scene, describe_model, installation, online_store, sender_key
from benchmarks.stack import Stack, commit, machine, started
from scoring.decisions import connections
from scoring.decisions.models import Decision

RESULTS = Path(__file__).parent / "results"
CONNECTIONS = 128
LIST = 500  # events a request
BESIDE = 2_500  # events in lists for each second of single requests beside them: more than are decided
DRAIN_SECONDS = 300.0
Figures = dict[str, Any]


@dataclass(frozen=True)
class Mode:
    """How long and how much is measured. `ladder`: rates tried in turn until one cannot be sustained."""

    name: str
    warm_up: float
    runs: int  # of the rate that the budget is stated for; the median counts
    seconds: float  # a run of it
    rates: tuple[int, ...]  # besides; percentiles of each are reported
    ladder: tuple[int, ...]
    step: float  # seconds of a rate of the ladder
    batch: int  # events in lists
    batch_runs: int
    beside: float  # seconds of single requests while lists load
    backfill: int


SHORT = Mode(
    name="short",
    warm_up=8,
    runs=3,
    seconds=10,
    rates=(),
    ladder=(150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800),
    step=6,
    batch=8_000,
    batch_runs=2,
    beside=15,
    backfill=200_000,
)
FULL = Mode(
    name="full",
    warm_up=20,
    runs=5,
    seconds=30,
    rates=(50, 200, 400),
    ladder=(150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 800, 900, 1_000),
    step=20,
    batch=30_000,
    batch_runs=3,
    beside=60,
    backfill=1_000_000,
)
STATED_RATE, RATE_BESIDE = 100, 50


class Bench:
    """A running installation and the load driven at it."""

    def __init__(self, stack: Stack, *, customers: int) -> None:
        self.stack, self.customers = stack, customers
        self.plan = {
            "url": stack.url,
            "key": sender_key(),
            "seed": SEED,
            "customers": customers,
            "connections": CONNECTIONS,
        }
        self.sessions = int(time.time())

    def offer(self, *, rate: float, seconds: float) -> Outcome:
        """Single payments, open loop, at so many a second."""
        said = self._finish(self._begin(rate=rate, seconds=seconds))
        done = np.array([np.inf if each is None else each for each in said["done"]])
        return Outcome(np.array(said["due"]), np.array(said["sent"]), done, np.array(said["status"]))

    def begin_lists(self, *, events: int, seconds: float) -> subprocess.Popen[bytes]:
        return self._begin(lists=events // LIST, size=LIST, seconds=seconds, connections=2)

    def load_lists(self, *, events: int) -> tuple[float, float]:
        """Events a second until every one of them is decided, and as the API took them."""
        process = self.begin_lists(events=events, seconds=DRAIN_SECONDS)
        before, began, at_first = Decision.objects.count(), 0.0, 0
        while process.poll() is None or pending_entries():
            decided = Decision.objects.count() - before
            if decided and not began:
                began, at_first = time.monotonic(), decided
            time.sleep(0.05)
        ended = time.monotonic()
        said = self._finish(process)
        check_lists(said)
        decided = Decision.objects.count() - before
        if decided != said["taken"]:
            raise SystemExit(f"{said['taken']} events were taken and {decided} decided")
        return (decided - at_first) / (ended - began), said["taken"] / said["seconds"]

    def beside_lists(self, *, rate: float, seconds: float) -> tuple[Outcome, float]:
        """Single payments while lists load all the time, and events of lists decided a second meanwhile."""
        loader = self.begin_lists(events=int(seconds * BESIDE), seconds=DRAIN_SECONDS)
        wait_until(lambda: pending_entries() > 0)
        before, began = Decision.objects.count(), time.monotonic()
        outcome = self.offer(rate=rate, seconds=seconds)
        decided = Decision.objects.count() - before - len(outcome.due)
        speed = decided / (time.monotonic() - began)
        if not pending_entries():
            raise SystemExit("the lists were decided before the single requests had all been sent")
        check_lists(self._finish(loader))
        self.drain()
        return outcome, speed

    def drain(self) -> None:
        """Wait until nothing is pending, so that one measurement does not load the next."""
        wait_until(lambda: pending_entries() == 0)

    def _begin(self, **parts: Any) -> subprocess.Popen[bytes]:
        self.sessions += 1
        plan = self.plan | parts | {"session": self.sessions, "run": f"bench-{self.sessions}"}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None  # noqa: S101 - of a PIPE, for the type checker
        process.stdin.write(orjson.dumps(plan))
        process.stdin.close()
        process.stdin = None
        return process

    def _finish(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        out, _ = process.communicate()
        if process.returncode:
            raise SystemExit("the load generator failed; see its message above")
        said: dict[str, Any] = orjson.loads(out)
        return said


def check_lists(said: Mapping[str, Any]) -> None:
    if said["failed"]:
        raise SystemExit(f"{said['failed']} lists were refused")


def measure_stated(bench: Bench, mode: Mode) -> Figures:
    """Latency at the rate of the budget (median of several runs), and CPU time an event meanwhile."""
    runs, spent, events = [], dict[str, float](), 0
    for _ in range(mode.runs):
        before = bench.stack.usage()
        outcome = bench.offer(rate=STATED_RATE, seconds=mode.seconds)
        for name, seconds in bench.stack.usage().cpu_since(before).items():
            spent[name] = spent.get(name, 0.0) + seconds
        events += len(outcome.due)
        runs.append(summary(outcome))
        say_rate(STATED_RATE, outcome)
    cpu = {f"cpu_ms_per_event_{name}": seconds / events * 1e3 for name, seconds in spent.items()}
    return at_rate(STATED_RATE, medians(runs)) | cpu | {"cpu_ms_per_event": sum(cpu.values())}


def measure_rates(bench: Bench, mode: Mode) -> Figures:
    figures: Figures = {}
    for rate in mode.rates:
        outcome = bench.offer(rate=rate, seconds=mode.seconds)
        say_rate(rate, outcome)
        figures |= at_rate(rate, summary(outcome))
        bench.drain()
    return figures


def climb(bench: Bench, mode: Mode) -> Figures:
    """The highest rate of the ladder that is sustained; one that fails has a second try."""
    best, stopped_by = 0, ""
    for rate in mode.ladder:
        for _ in range(2):
            outcome = bench.offer(rate=rate, seconds=mode.step)
            say_rate(rate, outcome)
            bench.drain()
            if holds(outcome):
                break
        else:
            stopped_by = why_not(outcome)
            break
        best = rate
    return {"sync_sustained_rps": best, "sync_sustained_stopped_by": stopped_by}


def why_not(outcome: Outcome) -> str:
    if outcome.undecided:
        return f"{outcome.undecided} without a decision in time"
    return "a growing backlog" if is_backlog_growing(outcome) else "p99"


def measure_lists(bench: Bench, mode: Mode) -> Figures:
    """Lists until all is decided, what they use and leave behind; then single requests beside them."""
    stored, before = stored_bytes(), bench.stack.usage()
    speeds = [bench.load_lists(events=mode.batch) for _ in range(mode.batch_runs)]
    spent = bench.stack.usage().cpu_since(before)
    events = mode.batch * mode.batch_runs
    stored = stored_bytes() - stored
    outcome, beside = bench.beside_lists(rate=RATE_BESIDE, seconds=mode.beside)
    beside_figures = summary(outcome)
    return {
        "batch_events_per_s": float(np.median([speed for speed, _ in speeds])),
        "batch_taken_per_s": float(np.median([taken for _, taken in speeds])),
        **{f"batch_cpu_ms_per_event_{name}": seconds / events * 1e3 for name, seconds in spent.items()},
        "batch_cpu_ms_per_event": sum(spent.values()) / events * 1e3,
        "stored_bytes_per_event": stored / events,
        "sync_p50_ms_during_batch": beside_figures["p50_ms"],
        "sync_p99_ms_during_batch": beside_figures["p99_ms"],
        "sync_undecided_during_batch": beside_figures["undecided"],
        "batch_events_per_s_during_sync": beside,
    }


def measure_memory(bench: Bench) -> Figures:
    figures: Figures = {}
    for name, sizes in bench.stack.usage().memory().items():
        figures |= {f"{name}_rss_mib": sizes["rss"], f"{name}_pss_mib": sizes["pss"]}
    return figures


def measure_states() -> Figures:
    """Bytes an entity's state takes in Redis, key and overhead included, as MEMORY USAGE has it."""
    store, client = online_store(), connections.client()
    keys = list(client.scan_iter(match=f"{store.prefix}s:*", count=5_000))
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


def measure_kernels(mode: Mode) -> Figures:
    bulk_figures(1_000)  # compiles
    bulk = bulk_figures(mode.backfill)
    return measure_explanations() | {
        "backfill_events": mode.backfill,
        "backfill_us_per_event": bulk["all_us"],
        "backfill_events_per_min_core": 60e6 / bulk["all_us"],
    }


def stored_bytes() -> int:
    """All tables of the database with their indexes and long values."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(relid)) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


def pending_entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_pending WHERE state = 'ready'")
        return int(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool], *, seconds: float = DRAIN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"nothing came of {seconds:g} s of waiting; see {VAR / 'logs'}")
        time.sleep(0.05)


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.median([run[name] for run in runs])) for name in runs[0]}


def at_rate(rate: int, figures: Mapping[str, float]) -> Figures:
    wanted = ("p50_ms", "p95_ms", "p99_ms", "max_ms", "undecided", "lag_p99_ms")
    return {f"sync_{name}_{rate}rps": figures[name] for name in wanted}


def say_rate(rate: int, outcome: Outcome) -> None:
    figures = summary(outcome)
    print(
        f"  {rate:>5} req/s: p50 {figures['p50_ms']:7.1f}  p95 {figures['p95_ms']:7.1f}"
        f"  p99 {figures['p99_ms']:7.1f} ms  undecided {figures['undecided']:>4}"
        f"  generator's lag p99 {figures['lag_p99_ms']:.1f} ms",
        flush=True,
    )


def write(figures: Figures, *, name: str) -> Path:
    """The figures as flat JSON, rounded to four digits; what is infinite (no answer) as null."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    rounded = {key: to_plain(value) for key, value in figures.items()}
    path.write_bytes(orjson.dumps(rounded, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return path


def to_plain(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if np.isfinite(value) else None


def say(text: str) -> None:
    print(text, flush=True)


def measure_all(mode: Mode) -> Figures:
    """The kernels alone on the machine, then the installation."""
    say("kernels")
    figures = measure_kernels(mode)
    scene = Scene()
    say("setting up")
    with installation(scene) as seconds:
        figures |= {"set_up_s": seconds} | describe_model()
        stack = Stack(VAR)
        with started(stack) as ready_after:
            figures["ready_s"] = ready_after
            bench = Bench(stack, customers=scene.customers)
            say("warming up")
            bench.offer(rate=RATE_BESIDE, seconds=mode.warm_up)
            say(f"{STATED_RATE} req/s, {mode.runs} times")
            figures |= measure_stated(bench, mode)
            say("the ladder")
            figures |= measure_rates(bench, mode) | climb(bench, mode)
            say(f"lists of {LIST}")
            figures |= measure_lists(bench, mode) | measure_memory(bench)
        figures |= measure_states() | {"events_stored": events_stored()}
    return figures


def events_stored() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM scoring_event")
        return int(cursor.fetchone()[0])


def main(arguments: list[str]) -> None:
    mode = FULL if "--full" in arguments else SHORT
    began = time.monotonic()
    about = {"mode": mode.name, "commit": commit(), "machine": machine()}
    figures = about | measure_all(mode)
    figures |= {"took_s": time.monotonic() - began}
    for name, value in figures.items():
        print(f"  {name:<46} {value:.4g}" if isinstance(value, float) else f"  {name:<46} {value}")
    print(f"\nwritten to {write(figures, name=mode.name)}")


if __name__ == "__main__":
    main(sys.argv[1:])
