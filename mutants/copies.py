"""A copy of the project with services and a test database of its own, in which mutants are tried."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

CLEAN = "clean"  # the test database as migrations leave it
TEST_DATABASE = """
import django; django.setup()
from django.db import connection
name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
print(connection.settings_dict["HOST"], name, __import__("django.conf").conf.settings.REDIS_URL)
"""


@dataclass(frozen=True, slots=True)
class Copy:
    path: Path
    host: str
    database: str
    redis: str

    @contextmanager
    def with_file(self, path: str, text: str) -> Iterator[None]:
        """One file of the copy says something else meanwhile."""
        place = self.path / path
        kept = place.with_name(f"{place.name}.kept")
        place.rename(kept)
        place.write_text(text)
        try:
            yield
        finally:
            kept.replace(place)  # with its time of change, by which compiled files are found again

    def reset_stores(self) -> None:
        """The database as migrations leave it and an empty Redis, whatever the run before left behind."""
        redis.Redis.from_url(self.redis).flushall()
        self.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        self.execute(f'CREATE DATABASE "{self.database}" TEMPLATE {CLEAN}')

    def keep_clean(self) -> None:
        """Keep the test database as it is now, for `reset_stores`."""
        self.execute(f'ALTER DATABASE "{self.database}" RENAME TO {CLEAN}')

    def execute(self, statement: str) -> None:
        """One statement beside the test database, outside of any transaction."""
        with closing(psycopg2.connect(host=self.host, user="postgres", dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


@contextmanager
def copied_project(project: Path) -> Iterator[Copy]:
    """A copy of what git knows of. Its services keep running from one mutant to the next."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        path = Path(place) / "project"
        _copy_files(project, path)
        os.environ["ASSAY_TEST_VAR"] = os.environ["ASSAY_VAR"] = str(path / "var" / "test")
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        _run(path, "manage.py", "services", "start")
        try:
            copy = Copy(path, *_run(path, "-c", TEST_DATABASE).split())
            copy.keep_clean()
            _run(path, "manage.py", "compile_kernels")
            yield copy
        finally:
            _run(path, "manage.py", "services", "stop")


def _copy_files(project: Path, path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (project / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, path / name)


def _run(path: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=path, check=True, stdout=subprocess.PIPE, text=True).stdout
