"""A terminated child of a real worker: it finishes its batch and hands its lane over."""

import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from scoring.intake.receive import receive_events
from scoring.lanes.models import Pending
from scoring.signals import lane_notifications
from tests.factories.payments import payments
from tests.integration.lanes.conftest import LANE
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def send(number: int) -> None:
    receive_events(payments(1, start=number), source="shop", now=datetime.now(UTC))


def test_a_child_terminated_at_work_ends_its_shift_and_serves_the_next(
    celery_worker_process: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    worker = celery_worker_process(queues="lanes,default")
    send(0)
    wait_until(lambda: not Pending.objects.exists() and lane_notifications.has_runner(LANE), seconds=30)
    (child,) = psutil.Process(worker.pid).children()
    child.send_signal(signal.SIGTERM)
    wait_until(lambda: not lane_notifications.has_runner(LANE), seconds=30)
    send(1)
    wait_until(lambda: not Pending.objects.exists(), seconds=30)
    assert "WorkerLostError" not in (tmp_path / "worker-0.log").read_text()
