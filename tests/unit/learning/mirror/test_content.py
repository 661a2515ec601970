"""What of a version becomes parameters, metrics, tags and files in MLflow."""

from datetime import UTC, datetime

import orjson
import pytest

from scoring.learning.mirror.content import content_of, judgment_tags, numbers_in
from scoring.registry.artifact import Artifact
from scoring.registry.models import ModelVersion

AT = datetime(2026, 3, 1, tzinfo=UTC)
ARTIFACT = Artifact(b"booster", "{}", b"parts")


def version(**stated) -> ModelVersion:
    values = {
        "name": "payment-3",
        "event_type": "payment",
        "artifact": ARTIFACT.digest,
        "feature_set": "f",
        "trained_at": AT,
        "as_of": AT,
        "parameters": {},
        "metrics": {},
        "lineage": {},
        "trained_by": "user/ana",
    }
    return ModelVersion(**values | stated)


@pytest.mark.parametrize("value", [None, True, "text", [1.0, 2.0], float("nan"), float("inf")])
def test_what_is_no_finite_number_is_no_metric(value):
    assert numbers_in({"brier": value, "positives": 3}) == {"positives": 3.0}


def test_names_have_only_signs_that_mlflow_takes():
    content = content_of(version(metrics={"policies": {"hate@speech": {"f1": 0.5}}}), ARTIFACT)
    assert content.metrics == {"policies.hate_speech.f1": 0.5}


def test_long_parameters_are_cut_and_whole_in_the_file():
    names = [f"feature_{number}" for number in range(100)]
    content = content_of(version(parameters={"features_left_out": names}), ARTIFACT)
    assert len(content.params["features_left_out"]) == 500
    assert orjson.loads(content.files["version.json"])["parameters"] == {"features_left_out": names}


def test_the_lineage_is_in_tags_without_what_is_not_known():
    content = content_of(version(lineage={"parent": "payment-2", "since": None, "rows": 9}), ARTIFACT)
    assert content.tags == {
        "assay.version": "payment-3",
        "assay.artifact": ARTIFACT.digest,
        "assay.event_type": "payment",
        "assay.feature_set": "f",
        "assay.as_of": "2026-03-01T00:00:00Z",
        "assay.trained_by": "user/ana",
        "assay.parent": "payment-2",
        "assay.rows": "9",
    }


def test_a_judgment_is_in_tags_once_there_is_one():
    assert judgment_tags(version()) == {"assay.status": "candidate"}
    judged = version(status="rejected", judged_by="user/bo", note="worse")
    assert judgment_tags(judged) == {
        "assay.status": "rejected",
        "assay.judged_by": "user/bo",
        "assay.note": "worse",
    }


def test_the_file_of_the_artifact_has_the_bytes_of_the_digest():
    files = content_of(version(), ARTIFACT).files
    assert files["model/artifact.bin"] == ARTIFACT.packed
    assert files["model/booster.ubj"] == b"booster"
