"""Comments in bursts over months, half of them spam, and one event of 1970: loaded and trained on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from scoring.catalog.event_type import EventType, Labels
from scoring.catalog.fields import Entity, Text
from scoring.ingest.imports import ingest_frame
from scoring.ingest.mapping.mapping import ColumnMapping, LabelMapping
from scoring.learning.errors import NotEnoughToTrain
from scoring.learning.training.recipe import TrainingConfig, TrainingRequest
from scoring.learning.training.runs import run_training
from scoring.registry.models import ModelVersion
from scoring.signals import redis_connections as connections
from scoring.states.history import sequence_history
from tests.factories.catalog import catalog_with

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Comment(EventType):
    name, lane = "comment", "comments"
    labels = Labels(positive="spam", negative="fine")
    author = Entity()
    text = Text(max_length=5_000, personal=False)

    features = [
        author.count(over="24h"),
        text.length(),
        text.links(),
        text.capitals(),
        text.digits(),
    ]


@pytest.fixture(autouse=True)
def comments() -> Iterator[None]:
    """The catalog with comments in it."""
    connections.client.cache_clear()
    with catalog_with(__name__):
        yield


def load(frame: pd.DataFrame) -> None:
    times = pd.to_datetime(frame.occurred_at, utc=True, format="ISO8601")
    labels = frame.is_spam.map({1: "spam", 0: "fine"})
    rows = pd.DataFrame(
        {
            "id": [f"c{number}" for number in range(len(frame))],
            "occurred_at": times,
            "author": frame.author_id,
            "text": frame.text,
            "label": labels,
            "label_known_at": times + timedelta(hours=1),
        }
    )
    rows = pd.concat(
        [rows, rows.head(1).assign(id="reset", occurred_at=pd.Timestamp(10, unit="s", tz="UTC"))]
    )
    label = LabelMapping(column="label", known_at="label_known_at", source="people")
    report = ingest_frame(rows, mapping=ColumnMapping(type="comment", label=label), history=True, now=NOW)
    assert report.accepted == len(rows)
    sequence_history("comments")


@pytest.mark.parametrize("video", range(5))
def test_comments_in_bursts_train_and_the_reset_clock_is_named(
    online_redis, settings, tmp_path, test_data: Path, video: int
) -> None:
    settings.VAR_DIR = tmp_path / "var"
    everything = pd.read_csv(test_data / "comments" / "tubespam.csv")
    load(everything[everything.video_id == sorted(everything.video_id.unique())[video]])
    request = TrainingRequest("comment", as_of=NOW)
    try:
        run = run_training(request, config=TrainingConfig(trees=20), actor="tests", now=NOW)
    except NotEnoughToTrain as refused:
        pytest.fail(str(refused))
    lineage = ModelVersion.objects.get(name=run.name).lineage
    assert lineage["outliers"]["before"]["events"] == 1
    slices = run.trained.metrics["slices"]
    assert all(slices[name]["positives"] >= 5 for name in ("validation", "calibration", "test"))
