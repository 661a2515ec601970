"""Processor time of a stage: what was done for it, in whichever process."""

import time
from pathlib import Path

import pytest

from benchmarks import clocks


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the time of process 7 is told, in nanoseconds."""
    (tmp_path / "7").write_text("1000000000 0 1")
    monkeypatch.setattr(clocks, "ACCOUNT", f"{tmp_path}/{{}}")
    return tmp_path / "7"


def test_what_another_process_did_meanwhile_counts(accounts: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(time, "thread_time", lambda: 5.0)
    with clocks.processor_clock([7]) as clock:
        before = clock()
        accounts.write_text("3500000000 0 2")
        assert clock() - before == pytest.approx(2.5)


def test_what_this_thread_did_counts_and_what_asking_took_does_not(
    accounts: Path, monkeypatch: pytest.MonkeyPatch
):
    moments = iter([10.0, 10.5, 12.5, 13.0])  # asked, answered; 2 s later once more
    monkeypatch.setattr(time, "thread_time", lambda: next(moments))
    with clocks.processor_clock([7]) as clock:
        before = clock()
        assert clock() - before == pytest.approx(2.0)
