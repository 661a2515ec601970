"""A command without its database says what to do, instead of a traceback."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import OperationalError, ProgrammingError, connection, transaction

from config.postgres.unavailable import advice_on


def run(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def error_of(statement: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as failed, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return failed.value


@pytest.mark.parametrize("command", ["models", "train"])
def test_a_command_without_a_server_names_what_starts_one(command):
    ended = run(command, url="postgres://nobody@127.0.0.1:9/nothing")
    assert ended.returncode == 1
    assert "PostgreSQL cannot be reached: " in ended.stderr
    assert "`manage.py services start`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_traceback_is_there_for_those_who_ask():
    ended = run("models", "--traceback", url="postgres://nobody@127.0.0.1:9/nothing")
    assert "Traceback" in ended.stderr


@pytest.mark.django_db
def test_a_missing_table_asks_for_migrations_and_other_errors_stay_errors():
    assert "manage.py migrate" in (advice_on(error_of("SELECT 1 FROM scoring_nothing")) or "")
    assert advice_on(error_of("SELEC 1")) is None


def test_a_statement_that_failed_for_its_deadline_is_no_missing_server():
    class Canceled(Exception):
        pgcode = "57014"

    error = OperationalError("canceling statement due to statement timeout")
    error.__cause__ = Canceled()
    assert advice_on(error) is None
