"""`/healthz`: this process answers. `/readyz`: everything it needs to decide works. Neither reveals secrets.

Neither waits for a hung dependency: checks run outside the request, one thread per dependency, and their
results are cached for a second.
"""

import shutil
import time
from typing import NamedTuple

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.status import servers
from config.status.probes import Probe
from embedded.paths import service_paths
from scoring.content.embeddings.checks import to_embed_again
from scoring.content.embeddings.queue import read_backlog as read_text_backlog
from scoring.content.media.queue import read_backlog
from scoring.log.consumers.writers import oldest_writer
from scoring.log.epochs import check_epoch
from scoring.log.errors import LogAheadOfCluster
from scoring.runner.self_check import clock_skew, unusable_models
from scoring.signals import process_reports as reports
from scoring.signals.process_reports import Report

OK, DEGRADED, NOT_READY = "ok", "degraded", "not ready"
UNKNOWN = "Unknown: PostgreSQL cannot be reached."
ANSWER_SECONDS = 0.8
MAX_SKEW_SECONDS = 2.0
MAX_WRITER_SECONDS = 60.0  # transactions that append take milliseconds, those of imports a second or two
MIN_FREE_BYTES = 200_000_000
QUEUES = {
    "lanes": "events are stored and not decided; clients get 202 or the failure policy's outcome",
    "default": "cases, metrics and shadow scores are not updated",
    "training": "no model is trained, and batch views go stale",
    "media": "uploaded pictures and videos are not processed, so content with them is decided without them",
}
if settings.TEXT_EMBEDDINGS:
    QUEUES["texts"] = "texts are not compared with known ones, so content is decided without that"
SERVICES_UNKNOWN = "Unknown: web processes report through Redis, which cannot be reached."
WORKERS_UNKNOWN = "Unknown: workers report through Redis, which cannot be reached."


class Readiness(NamedTuple):
    """The status ("ok", "degraded" or "not ready") and the result of each check."""

    status: str
    checks: dict[str, str]

    @property
    def http_status(self) -> int:
        return 503 if self.status == NOT_READY else 200


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if every essential check is "ok", otherwise 503; each check says "ok" or what is wrong."""
    found = readiness()
    return JsonResponse(found._asdict(), status=found.http_status)


def readiness() -> Readiness:
    """The results of all checks, within a second even if a dependency hangs."""
    until = time.monotonic() + ANSWER_SECONDS
    for probe in PROBES:
        probe.start()
    said = {name: text for probe in PROBES for name, text in probe.answers(until=until).items()}
    wrong = {name for name, text in said.items() if text != OK}
    status = NOT_READY if wrong - NOT_ESSENTIAL else DEGRADED if wrong else OK
    return Readiness(status, said)


def _say(problems: list[servers.Problem]) -> str:
    return " ".join(map(str, problems)) or OK


def check_postgres() -> str:
    return _say(servers.check_postgres() or servers.check_postgres_writes())


def check_disk() -> str:
    """Whether the disk of the embedded servers and the project's files has free space."""
    free = shutil.disk_usage(service_paths(settings.VAR_DIR).home).free
    if free > MIN_FREE_BYTES:
        return OK
    return f"The data disk has {free // 1_000_000} MB left. Free some space: a full disk stops all writes."


def check_redis() -> str:
    return _say(servers.check_redis())


def check_broker() -> str:
    return _say(servers.check_broker())


def check_migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return UNKNOWN
    return f"{len(missing)} not applied. Run `manage.py migrate`." if missing else OK


def check_log() -> str:
    """Whether the log's transaction ids belong to this cluster (they do not after a restore)."""
    try:
        check_epoch()
    except LogAheadOfCluster as error:
        return str(error)
    except DatabaseError:
        return UNKNOWN
    return OK


def check_models() -> str:
    """Whether this code can load every deciding model as stored."""
    try:
        return " ".join(unusable_models()) or OK
    except DatabaseError:
        return UNKNOWN


def check_clock() -> str:
    try:
        return skew_in_words("this process", clock_skew()) or OK
    except DatabaseError:
        return UNKNOWN


def check_horizon() -> str:
    """Whether a transaction keeps readers of the log waiting."""
    try:
        writer = oldest_writer()
    except DatabaseError:
        return UNKNOWN
    if writer is None or writer.seconds < MAX_WRITER_SECONDS:
        return OK
    return f"{writer.in_words} {writer.remedy}"


def check_workers() -> str:
    """Whether each queue has a worker that reports, and beat sends due tasks."""
    try:
        said = reports.read_reports()
    except redis.RedisError:
        return WORKERS_UNKNOWN
    return " ".join(absences(said)) or OK


def check_workers_models() -> str:
    """Whether the workers that decide report that they can load the models."""
    try:
        said = reports.read_reports()
    except redis.RedisError:
        return WORKERS_UNKNOWN
    bad = [f"On {each.by}: {each.text}" for each in said if _is_bad_model(each)]
    return " ".join(bad) or OK


def check_workers_clocks() -> str:
    try:
        said = reports.read_reports()
    except redis.RedisError:
        return WORKERS_UNKNOWN
    skews = [(each.by, float(each.text)) for each in said if each.about == reports.CLOCK and each.is_fresh]
    return " ".join(filter(None, (skew_in_words(host, skew) for host, skew in skews))) or OK


def check_external_signals() -> str:
    """Whether processes report that the service of an external signal fails."""
    try:
        said = reports.read_reports()
    except redis.RedisError:
        return SERVICES_UNKNOWN
    failing = reports.failing_services(said).items()
    return " ".join(f"The service of {name} fails ({cause})." for name, cause in failing) or OK


def check_media() -> str:
    """Whether uploaded files are processed in time."""
    try:
        backlog = read_backlog(now=timezone.now())
    except DatabaseError:
        return UNKNOWN
    return backlog.in_words if backlog.is_late else OK


def check_texts() -> str:
    """Whether texts are compared with known ones in time, and with all of them."""
    if not settings.TEXT_EMBEDDINGS:
        return OK
    try:
        backlog = read_text_backlog(now=timezone.now())
        return backlog.in_words if backlog.is_late else to_embed_again() or OK
    except DatabaseError:
        return UNKNOWN


def absences(said: list[Report]) -> list[str]:
    """A sentence for each process that is not running."""
    present = {each.by.split("/", 1)[0] for each in said if each.about == reports.WORKER and each.is_fresh}
    missing = [
        f"No worker of the queue “{queue}” has reported for {reports.ALIVE_SECONDS:.0f} s: {effect}."
        " Start one."
        for queue, effect in QUEUES.items()
        if queue not in present
    ]
    if "lanes" in present and not any(each.about == reports.SWEEP and each.is_fresh for each in said):
        missing.append("No sweep has run lately: start the scheduler (beat), or let the workers catch up.")
    return missing


def skew_in_words(whose: str, skew: float) -> str:
    """The problem with a clock that is `skew` seconds ahead of the database's; "" if there is none."""
    if abs(skew) <= MAX_SKEW_SECONDS:
        return ""
    direction = "ahead of" if skew > 0 else "behind"
    return (
        f"The clock of {whose} is {abs(skew):,.0f} s {direction} the database's: times and latencies are"
        " wrong. Synchronize it (NTP)."
    )


def _is_bad_model(report: Report) -> bool:
    return report.about == reports.MODELS and report.age < 60 and bool(report.text)


PROBES: tuple[Probe, ...] = (
    Probe(
        {
            "postgres": check_postgres,
            "log": check_log,
            "clock": check_clock,
            "horizon": check_horizon,
            "media": check_media,
            "texts": check_texts,
        },
        hanging="PostgreSQL does not answer. Check whether it is stopped, unreachable or waiting for a lock.",
    ),
    Probe(
        {"migrations": check_migrations, "models": check_models},
        hanging="The check takes longer than usual. See whether this machine or PostgreSQL is overloaded.",
        kept_seconds=30.0,  # it reads whole models; a busy machine is still ready
    ),
    Probe(
        {
            "redis": check_redis,
            "workers": check_workers,
            "workers_models": check_workers_models,
            "workers_clocks": check_workers_clocks,
            "external_signals": check_external_signals,
        },
        hanging="Redis does not answer. Check whether it is stopped or unreachable.",
    ),
    Probe({"broker": check_broker}, hanging="The broker does not answer. Check whether it is stopped."),
    Probe({"disk": check_disk}, hanging="The disk does not answer. Check its mount and the kernel log."),
)
# If these fail, events are still received and answered.
NOT_ESSENTIAL = frozenset(
    {
        *("clock", "horizon", "media", "texts", "disk"),
        *("workers", "workers_models", "workers_clocks", "external_signals"),
    }
)
