"""A media worker that is killed with a file in its hands leaves it to the next one."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from scoring.content.media import queue
from scoring.content.media.models import MediaItem, MediaJob
from scoring.content.media.upload import receive_upload
from tests.factories.media import png
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def upload(content: bytes) -> str:
    receipt = receive_upload(BytesIO(content), stated_type="image/png", source="forum", now=datetime.now(UTC))
    return receipt.item.id


def status(media: str) -> str:
    return MediaItem.objects.get(pk=media).status


def test_a_killed_worker_harms_no_file(celery_worker_process: Callable[..., Any], tmp_path: Path) -> None:
    def logs() -> str:
        return "\n".join(log.read_text() for log in sorted(tmp_path.glob("worker-*.log")))

    first = celery_worker_process(queues="media")
    done = upload(png(1, width=400, height=300))
    wait_until(lambda: status(done) == "done", seconds=90, seen=logs)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    left = upload(png(2, width=400, height=300))
    assert queue.claim(now=datetime.now(UTC))  # a worker that died with it
    MediaJob.objects.update(due_at=datetime.now(UTC))  # and whose time is over
    celery_worker_process(queues="media")
    queue.send_message()
    wait_until(lambda: status(left) == "done", seconds=90, seen=logs)
    assert not MediaJob.objects.exists()
