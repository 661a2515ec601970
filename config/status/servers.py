"""Checks of PostgreSQL, Redis and the broker for `manage.py check`, workers, /readyz and the demo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import Error as DatabaseError
from django.db import connection
from kombu.exceptions import OperationalError

from embedded.redis import MINIMUM_VERSION as MINIMUM_REDIS
from scoring.signals.store_health import Refusal, refused_write

MINIMUM_POSTGRES = 14
TIMEOUT_SECONDS = 2.0
NOT_LOGGED = {"fatal", "panic"}  # levels of log_min_error_statement above every failing statement


@dataclass(frozen=True, slots=True)
class Problem:
    """A server's problem and the remedy, without addresses, which may contain passwords."""

    server: str
    message: str
    hint: str
    passing: bool = False  # may resolve itself, as when a server is unreachable or loading

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"


def check_servers() -> list[Problem]:
    """The problems of all three servers; empty if they are usable."""
    return [*check_postgres(), *check_redis(), *check_broker()]


def check_postgres() -> list[Problem]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            version = int(cursor.fetchone()[0]) // 10_000
    except DatabaseError:
        hint = "Start it with `manage.py services start`, or correct DATABASE_URL."
        return [Problem("postgres", "PostgreSQL cannot be reached.", hint, passing=True)]
    if version < MINIMUM_POSTGRES:
        hint = f"Point DATABASE_URL at PostgreSQL {MINIMUM_POSTGRES} or later."
        return [Problem("postgres", f"PostgreSQL {version} is too old.", hint)]
    return []


def check_statement_logging() -> list[Problem]:
    """Whether the server logs the values of failing statements, including personal ones."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW log_min_error_statement")
            level = cursor.fetchone()[0]
    except DatabaseError:
        return []
    if level in NOT_LOGGED:
        return []
    hint = "Let Assay's role set log_min_error_statement, or set it to panic: docs/how-to/operate.md."
    return [Problem("postgres", "PostgreSQL logs failing statements with their values.", hint)]


def check_postgres_writes() -> list[Problem]:
    """Whether it accepts writes: a standby, a read-only server or one with a full disk does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")
            read_only = cursor.fetchone()[0]
            if not read_only:
                cursor.execute("SELECT pg_current_xact_id()")  # writes to the write-ahead log
    except DatabaseError as error:
        hint = "Free space on its disk, or see its log."
        return [Problem("postgres", f"PostgreSQL refuses writes ({type(error).__name__}).", hint)]
    if not read_only:
        return []
    hint = "Point DATABASE_URL at the primary, or make this server writable."
    return [Problem("postgres", "PostgreSQL does not accept writes: it is read-only.", hint)]


def check_redis() -> list[Problem]:
    return _check_redis(settings.REDIS_URL, server="redis", setting="REDIS_URL")


def check_broker() -> list[Problem]:
    """The broker may be any that Celery supports; if it is Redis, its settings are checked."""
    url = settings.CELERY_BROKER_URL
    if urlsplit(url).scheme not in {"redis", "rediss", "redis+socket"}:
        return _check_other_broker(url)
    return _check_redis(_as_redis_url(url), server="broker", setting="CELERY_BROKER_URL")


def _as_redis_url(broker_url: str) -> str:
    """The inverse of `config.environment.broker_url`."""
    return broker_url.replace("redis+socket://", "unix://", 1).replace("virtual_host=", "db=", 1)


def _check_redis(url: str, *, server: str, setting: str) -> list[Problem]:
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
        ) as client:
            facts: dict[str, Any] = client.info("server") | client.info("memory")
            refused = refused_write(client)
    except redis.RedisError:
        hint = f"Start it with `manage.py services start`, or correct {setting}."
        return [Problem(server, f"{server.capitalize()} cannot be reached.", hint, passing=True)]
    return [*_judge_redis(facts, server=server, setting=setting), *_judge_refusal(refused, server=server)]


def _judge_refusal(refused: Refusal | None, *, server: str) -> list[Problem]:
    if refused is None:
        return []
    return [Problem(server, f"{server.capitalize()} refuses writes: {refused.why}.", refused.remedy, True)]


def _judge_redis(facts: dict[str, Any], *, server: str, setting: str) -> list[Problem]:
    problems = []
    version = tuple(int(part) for part in str(facts["redis_version"]).split(".")[:2])
    if version < MINIMUM_REDIS:
        wanted = ".".join(str(part) for part in MINIMUM_REDIS)
        hint = f"Point {setting} at Redis {wanted} or later."
        problems.append(Problem(server, f"Redis {facts['redis_version']} is too old.", hint))
    if facts["maxmemory_policy"] != "noeviction":
        hint = "Set maxmemory-policy to noeviction: an evicted state would be a silent zero in a score."
        problems.append(Problem(server, f"Redis evicts keys ({facts['maxmemory_policy']}).", hint))
    return problems


def _check_other_broker(url: str) -> list[Problem]:
    try:
        with current_app.connection_for_write(url, connect_timeout=TIMEOUT_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (OperationalError, OSError):
        hint = "Start it, or correct CELERY_BROKER_URL."
        return [Problem("broker", "The broker cannot be reached.", hint, passing=True)]
    return []


@register(Tags.database)
def servers_check(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Django's system check; run by `migrate` and `check --database default`."""
    if not databases:
        return []
    return [
        *(Error(each.message, hint=each.hint, id=f"config.{each.server}") for each in check_servers()),
        *(Warning(each.message, hint=each.hint, id="config.logging") for each in check_statement_logging()),
    ]
