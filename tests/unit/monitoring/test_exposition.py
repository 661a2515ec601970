"""How /metrics renders counts: each series under its own name and labels."""

from monitoring.exposition import counter, stage_seconds
from scoring.signals.telemetry import BUCKETS

COUNTS = {
    ("decision", "payment", "block", "model", "payment-1"): 3.0,
    ("decision", "payment", "allow", "fallback", ""): 2.0,
    ("refused", "commerce", "sync"): 4.0,
    ("events", "predict"): 9.0,
    ("bucket", "predict", "0"): 5.0,
    ("bucket", "predict", str(len(BUCKETS))): 1.0,
    ("seconds", "predict"): 1.5,
    ("seconds", "commit"): 0.5,
}


def test_a_counter_has_only_the_counts_of_its_series() -> None:
    samples = counter("decision", COUNTS).samples
    assert [(sample.labels["outcome"], sample.labels["basis"], sample.value) for sample in samples] == [
        ("allow", "fallback", 2),
        ("block", "model", 3),
    ]
    assert {sample.name for sample in samples} == {"assay_decisions_total"}
    assert counter("problem", COUNTS).samples == []


def test_stages_are_histograms_that_add_up() -> None:
    family = stage_seconds(COUNTS)
    predict = [sample for sample in family.samples if sample.labels["stage"] == "predict"]
    assert {sample.labels["stage"] for sample in family.samples} == {"commit", "predict"}
    by_name = {sample.name: sample.value for sample in predict if "le" not in sample.labels}
    assert by_name == {"assay_stage_seconds_count": 6, "assay_stage_seconds_sum": 1.5}
    reached = [sample.value for sample in predict if "le" in sample.labels]
    assert reached == [5.0] * len(BUCKETS) + [6.0]
