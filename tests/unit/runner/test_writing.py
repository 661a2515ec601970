"""The thread of a process that writes computed batches."""

from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from threading import Event

from scoring.runner.worker_loop import background_writer


def test_the_writer_thread_writes_one_batch_after_the_other():
    release = Event()
    background_writer().submit(release.wait, 10.0)
    second = background_writer().submit(release.is_set)
    with suppress(TooLate):
        second.result(timeout=0.05)
    release.set()
    assert second.result(timeout=10.0)
