"""A process imports what it needs: most of the memory of an idle installation is imported libraries."""

import subprocess
import sys

SET_UP = (
    "import os",
    "os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'",
    "import django",
    "django.setup()",
)
# The task deletes nothing.
RUN_WITHOUT_DATABASE = (
    "from unittest import mock",
    "from django.db.models.query import QuerySet",
    "mock.patch.object(QuerySet, 'delete', lambda self: (0, {})).start()",
    "prune_windows()",
)
HEAVY = {"numba", "xgboost", "pyarrow", "pandas", "scipy", "sklearn", "dask"}


def modules_after(*statements: str) -> set[str]:
    """The modules of a new process after these statements."""
    program = "; ".join(["import sys", *statements, "print(*sys.modules)"])
    return set(subprocess.check_output([sys.executable, "-W", "ignore", "-c", program], text=True).split())


def test_setting_up_django_imports_no_heavy_library_no_page_and_no_consumer():
    modules = modules_after(*SET_UP)
    assert not HEAVY & modules
    assert (
        not {"config.urls", "config.admin", "monitoring.consumers", "scoring.decisions.consumers"} & modules
    )


def test_tasks_are_known_without_what_they_run():
    modules = modules_after(*SET_UP, "from config.celery import app", "app.loader.import_default_modules()")
    assert "scoring.replay.tasks" in modules
    assert not (HEAVY - {"scipy"}) & modules


def test_frequent_tasks_load_no_library_of_models():
    """Processes that only run these stay small."""
    modules = modules_after(*SET_UP, "from monitoring.tasks import prune_windows", *RUN_WITHOUT_DATABASE)
    assert "monitoring.windows.segments" in modules
    assert not {"xgboost", "pyarrow", "pandas"} & modules


def test_the_web_process_trains_folds_and_predicts_nothing():
    """It compiles the loops that measure texts; that is all that it has Numba for."""
    modules = modules_after("import config.web")
    assert "reviews.pages.queue" in modules
    assert "scoring.replay.tasks" in modules  # the overview checks schedules: not at its first request
    assert not (HEAVY - {"scipy", "pyarrow", "numba"}) & modules
    assert not {"scoring.features.folding.kernel", "scoring.explain.kernel"} & modules
