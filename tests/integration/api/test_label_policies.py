"""Labels of an event type with policies: over the API, from files, in the log, offline and in answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scoring.ingest.imports import ingest_table
from scoring.ingest.labels.columns import suggest_columns
from scoring.ingest.labels.lines import LabelDefaults
from scoring.ingest.labels.table import read_table
from scoring.ingest.labels.upload import upload_labels
from scoring.ingest.mapping.mapping import build_mapping
from scoring.ingest.readers.opening import open_table
from scoring.intake.models import Label
from scoring.log.read import read_stream
from scoring.offline.export import export_log
from scoring.offline.reading import read_label_rows
from scoring.offline.store import OfflineStore
from tests.factories.catalog import catalog_with
from tests.factories.comments import Comment
from tests.integration.api.conftest import Api

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FILE = b"event_id,label,policies\nC-1,violating,spam\nC-2,violating,spam;arson\nC-3,acceptable,\n"


@pytest.fixture(autouse=True)
def comments() -> Iterator[None]:
    with catalog_with("tests.factories.comments"):
        yield


def comment(number: int) -> dict[str, Any]:
    when = "2026-03-01T12:00:00Z"
    return {"type": "comment", "id": f"C-{number}", "occurred_at": when, "author": "ann", "text": "Hello"}


def label(number: int, *policies: str, **changes: Any) -> dict[str, Any]:
    return {
        "event_type": "comment",
        "event_id": f"C-{number}",
        "label": "violating",
        "source": "chargeback",
        "policies": list(policies),
    } | changes


def test_a_label_names_policies_and_the_event_shows_those_in_effect(api: Api) -> None:
    api.post("events", comment(1))
    answer = api.post("labels", label(1, "spam", "scam"))
    assert (answer.status_code, answer.json()["policies"]) == (201, ["scam", "spam"])
    event = api.get("events/comment/C-1").json()
    assert (event["label"], event["policies"]) == ("violating", ["scam", "spam"])
    assert event["labels"][0]["policies"] == ["scam", "spam"]


def test_other_policies_are_another_label_and_the_same_ones_change_nothing(api: Api) -> None:
    api.post("events", comment(1))
    api.post("labels", label(1, "spam"))
    assert api.post("labels", label(1, "spam")).status_code == 200
    assert api.post("labels", label(1, "scam")).status_code == 201
    assert api.get("events/comment/C-1").json()["policies"] == ["scam"]
    assert [entry.data["policies"] for entry in read_stream("label/comment/shop/C-1")] == [["spam"], ["scam"]]


def test_an_unknown_policy_is_refused_with_the_known_ones(api: Api) -> None:
    api.post("events", comment(1))
    answer = api.post("labels", label(1, "arson"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "field": "policies",
        "problem": "names 'arson', which is not a policy",
        "allowed": ["spam", "scam"],
    }


def test_an_uploaded_file_names_policies_in_a_column(api: Api) -> None:
    for number in (1, 2, 3):
        api.post("events", comment(number))
    table = read_table(FILE)
    upload = upload_labels(
        table,
        columns=suggest_columns(table, Comment),
        source="shop",
        defaults=LabelDefaults("comment", "chargeback"),
        actor="user/ann",
        now=NOW,
    )
    assert upload.recorded == 2
    assert [line.reason for line in upload.rejected] == [
        "policies names 'arson', which is not a policy (allowed: spam, scam)"
    ]
    assert list(Label.objects.order_by("position").values_list("value", "effective_policies")) == [
        ("violating", ["spam"]),
        ("acceptable", []),
    ]


def test_history_and_the_offline_store_keep_the_policies(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(
        "id,occurred_at,author,text,label,why\n"
        "H-1,2026-01-01T00:00:00Z,ann,buy now,violating,spam|scam\n"
        "H-2,2026-01-02T00:00:00Z,bob,hello,acceptable,\n"
        "H-3,2026-01-03T00:00:00Z,bob,hello,acceptable,spam\n"
    )
    mapping = build_mapping({}, event_type="comment", label="label", label_policies="why")
    report = ingest_table(open_table(path), mapping, history=True, clock=lambda: NOW)
    assert report.labels == 2
    store = OfflineStore(str(tmp_path / "store"))
    stored = read_label_rows("comment", store=store).to_pylist()
    assert [row["effective_policies"] for row in stored] == ["scam,spam", None]
    export_log(store, now=NOW)
    assert read_label_rows("comment", store=store).to_pylist() == stored
