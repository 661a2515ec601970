"""The Celery app. Tasks are found in each app's `tasks` modules; settings override Celery's defaults."""

import logging
import os
import signal
import time
import warnings
from functools import cached_property
from importlib import import_module
from threading import Thread
from typing import Any

import django
from celery import Celery, signals
from celery.platforms import SecurityWarning
from celery.utils.log import current_process_index
from django.conf import settings
from django.db import close_old_connections, connections

from config.gc_pause import gc_paused
from config.tracing.starting import start_tracing
from scoring.discovery import packages_with
from scoring.errors import ScoringError
from scoring.registry.errors import FeatureSetMissing

logger = logging.getLogger(__name__)

PRESENCE_SECONDS = 2.0
MAX_RETRY_SECONDS = 10.0  # between two attempts to reach servers at startup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery would run Django's checks when a worker starts and ignore the result. They import every page.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


# Connected before the app exists: Celery's own receiver, which does the same, then has nothing left to do.
@signals.import_modules.connect
def set_up_django(**_: Any) -> None:
    """Set up Django in a worker or beat."""
    with gc_paused():
        django.setup()


class App(Celery):
    @cached_property
    def Beat(self) -> Any:
        return self.subclass_with_self("config.processes.beat:Beat")

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """A client or beat's next task waits for the message to be sent: a hung broker must not delay it."""
        given = options.pop("transport_options", None) or {}
        prompt = {"socket_timeout": settings.BROKER_PUBLISH_SECONDS} | given
        return super().connection_for_write(url, transport_options=prompt, **options)


app = App("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(lambda: packages_with("tasks"))
# For every thread: those of the web server would otherwise publish to an app without settings.
app.set_default()

# Root is dangerous for workers that unpickle what they are sent; these read JSON alone.
warnings.simplefilter("ignore", SecurityWarning)


@signals.task_prerun.connect
def renew_broken_connection(**_: Any) -> None:
    """Before a task, close a failed database connection and keep a healthy one.

    Django does so for each request. A worker must do it itself, or every task would fail after a restart of
    PostgreSQL.
    """
    close_old_connections()


@signals.worker_init.connect
def refuse_unusable_servers(**_: Any) -> None:
    """A worker does not start on servers that would lose data, and waits for servers that are unavailable."""
    from config.status.servers import check_servers  # noqa: PLC0415 (imports models: Django is not set up above)

    delay = 1.0
    while problems := check_servers():
        if not all(problem.passing for problem in problems):
            raise SystemExit("\n".join(map(str, problems)))
        logger.warning("waiting for servers: %s", " ".join(map(str, problems)))
        time.sleep(delay)
        delay = min(2 * delay, MAX_RETRY_SECONDS)
        close_old_connections()


@signals.worker_init.connect
def refuse_without_live_features(**_: Any) -> None:
    """A worker does not start if its code lacks the features of a deployed model."""
    from scoring.registry.feature_sets import check_live_sets  # noqa: PLC0415 (as above)

    try:
        check_live_sets()
    except FeatureSetMissing as missing:
        raise SystemExit(str(missing)) from missing


@signals.worker_init.connect
def close_connection_of_checks(**_: Any) -> None:
    """Close the connections of the checks above: children that shared one would read each other's answers.

    Celery closes it in the children too, but only after they have warmed up.
    """
    connections.close_all()


# What the tasks of a queue run, imported before a worker forks its children. Tasks themselves import it where
# they run, so that the web process can check schedules without it.
MODULES_OF_QUEUE = {
    "lanes": ("scoring.runner.worker_loop",),
    "default": (
        "experiments.results.compute",
        "scoring.decisions.shadow",
        "scoring.replay.consistency.checking",
    ),
    "training": ("scoring.batch.publishing", "scoring.offline.export"),
}


@signals.worker_init.connect
def load_what_children_share(**_: Any) -> None:
    """Load what lanes need before forking; keep the garbage collector from unsharing memory."""
    with gc_paused():
        for queue in app.amqp.queues.consume_from:
            for module in MODULES_OF_QUEUE.get(queue, ()):
                import_module(module)
        if works_lanes():
            _compile()


@signals.worker_process_init.connect
def trace_child(**_: Any) -> None:
    """Trace this child of a worker, in a thread of its own, if the environment asks for it."""
    queues = ",".join(sorted(app.amqp.queues.consume_from))
    if stop := start_tracing(queues, environment=os.environ):
        signals.worker_process_shutdown.connect(lambda **_: stop(), weak=False)


@signals.task_prerun.connect
def hand_over_on_termination(**_: Any) -> None:
    """A terminated child finishes its batch and releases the lane; an idle one ends at once.

    Set before each task: the pool sets a handler of its own once a child is initialized.
    """
    if current_process_index() is None:
        return  # not a child of a pool: the worker itself has this signal

    def leave(number: int, frame: Any) -> None:
        if not (works_lanes() and _request_stop()):
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)


def _request_stop() -> bool:
    from scoring.runner.worker_loop import request_stop  # noqa: PLC0415 (loaded by then)

    return request_stop()


@signals.worker_ready.connect
def report_presence(sender: Any, **_: Any) -> None:
    """Report every two seconds that this worker serves its queues; readiness checks it."""
    from scoring.signals import process_reports as reports  # noqa: PLC0415 (as above)

    queues, name = list(app.amqp.queues.consume_from), str(sender.hostname)

    def run() -> None:
        while True:
            for queue in queues:
                reports.report(reports.WORKER, f"{queue}/{name}")
            time.sleep(PRESENCE_SECONDS)

    Thread(target=run, name="presence", daemon=True).start()


@signals.worker_process_init.connect
def warm_up_process(**_: Any) -> None:
    """A child that runs lanes loads models before its first task, so that no client waits for that."""
    with gc_paused():
        if works_lanes():
            _warm_up()


def works_lanes() -> bool:
    """Whether this worker consumes the queue `lanes`."""
    return "lanes" in app.amqp.queues.consume_from


def _compile() -> None:
    from scoring.runner.warm_up import compile_all  # noqa: PLC0415 (as above)

    compile_all()


def _warm_up() -> None:
    from scoring.runner.warm_up import warm_up  # noqa: PLC0415 (as above)

    try:
        warm_up()
    except ScoringError:
        # The failure policy decides meanwhile, and readiness reports the error.
        logger.exception("a deciding model cannot be used")
