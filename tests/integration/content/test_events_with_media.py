"""Events name uploaded files: decided at once on what is known, and again when all files are processed."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from django.urls import reverse

from scoring.catalog.registry import event_type
from scoring.content.media.enrichment import enrich_events
from scoring.content.media.models import AwaitedMedia, MediaItem
from scoring.content.media.processing.process import settle
from scoring.content.media.processing.protocol import Outcome
from scoring.content.media.queue import Claimed
from scoring.features.compile.plan import lane_plan
from scoring.features.logged_vectors import unpack_vectors
from scoring.ingest.mapping.mapping import ColumnMapping
from scoring.lanes.lock import held_lane
from scoring.lanes.models import Pending
from scoring.lanes.order import read_head
from scoring.lanes.rebuild_queue import rebuild_pending
from scoring.learning.dataset.vectors_and_labels import read_vectors
from scoring.learning.result_sets.vectors import Period, iter_vectors
from scoring.log.consumers.runs import run_consumers
from scoring.log.entries import Entry
from scoring.log.projections import registered
from scoring.log.read import read_stream
from scoring.log.rebuild import rebuild_projections
from scoring.replay.service import replay
from scoring.runner.lane_runner import LaneRunner
from scoring.signals import redis_connections as connections
from scoring.timestamps import to_iso
from tests.factories.catalog import catalog_with
from tests.factories.imports import ingest_file
from tests.factories.media import Uploads, digest, png
from tests.lane_states import fold_log, read_online_states

pytestmark = pytest.mark.django_db(transaction=True)

LANE = "clips"
NOW = datetime.now(UTC)
HASH = "0f" * 32
JSON, ASYNC = "application/json", {"Prefer": "respond-async"}


@pytest.fixture(autouse=True)
def clips() -> Iterator[None]:
    connections.client.cache_clear()
    with catalog_with("tests.factories.clips"):
        yield


def work(lane: str = LANE) -> None:
    with held_lane(lane) as held:
        assert held
        runner = LaneRunner(lane)
        while runner.step():
            pass


def post(uploads: Uploads, *files: str, id: str = "C-1", type: str = "clip", **fields: Any) -> Any:
    moment = to_iso(NOW - timedelta(minutes=5))
    event = {"type": type, "id": id, "occurred_at": moment, "author": "ann", "files": list(files), **fields}
    if not files:
        del event["files"]
    headers = {"Prefer": "respond-async"}
    return uploads.client.post(
        "/api/v1/events", orjson.dumps(event), content_type="application/json", headers=headers
    )


def process(media: str, *, nsfw: float = 0.5, problem: str = "") -> None:
    """What a worker records of a file."""
    result = {
        "width": 64,
        "height": 48,
        "hashes": [{"at": None, "quality": 80, "pdq": [HASH] * 8}],
        "nsfw": nsfw,
        "previews": [],
    }
    settle(
        MediaItem.objects.get(pk=media),
        Outcome(result, problem),
        Claimed(media, "forum", 1),
        now=datetime.now(UTC),
    )


def decisions(stream: str = "clip/forum/C-1") -> list[Entry]:
    return [entry for entry in read_stream(stream) if entry.type.startswith("decision.")]


def features(decision: Entry, *, lane: str = LANE) -> dict[str, float]:
    name = decision.data["event_type"]
    names = lane_plan(lane).feature_set(name).names
    vector, _ = unpack_vectors(decision.packed or b"", width=len(names))
    return dict(zip(names, vector.tolist(), strict=True))


def test_an_event_whose_files_are_processed_has_everything_at_once(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    process(media, nsfw=0.25)
    assert post(uploads, media).status_code == 202
    [receipt] = read_stream("clip/forum/C-1")
    assert receipt.data["fields"]["files"] == media
    assert receipt.data["media"] == [
        {
            "id": media,
            "kind": "image",
            "status": "done",
            "hashes": [[HASH] * 8],
            "quality": [80],
            "nsfw": 0.25,
        }
    ]
    assert receipt.data["signals"]["files.nsfw"] == 0.25
    work()
    assert enrich_events(now=NOW) == 0
    assert [entry.type for entry in decisions()] == ["decision.made"]


def test_pending_files_are_decided_on_what_is_known_and_again_when_they_are_done(uploads: Uploads) -> None:
    first, second = (uploads.post(png(red)).json()["id"] for red in (1, 2))
    post(uploads, first, second)
    work()
    process(first)
    assert enrich_events(now=NOW) == 0
    process(second, nsfw=0.9)
    assert enrich_events(now=NOW) == 1
    enriched = read_stream("clip/forum/C-1")[-1]
    assert enriched.type == "event.enriched"
    assert {"files.nsfw", "files.pending"} <= set(enriched.data["enriched"])
    work()
    made, revised = decisions()
    assert (made.data["cause"], revised.data["cause"]) == ("", "enriched")
    assert (made.type, revised.type) == ("decision.made", "decision.revised")
    before, after = features(made), features(revised)
    assert (before["files_pending"], after["files_pending"]) == (2.0, 0.0)
    assert after["files_nsfw"] == 0.9
    assert after["files_count"] == before["files_count"] == 2.0
    assert after["author_count_24h"] == before["author_count_24h"] == 0.0
    answer = uploads.client.get("/api/v1/events/clip/C-1").json()
    assert answer["fields"]["files"] == [first, second]
    assert (answer["version"], answer["status"], answer["corrections"]) == (1, "decided", [])
    assert answer["current_decision"]["cause"] == "enriched"


def test_a_file_that_failed_settles_its_event_too(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media)
    work()
    process(media, problem="it is truncated")
    assert enrich_events(now=NOW) == 1
    work()
    assert features(decisions()[-1])["files_failed"] == 1.0


def test_an_unknown_file_is_refused_with_its_place(uploads: Uploads) -> None:
    media, unknown = uploads.post(png()).json()["id"], digest(b"never sent")
    answer = post(uploads, media, unknown)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], unknown in problem["problem"]) == ("files[1]", True)
    assert not read_stream("clip/forum/C-1")


@pytest.mark.parametrize(
    ("files", "words"),
    [("abc", "must be a list"), (["xyz"], "item [0]"), ([digest(bytes([n])) for n in range(11)], "11 items")],
)
def test_what_is_no_list_of_ids_is_refused(uploads: Uploads, files: Any, words: str) -> None:
    answer = post(uploads, "x", files=files)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], words in problem["problem"]) == ("files", True)


def test_the_same_event_again_is_the_same_after_its_files_are_processed(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media)
    work()
    process(media)
    answer = post(uploads, media)
    assert (answer.status_code, answer["Idempotent-Replayed"]) == (200, "true")


def test_content_is_held_until_its_files_are_processed_and_the_decision_says_so(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media, type="held_clip")
    work()
    process(media)
    enrich_events(now=NOW)
    work()
    answer = uploads.client.get("/api/v1/events/held_clip/C-1").json()
    first, now = answer["decision"], answer["current_decision"]
    assert (first["outcome"], now["outcome"], now["held"]) == ("limit", "allow", None)
    assert first["held"] == {"outcome": "limit", "in_place_of": "allow", "media": [media]}


def test_a_key_says_otherwise_than_the_event_type(uploads_with: Callable[..., Uploads]) -> None:
    eager = uploads_with(source="eager", media_pending_outcome="")
    strict = uploads_with(source="strict", media_pending_outcome="review")
    media = eager.post(png()).json()["id"]
    post(eager, media, type="held_clip")
    post(strict, media, type="clip")
    work()
    assert decisions("held_clip/eager/C-1")[0].data["outcome"] == "allow"
    assert decisions("clip/strict/C-1")[0].data["outcome"] == "review"


def test_a_corrected_or_retracted_event_is_not_enriched_any_more(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    for number in (1, 2):
        post(uploads, media, id=f"C-{number}")
    body = {"reason": "wrong file", "event": {"occurred_at": to_iso(NOW), "author": "ann"}}
    corrected = uploads.client.post(
        "/api/v1/events/clip/C-1/corrections", orjson.dumps(body), content_type="application/json"
    )
    retracted = uploads.client.post(
        "/api/v1/events/clip/C-2/retraction",
        orjson.dumps({"reason": "deleted"}),
        content_type="application/json",
    )
    assert (corrected.status_code, retracted.status_code) == (202, 201)
    assert not AwaitedMedia.objects.filter(settled=False).exists()
    process(media)
    assert enrich_events(now=NOW) == 0


def test_a_correction_of_an_event_that_waits_is_enriched_itself(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media)
    body = {"reason": "author", "event": {"occurred_at": to_iso(NOW), "author": "bob", "files": [media]}}
    uploads.client.post(
        "/api/v1/events/clip/C-1/corrections", orjson.dumps(body), content_type="application/json"
    )
    process(media)
    assert enrich_events(now=NOW) == 1
    enriched = read_stream("clip/forum/C-1")[-1]
    assert (enriched.data["version"], enriched.data["fields"]["author"]) == (2, "bob")
    work()
    assert decisions()[-1].data["cause"] == "enriched"


def test_an_event_that_was_not_decided_yet_is_decided_once_enriched(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    post(uploads, media)
    process(media)
    enrich_events(now=NOW)
    work()
    assert [each.type for each in decisions()] == ["decision.made", "decision.revised"]
    assert not Pending.objects.exists()


def test_replay_and_every_rebuild_agree(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    for number in range(3):
        post(uploads, media, id=f"C-{number}", type="clip" if number else "held_clip")
    work()
    process(media)
    assert enrich_events(now=NOW) == 3
    work()
    assert read_online_states(LANE) == fold_log(LANE)
    for name in ("clip", "held_clip"):
        report = replay(name, since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))
        assert report.decisions
        assert report.is_identical, report.first
    before = list(AwaitedMedia.objects.order_by("position").values())
    rebuild_projections([each for each in registered() if each.table.name == "scoring_awaitedmedia"])
    assert list(AwaitedMedia.objects.order_by("position").values()) == before
    rebuild_pending()
    assert not Pending.objects.exists()


def test_features_that_the_files_do_not_change_stay_as_they_were_also_in_training(uploads: Uploads) -> None:
    media = uploads.post(png()).json()["id"]
    earlier = to_iso(NOW - timedelta(minutes=20))
    post(uploads, media, id="C-0", occurred_at=earlier)
    post(uploads, media, id="C-1")
    work()
    process(media, nsfw=0.9)
    enrich_events(now=NOW)
    work()
    made, revised = decisions()
    before, after = features(made), features(revised)
    assert before["author_since_last"] == 900.0
    changed = {name for name in before if not (before[name] == after[name] or math.isnan(after[name]))}
    assert changed == {"files_pending", "files_nsfw"}
    table = read_vectors("clip", vocabulary={})
    rows = dict(zip(table.positions.tolist(), table.X, strict=True))
    logged = np.array(list(after.values()), dtype=np.float32)
    np.testing.assert_array_equal(rows[revised.data["event_version"]], logged)
    assert table.held_at(datetime.now(UTC)).sum() == 2
    period = Period(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    own = lane_plan(event_type("clip").lane, {"clip": {}}).feature_set("clip")
    [part] = iter_vectors(own, {}, period=period, head=read_head(event_type("clip").lane))
    last = dict(zip(part.positions.tolist(), part.features, strict=True))
    assert (revised.data["event_version"] in last, made.data["event_position"] in last) == (True, False)
    np.testing.assert_array_equal(last[revised.data["event_version"]], list(after.values()))


def test_the_type_declares_an_outcome_that_it_has() -> None:
    assert event_type("held_clip").media_pending_outcome in event_type("held_clip").outcomes


def test_files_and_bands_of_pictures_are_entities_that_events_have_in_common(
    uploads: Uploads, admin_client: Any
) -> None:
    media = uploads.post(png()).json()["id"]
    for number, author in enumerate(("ann", "bob")):
        sent = content(number, author=author, attachments=[media])
        assert (
            uploads.client.post("/api/v1/events", sent, content_type=JSON, headers=ASYNC).status_code == 202
        )
    work("community")
    process(media)
    assert enrich_events(now=NOW) == 2
    work("community")
    [receipt, *_] = read_stream("content/forum/P-1")
    assert receipt.data["fields"]["media_1"] == media
    assert "image_band_1" not in receipt.data["fields"]
    last = decisions("content/forum/P-1")[-1]
    values = features(last, lane="community")
    assert values["media_1_count_24h"] == 1.0
    assert values["image_band_1_distinct_author_24h"] == 1.0
    run_consumers(now=datetime.now(UTC))
    answer = uploads.client.get("/api/v1/events/content/P-1").json()
    assert set(answer["fields"]) == {"kind", "author", "attachments"}
    page = admin_client.get(reverse("admin:event", args=[receipt.position]))
    assert page.status_code == 200
    found = admin_client.get(reverse("admin:entities"), {"kind": "media", "value": media})
    assert ("ann" in found.content.decode(), "bob" in found.content.decode()) == (True, True)


def test_computed_fields_cannot_be_sent(uploads: Uploads) -> None:
    sent = content(1, author="ann", media_1=digest(b"x"))
    answer = uploads.client.post("/api/v1/events", sent, content_type=JSON)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], problem["problem"]) == ("media_1", "is computed by Assay")


def test_rows_of_a_file_name_uploaded_files(uploads: Uploads, tmp_path: Path) -> None:
    media = uploads.post(png()).json()["id"]
    files = (media, digest(b"never sent"), "")
    lines = [f"R-{n},{to_iso(NOW)},ann,{each}" for n, each in enumerate(files)]
    file = tmp_path / "clips.csv"
    file.write_text("\n".join(["id,occurred_at,author,files", *lines]))
    report = ingest_file(
        file,
        mapping=ColumnMapping(type="clip", source="files"),
        history=False,
        clock=lambda: datetime.now(UTC),
    )
    assert (report.accepted, report.rejected) == (2, 1)
    assert read_stream("clip/files/R-0")[0].data["media"][0]["id"] == media


def content(number: int, **fields: Any) -> bytes:
    moment = to_iso(NOW - timedelta(minutes=9 - number))
    return orjson.dumps(
        {"type": "content", "id": f"P-{number}", "occurred_at": moment, "kind": "post", **fields}
    )
