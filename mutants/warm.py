"""Runs tests in a child forked from a process that has imported all packages but nothing of the project.

A run thus costs only the import of the project and the tests. The child leads a process group and, if it
hangs, is killed with everything that it started.
"""

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numba
import psutil
import pytest

PACKAGES = (
    "numpy", "scipy.stats", "scipy.special", "pandas", "pyarrow", "pyarrow.parquet", "pyarrow.csv",
    "pyarrow.json", "xgboost", "sklearn.metrics", "sklearn.linear_model", "celery", "kombu", "redis",
    "psycopg2", "django.test", "django.db.models", "rest_framework.exceptions", "orjson", "fsspec",
    "threadpoolctl", "prometheus_client", "hypothesis", "pytest_django", "pytest_django.fixtures",
)  # fmt: skip
FORK = multiprocessing.get_context("fork")


class Hung(Exception):
    """The tests exceeded their time limit and were killed, including the processes that they started."""


def import_packages() -> None:
    for name in PACKAGES:
        importlib.import_module(name)


def run_pytest(
    project: Path, arguments: Sequence[str], plugins: Sequence[object], *, timeout: float | None = None
) -> int:
    """The exit code of pytest in `project`, negative for a signal. Its output is in `log_of(project)`."""
    child = FORK.Process(target=_run_in_child, args=(project, arguments, plugins))
    child.start()
    child.join(timeout)
    hangs = child.is_alive()
    _end(child.pid or 0)
    child.join()
    if hangs:
        raise Hung
    return child.exitcode or 0


def log_of(project: Path) -> Path:
    return project.with_name("pytest.log")


def _run_in_child(project: Path, arguments: Sequence[str], plugins: Sequence[object]) -> None:
    os.setsid()
    os.chdir(project)
    sys.path[0] = str(project)
    numba.core.config.reload_config()  # NUMBA_CACHE_DIR may have changed since the import
    with log_of(project).open("wb") as log, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    code = pytest.main([*arguments, "-q", "-p", "no:cacheprovider"], plugins=list(plugins))
    sys.stdout.flush()
    os._exit(code)  # does not wait for threads of the tests


def _end(pid: int) -> None:
    """Kill the child and its descendants, including those in other process groups."""
    with suppress(psutil.NoSuchProcess):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
