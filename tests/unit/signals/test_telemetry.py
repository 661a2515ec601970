"""What a process counts before it sends it."""

import pytest

from scoring.signals.telemetry import BUCKETS, Telemetry


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Telemetry:
    telemetry = Telemetry()
    monkeypatch.setattr(telemetry, "send", lambda: None)
    return telemetry


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (BUCKETS[0], 0), (0.0006, 1), (BUCKETS[-1], len(BUCKETS) - 1), (9.0, len(BUCKETS))],
)
def test_a_run_is_counted_in_the_bucket_of_its_duration(own: Telemetry, seconds: float, bucket: int):
    own.observe("append", seconds, events=3)
    counts = {("bucket", "append", str(bucket)): 1, ("seconds", "append"): seconds, ("events", "append"): 3}
    assert own._counts == counts


def test_runs_and_counts_are_added_up(own: Telemetry):
    for seconds in (0.25, 0.5):
        own.observe("append", seconds, events=2)
        own.add("refused", "commerce", "bulk", count=2)
        own.add("refused", "commerce", "bulk")
    assert own._counts["seconds", "append"] == 0.75
    assert own._counts["events", "append"] == 4
    assert own._counts["refused", "commerce", "bulk"] == 6


def test_a_stage_that_fails_is_not_counted_as_a_run(own: Telemetry):
    with pytest.raises(ValueError, match="no"), own.stage("append", events=1):
        raise ValueError("no")
    assert own._counts == {}
    with own.stage("append", events=1):
        pass
    assert own._counts["events", "append"] == 1
    assert 0.0 <= own._counts["seconds", "append"] < 60.0
