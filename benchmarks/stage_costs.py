"""What each stage of an event's way costs, as figures by name: time by the clock, and of processors."""

from django.db import connection

from benchmarks.apart import VAR
from benchmarks.clocks import is_accounted_for, processor_clock
from benchmarks.report import by_size_and_stage
from benchmarks.scene import now
from benchmarks.stack import service_pid
from benchmarks.stages import measure
from scoring.log.consumers.runs import run_consumers


def stage_figures(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds an event, the whole and by stage, for batches of each size; the lane must be free.

    Those of processors are this process's, those of PostgreSQL that serves it (not of its writers), and
    Redis's; only where the system accounts for them by process.
    """
    figures = by_size_and_stage("stage_ms_per_event", measure(sizes))
    if is_accounted_for():
        with processor_clock([server_process(), service_pid(VAR, "redis")]) as clock:
            figures |= by_size_and_stage("stage_cpu_ms_per_event", measure(sizes, clock=clock))
    run_consumers(now=now())  # of these events too: nothing is left to do beside the next measurement
    return figures


def server_process() -> int:
    """The process of PostgreSQL that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
