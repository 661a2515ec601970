"""A run's figures are written to a file as soon as they are known."""

from pathlib import Path

import orjson
import pytest

from benchmarks.report import Report


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return Report(tmp_path / "full.json", {"mode": "full"})


def test_figures_are_written_when_they_are_added(report: Report):
    report.add({"ready_s": 4.0})
    report.add({"sync_p50_ms": 8.5})
    assert orjson.loads(report.part.read_bytes()) == {"mode": "full", "ready_s": 4.0, "sync_p50_ms": 8.5}


def test_a_failed_run_keeps_the_figures_of_the_last_complete_one(report: Report):
    report.path.write_text("of the last run")
    report.add({"ready_s": 4.0})
    assert report.path.read_text() == "of the last run"


def test_a_finished_run_replaces_the_last_one_and_reports_its_duration(report: Report):
    report.path.write_text("of the last run")
    report.add({"ready_s": 4.0})
    report.finish()
    found = orjson.loads(report.path.read_bytes())
    assert found.keys() == {"mode", "ready_s", "took_s"}
    assert not report.part.exists()


def test_infinite_figures_are_null_and_others_have_four_digits(report: Report):
    report.add({"sync_max_ms": float("inf"), "sync_p50_ms": 8.512345, "events": 123_456})
    found = orjson.loads(report.part.read_bytes())
    assert found == {"mode": "full", "sync_max_ms": None, "sync_p50_ms": 8.512, "events": 123_456}
