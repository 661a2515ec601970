"""What a run has found is in a file as soon as it is found."""

from pathlib import Path

import orjson
import pytest

from benchmarks.report import Report


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return Report(tmp_path / "full.json", {"mode": "full"})


def test_figures_are_written_as_they_come_in(report: Report):
    report.add({"ready_s": 4.0})
    report.add({"sync_p50_ms": 8.5})
    assert orjson.loads(report.part.read_bytes()) == {"mode": "full", "ready_s": 4.0, "sync_p50_ms": 8.5}


def test_a_run_that_fails_leaves_the_figures_of_the_last_whole_one(report: Report):
    report.path.write_text("of the last run")
    report.add({"ready_s": 4.0})
    assert report.path.read_text() == "of the last run"


def test_a_finished_run_takes_the_place_of_the_last_one_and_says_how_long_it_took(report: Report):
    report.path.write_text("of the last run")
    report.add({"ready_s": 4.0})
    report.finish()
    found = orjson.loads(report.path.read_bytes())
    assert found.keys() == {"mode", "ready_s", "took_s"}
    assert not report.part.exists()


def test_what_is_infinite_is_null_and_other_numbers_have_four_digits(report: Report):
    report.add({"sync_max_ms": float("inf"), "sync_p50_ms": 8.512345, "events": 123_456})
    found = orjson.loads(report.part.read_bytes())
    assert found == {"mode": "full", "sync_max_ms": None, "sync_p50_ms": 8.512, "events": 123_456}
