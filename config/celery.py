"""The Celery app. Tasks are found in each app's `tasks` module; settings say what is not Celery's default."""

import os
from typing import Any

from celery import Celery, signals
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# For every thread: those of the web server would otherwise publish to an app without settings.
app.set_default()


@signals.task_prerun.connect
def renew_broken_connection(**_: Any) -> None:
    """Before a task, give up a database connection that has failed; a healthy one is kept.

    Django does so at each request; in a worker nobody else would, and it would fail for ever after a restart
    of PostgreSQL.
    """
    close_old_connections()


@signals.worker_init.connect
def refuse_unusable_servers(**_: Any) -> None:
    """A worker does not start on servers that would lose data."""
    from config.servers import check_servers  # noqa: PLC0415 (imports models: Django is not set up above)

    problems = check_servers()
    if problems:
        raise SystemExit("\n".join(f"{problem.message} {problem.hint}" for problem in problems))
