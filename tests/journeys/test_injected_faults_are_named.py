"""Faults are injected into the running product, and alerts name their causes: a sender's, and a process's.

Intake, lane, consumers, scheduled tasks and alerts run on a virtual clock, as in `benchmarks.faults`, which
does so for months, with a model and all faults.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import redis

from benchmarks.faults.changes import Span, leave_out_category, send_cents
from benchmarks.faults.drive import MINUTE, SCHEDULE, Installation, follow_quality
from benchmarks.faults.installation import START, load_history, senders
from benchmarks.faults.machines import STOPPED, stopped_consumer
from benchmarks.faults.outcomes import Fired, fired_since
from benchmarks.faults.traffic import draw_traffic
from scoring.api.keys import issue as keys
from scoring.log.consumers.runs import run_consumers
from scoring.signals import redis_connections as connections

pytestmark = pytest.mark.django_db(transaction=True)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = START + 10 * HOUR
RATE = 600.0


@pytest.fixture
def frame() -> pd.DataFrame:
    return draw_traffic(since=START - 4 * DAY, until=START + 2 * DAY, rate=RATE)


@pytest.fixture
def installation(
    frame: pd.DataFrame, online_redis: redis.Redis, settings: Any, tmp_path: Path
) -> Installation:
    """A few days of history, of which what is usual is learned; there is no model yet."""
    settings.OFFLINE_URL = str(tmp_path / "offline")
    connections.client.cache_clear()
    keys._remembered.clear()
    load_history(frame[frame.occurred_at < START])
    run_consumers(now=START)
    quality = [each for each in SCHEDULE if each.run is follow_quality]
    return Installation(frame, senders(), BEGIN, schedule=quality, reviewed=False)


def test_faults_of_senders_and_processes_are_named(installation: Installation, frame: pd.DataFrame) -> None:
    with installation.running():
        # All is well.
        installation.run_until(BEGIN + 2 * HOUR)
        assert not fired_since(BEGIN)

        # A sender begins to send cents, and leaves the category out.
        span = Span(installation.now, installation.now + DAY)
        installation.replace_traffic(leave_out_category(send_cents(frame, span), span))
        found: dict[str, Fired] = {}
        while len(found) < 2 and installation.now < span.since + 8 * HOUR:
            installation.run_until(installation.now + HOUR)
            found = {fired.rule: fired for fired in fired_since(span.since)}
        assert found["quality.out_of_range_share"].names(("amount", "north", "cents"))
        assert found["quality.missing_share"].names(("category", "north", "leaves it out"))
        assert {fired.scope["source"] for fired in found.values()} == {"north"}

        # A consumer does not run.
        stopped_at = installation.now
        installation.longest_step = 5 * MINUTE
        with stopped_consumer(installation):
            installation.run_until(stopped_at + 13 * MINUTE)
        (fired,) = fired_since(stopped_at)
        assert fired.rule == "operations.consumer_age"
        assert fired.names((STOPPED, "last read the log"))

        # It runs again, and its alert resolves.
        installation.run_until(stopped_at + 25 * MINUTE)
        (fired,) = fired_since(stopped_at)
        assert fired.resolved is not None
