"""The threads that run requests: which one runs a job, in which order, and what a failing job does."""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, current_thread

import pytest

from serving.threads import ThreadPool

SECONDS = 10.0  # until a test that would hang fails


@pytest.fixture
def pool() -> Iterator[ThreadPool]:
    pool = ThreadPool(threads=3, name="test", max_waiting=2)
    yield pool
    pool.stop(seconds=SECONDS)


def run(pool: ThreadPool) -> str:
    """The name of the thread that ran a job, once it has become idle again."""
    names: SimpleQueue[str] = SimpleQueue()
    pool.submit(lambda: names.put(current_thread().name))
    name = names.get(timeout=SECONDS)
    wait_until_idle(pool)
    return name


def wait_until_idle(pool: ThreadPool) -> None:
    idle = Event()
    while len(pool._idle) < len(pool.threads):
        idle.wait(0.001)


def occupy(pool: ThreadPool, count: int) -> Event:
    """Occupy as many threads until the event is set."""
    release = Event()
    started: SimpleQueue[None] = SimpleQueue()
    for _ in range(count):
        pool.submit(lambda: (started.put(None), release.wait(SECONDS)))
    for _ in range(count):
        started.get(timeout=SECONDS)
    return release


def test_one_request_after_the_other_is_run_by_one_thread(pool: ThreadPool) -> None:
    wait_until_idle(pool)

    assert len({run(pool) for _ in range(9)}) == 1


def test_a_busy_thread_leaves_its_job_to_another(pool: ThreadPool) -> None:
    wait_until_idle(pool)
    first = run(pool)
    release = occupy(pool, 1)
    names: SimpleQueue[str] = SimpleQueue()

    pool.submit(lambda: names.put(current_thread().name))

    assert names.get(timeout=SECONDS) != first
    release.set()


def test_the_pool_is_full_once_as_many_jobs_wait_as_may(pool: ThreadPool) -> None:
    release, ran = occupy(pool, 3), SimpleQueue[int]()
    fullness = []

    for number in range(3):
        fullness.append(pool.is_full)
        pool.submit(lambda number=number: ran.put(number))
    release.set()

    assert fullness == [False, False, True]
    assert {ran.get(timeout=SECONDS) for _ in range(3)} == {0, 1, 2}


def test_waiting_jobs_are_taken_in_submission_order() -> None:
    pool, ran = ThreadPool(threads=1, name="test", max_waiting=9), SimpleQueue[int]()
    release = occupy(pool, 1)
    for number in range(5):
        pool.submit(lambda number=number: ran.put(number))
    release.set()

    pool.stop(seconds=SECONDS)

    assert [ran.get_nowait() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_a_failing_job_ends_no_thread(pool: ThreadPool, caplog: pytest.LogCaptureFixture) -> None:
    wait_until_idle(pool)
    for _ in range(4):
        pool.submit(lambda: 1 // 0)
    wait_until_idle(pool)

    assert run(pool)
    assert all(thread.is_alive() for thread in pool.threads)
