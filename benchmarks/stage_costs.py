"""The cost of each processing stage of an event, as named figures: wall-clock and CPU time."""

from django.db import connection

from benchmarks.clocks import is_accounted_for, processor_clock
from benchmarks.django_setup import VAR
from benchmarks.installation import now
from benchmarks.report import stage_figures_by_size
from benchmarks.stack import service_pid
from benchmarks.stages import measure
from scoring.log.consumers.runs import run_consumers


def stage_figures(sizes: tuple[int, ...]) -> dict[str, float]:
    """Milliseconds per event, in total and by stage, for batches of each size; the lane must be free.

    CPU time is that of this process, of the PostgreSQL process that serves it (not of its background writers)
    and of Redis; it is measured only on systems that account for it per process.
    """
    figures = stage_figures_by_size("stage_ms_per_event", measure(sizes))
    if is_accounted_for():
        with processor_clock([server_process(), service_pid(VAR, "redis")]) as clock:
            figures |= stage_figures_by_size("stage_cpu_ms_per_event", measure(sizes, clock=clock))
    run_consumers(now=now())  # so that no work is left for the next measurement
    return figures


def server_process() -> int:
    """The ID of the PostgreSQL process that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
