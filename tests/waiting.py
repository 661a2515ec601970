"""Waiting for what another process, thread or page brings about."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

PATIENCE_S = 20.0  # far beyond what a step takes; only a hung test gets there
EVERY_S = 0.05


def wait_until(
    condition: Callable[[], Any], *, seconds: float = PATIENCE_S, seen: Callable[[], object] | None = None
) -> Any:
    """What `condition` returns once that is true. Fails with what is `seen` instead when time is up."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s in vain{f': {seen()}' if seen else ''}")
        time.sleep(EVERY_S)
    return found


def wait_for_blocked_session() -> None:
    """Somebody waits for a lock in the database."""

    def is_blocked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            return bool(cursor.fetchone()[0])

    wait_until(is_blocked)
