"""A copy of the project, with its own services and test database, in which mutants are tested."""

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
        """Replace the text of one file of the copy for the duration of the block."""
        changed = self.path / path
        original = changed.with_name(f"{changed.name}.kept")
        changed.rename(original)
        changed.write_text(text)
        try:
            yield
        finally:
            original.replace(changed)  # keeps its modification time, by which compiled files are found

    def reset_stores(self) -> None:
        """Reset the database to its state after the migrations, and empty Redis."""
        redis.Redis.from_url(self.redis).flushall()
        self.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
        self.execute(f'CREATE DATABASE "{self.database}" TEMPLATE {CLEAN}')

    def keep_clean(self) -> None:
        """Save the test database's current state for `reset_stores`."""
        self.execute(f'ALTER DATABASE "{self.database}" RENAME TO {CLEAN}')

    def execute(self, statement: str) -> None:
        """Execute a statement outside the test database and outside any transaction."""
        with closing(psycopg2.connect(host=self.host, user="postgres", dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


@contextmanager
def copied_project(project: Path) -> Iterator[Copy]:
    """A copy of the files that git tracks or would add. Its services run for all mutants."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory:
        path = Path(directory) / "project"
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
