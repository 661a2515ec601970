"""The CPU time of a stage includes the work done for it in other processes."""

import time
from pathlib import Path

import pytest

from benchmarks import clocks


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with the CPU time of process 7, in nanoseconds."""
    (tmp_path / "7").write_text("1000000000 0 1")
    monkeypatch.setattr(clocks, "ACCOUNT", f"{tmp_path}/{{}}")
    return tmp_path / "7"


def test_cpu_time_of_another_process_counts(accounts: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "thread_time", lambda: 5.0)
    with clocks.processor_clock([7]) as clock:
        before = clock()
        accounts.write_text("3500000000 0 2")
        assert clock() - before == pytest.approx(2.5)


def test_cpu_time_of_this_thread_counts_but_not_that_of_reading_the_clock(
    accounts: Path, monkeypatch: pytest.MonkeyPatch
):
    moments = iter([10.0, 10.5, 12.5, 13.0])  # begin and end of a reading; 2 s later another one
    monkeypatch.setattr(time, "thread_time", lambda: next(moments))
    with clocks.processor_clock([7]) as clock:
        before = clock()
        assert clock() - before == pytest.approx(2.0)
