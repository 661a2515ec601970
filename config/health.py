"""`/healthz`: this process answers. `/readyz`: what it needs to decide is there. No secrets in either."""

from collections.abc import Callable

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config import servers
from scoring.decisions.models_in_charge import check_live_models
from scoring.errors import LogAheadOfCluster, ScoringError
from scoring.log.epochs import check_epoch

OK = "ok"
UNKNOWN = "Unknown: PostgreSQL cannot be asked."


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check is "ok", else 503; each check says "ok" or what is wrong and what to do."""
    checks = {name: check() for name, check in CHECKS.items()}
    ready = all(state == OK for state in checks.values())
    return JsonResponse(
        {"status": OK if ready else "not ready", "checks": checks}, status=200 if ready else 503
    )


def _say(problems: list[servers.Problem]) -> str:
    return " ".join(map(str, problems)) or OK


def check_postgres() -> str:
    return _say(servers.check_postgres())


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
    """Whether the log's transaction ids make sense in this cluster (they do not after a restore)."""
    try:
        check_epoch()
    except LogAheadOfCluster as error:
        return str(error)
    except DatabaseError:
        return UNKNOWN
    return OK


def check_models() -> str:
    """Whether every model that decides can be loaded by this code."""
    try:
        check_live_models()
    except ScoringError as error:
        return str(error)
    except DatabaseError:
        return UNKNOWN
    return OK


CHECKS: dict[str, Callable[[], str]] = {
    "postgres": check_postgres,
    "redis": check_redis,
    "broker": check_broker,
    "migrations": check_migrations,
    "log": check_log,
    "models": check_models,
}
