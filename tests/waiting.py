"""Waiting for another process, thread or page."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

TIMEOUT_SECONDS = 20.0  # far longer than any step takes; only a hung test reaches it
POLL_SECONDS = 0.05


def wait_until(
    condition: Callable[[], Any],
    *,
    seconds: float = TIMEOUT_SECONDS,
    seen: Callable[[], object] | None = None,
) -> Any:
    """The first true result of `condition`; on timeout the test fails with the result of `seen`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"timed out after {seconds:g} s{f': {seen()}' if seen else ''}")
        time.sleep(POLL_SECONDS)
    return found


def wait_for_blocked_session() -> None:
    """Wait until a database session is waiting for a lock."""

    def is_blocked() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            return bool(cursor.fetchone()[0])

    wait_until(is_blocked)
