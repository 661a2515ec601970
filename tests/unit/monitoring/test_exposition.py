"""How /metrics renders counts: each series under its own name and labels."""

from monitoring.exposition import answer_seconds, counter, stage_seconds
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
    ("answer_bucket", "payment.device_risk", "1"): 2.0,
    ("answer_seconds", "payment.device_risk"): 0.002,
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


def test_answers_of_services_are_a_histogram_of_their_own() -> None:
    samples = answer_seconds(COUNTS).samples
    assert {sample.labels["signal"] for sample in samples} == {"payment.device_risk"}
    by_name = {sample.name: sample.value for sample in samples if "le" not in sample.labels}
    assert by_name == {"assay_external_signal_seconds_count": 2, "assay_external_signal_seconds_sum": 0.002}
