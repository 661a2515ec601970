"""The self-check that a lane worker reports: its clock, and whether the deciding models can be loaded."""

import socket
import time

from django.db import connection

from scoring.errors import ScoringError
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.model_versions import describe_model
from scoring.registry.routes import current_routes
from scoring.signals import process_reports as reports

MODELS_SECONDS = 5.0  # between two checks of the models, which read their bytes

_models_at = float("-inf")


def report_status() -> None:
    """Report what `config.status.health` and the overview show of workers."""
    global _models_at  # noqa: PLW0603 - when this process looked last
    host = socket.gethostname()
    reports.report(reports.SWEEP, host)
    reports.report(reports.CLOCK, host, f"{clock_skew():.3f}")
    if time.monotonic() - _models_at > MODELS_SECONDS:
        _models_at = time.monotonic()
        reports.report(reports.MODELS, host, " ".join(unusable_models()))


def clock_skew() -> float:
    """The seconds by which this machine's clock is ahead of the database's."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = float(cursor.fetchone()[0])
    return (before + time.time()) / 2 - theirs


def unusable_models() -> list[str]:
    """Why deciding models cannot be used, as stored now and by this code; one sentence each.

    Models that this process has loaded before are checked too: the next process would have to load them.
    """
    routes = current_routes().values()
    arms = [arm for route in routes for arm in (route.champion, route.canary) if arm]
    problems = []
    for name in dict.fromkeys(arm.model for arm in arms):
        try:
            check_feature_set(describe_model(name))
        except ScoringError as error:
            problems.append(f"{name}: {str(error).rstrip('.')}.")
    return problems
