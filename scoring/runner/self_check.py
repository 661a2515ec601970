"""What a worker of lanes finds out about itself, and reports: its clock, and whether models can be loaded."""

import socket
import time

from django.db import connection

from scoring.errors import ScoringError
from scoring.registry.feature_sets import check_feature_set
from scoring.registry.model_versions import describe_model
from scoring.registry.routes import current_routes
from scoring.signals import process_reports as reports

MODELS_SECONDS = 5.0  # so often the models are looked at: their bytes are read for it

_models_at = float("-inf")


def report_well_being() -> None:
    """Report what `config.status.health` and the overview show of workers."""
    global _models_at  # noqa: PLW0603 - when this process looked last
    host = socket.gethostname()
    reports.report(reports.SWEEP, host)
    reports.report(reports.CLOCK, host, f"{clock_skew():.3f}")
    if time.monotonic() - _models_at > MODELS_SECONDS:
        _models_at = time.monotonic()
        reports.report(reports.MODELS, host, " ".join(unusable_models()))


def clock_skew() -> float:
    """How many seconds the clock of this machine is ahead of the database's; behind if negative."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = float(cursor.fetchone()[0])
    return (before + time.time()) / 2 - theirs


def unusable_models() -> list[str]:
    """Why models that decide cannot be had, as stored now and by this code; a sentence each.

    What this process has loaded before does not count: the next process would not have it.
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
