"""Following one payment from request to response requires opening only a few files.

More files run, but those call no other file of the product (time formatting, hashing, scoring), and their
names suffice, so a reader need not open them. `pytest -s` with this file prints all of them.
"""

import re
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import redis
from django.conf import settings as project
from django.db import connections

from scoring.api.keys.issue import create_key
from scoring.runner.warm_up import warm_up
from scoring.runner.worker_loop import work_lane
from scoring.signals import redis_connections
from tests.factories.models import promote, train_small_models
from tests.factories.payments import payment_payload
from tests.integration.api.conftest import Api
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Calls = dict[str, set[str]]
OUTSIDE = (".venv", "tests", "var")
MAX_OPENED = 56  # 45 without what lists, rules, policies, signals, files and texts of events add
WALK = re.compile(r"## One payment.*?(?=\nAfterwards)", re.DOTALL)
# Named in the walk but not run here: the web server, routing, the notification of an idle lane, the sweep,
# and what takes part only once there is a ruleset.
ELSEWHERE = {
    "config/urls.py",
    "config/wsgi.py",
    "scoring/api/urls.py",
    "scoring/rules/deciding/findings.py",
    "scoring/rules/deciding/guards.py",
    "scoring/rules/deciding/precedence.py",
    "scoring/runner/sweep.py",
    "scoring/runner/tasks.py",
    "serving/connection.py",
    "serving/threads.py",
}


@contextmanager
def recorded_calls() -> Iterator[Calls]:
    """For each product file that runs, the other product files that it calls.

    Includes all threads that start within the block, but not compiled kernels.
    """
    root = f"{project.BASE_DIR}/"
    calls: Calls = defaultdict(set)

    def file_of(frame: FrameType | None) -> str:
        name = frame.f_code.co_filename.removeprefix(root) if frame else "/"
        return "" if name.startswith(("/", "<", *OUTSIDE)) else name

    def note(frame: FrameType, event: str, arg: Any) -> None:
        if event == "call" and (called := file_of(frame)):
            calls[called]
            caller = frame.f_back
            while caller and not file_of(caller):
                caller = caller.f_back
            if caller and file_of(caller) != called:
                calls[file_of(caller)].add(called)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture
def api(online_redis: redis.Redis, settings: Any, tmp_path: Path) -> Api:
    """An API client and a champion model."""
    settings.VAR_DIR = tmp_path / "var"
    redis_connections.client.cache_clear()
    [name] = train_small_models(15)
    promote(name)
    warm_up()
    now = datetime.now(UTC)
    _, key = create_key(
        name="shop", source="shop", scopes=("events:write", "events:read"), now=now, actor="test"
    )
    import_module(project.ROOT_URLCONF)  # takes longer than the lane's thread would linger
    return Api(key)


def decide(api: Api, number: int) -> None:
    def answer() -> Any:
        return api.get(f"events/payment/T-{number}").json()["decision"]

    sent = api.post("events", payment_payload(number), prefer="wait=10").json()
    assert (sent["decision"] or wait_until(answer))["basis"] == "model"  # a busy machine may answer 202


def lane_thread() -> threading.Thread:
    def work() -> None:
        work_lane("commerce", linger=5.0)
        connections.close_all()

    return threading.Thread(target=work)


def shown(calls: Mapping[str, set[str]]) -> str:
    return "\n".join(f"{'' if calls[name] else '  (leaf) '}{name}" for name in sorted(calls))


def walk_of_the_docs() -> set[str]:
    """The files that docs/architecture.md names in the walk."""
    page = (project.BASE_DIR / "docs/architecture.md").read_text()
    found = WALK.search(page)
    assert found
    return set(re.findall(r"`([\w/]+\.py)`", found[0]))


def test_one_payment_is_followed_through_few_files(api: Api) -> None:
    with recorded_calls() as calls:
        lane = lane_thread()
        lane.start()
        decide(api, 900)  # what is loaded once is loaded now
        seen = set(calls)
        calls.clear()
        decide(api, 901)
        followed = {name: set(called) for name, called in calls.items()}
    lane.join()
    opened = [name for name, called in followed.items() if called]
    sys.stdout.write(f"\n{shown(followed)}\n{len(followed)} files run, {len(opened)} lead on to others\n")
    assert len(opened) <= MAX_OPENED
    walk = walk_of_the_docs()
    assert len(walk) <= MAX_OPENED
    assert walk - ELSEWHERE - seen == {"scoring/features/folding/kernel.py"} - seen  # compiled: not seen
