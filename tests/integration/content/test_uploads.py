"""Files are uploaded once, under their digest, and refused with a clear reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from drf_spectacular.generators import SchemaGenerator

from scoring.content.media.entries import RECEIVED
from scoring.content.media.files import name_of
from scoring.content.media.models import MediaItem, MediaJob
from scoring.log.projections import registered
from scoring.log.read import read_stream
from scoring.log.rebuild import rebuild_projections
from tests.factories.media import Uploads, digest, named, png

pytestmark = pytest.mark.django_db(transaction=True)

NOT_ALLOWED = "media-type-not-allowed"


def test_a_file_is_stored_under_its_digest_and_queued(uploads: Uploads, media_store: Path) -> None:
    content = png()
    answer = uploads.post(content, "image/png")
    assert answer.status_code == 201
    told = answer.json()
    assert (told["id"], told["type"], told["bytes"]) == (digest(content), "image/png", len(content))
    assert (told["status"], told["width"], told["error"]) == ("pending", None, "")
    assert answer["Location"] == f"/api/v1/media/{told['id']}"
    assert (media_store / name_of(told["id"])).read_bytes() == content
    assert list(MediaJob.objects.values_list("id", "source", "attempts")) == [(told["id"], "forum", 0)]
    [entry] = read_stream(f"media/{told['id']}")
    assert (entry.type, entry.data["bytes"], entry.data["source"]) == (RECEIVED, len(content), "forum")
    assert uploads.get(told["id"]).json() == told


def test_the_same_content_again_is_the_same_file_whoever_sends_it(
    uploads: Uploads, uploads_with: Callable[..., Uploads]
) -> None:
    first = uploads.post(png()).json()
    again = uploads_with(source="shop").post(png(), "image/png")
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == first
    assert len(read_stream(f"media/{first['id']}")) == 1
    assert MediaItem.objects.get().source == "forum"


def test_a_file_may_be_the_part_of_a_form(uploads: Uploads) -> None:
    answer = uploads.post_form(file=named(png(), "holiday.png"))
    assert (answer.status_code, answer.json()["id"]) == (201, digest(png()))


def test_a_form_with_other_parts_names_them(uploads: Uploads) -> None:
    answer = uploads.post_form(picture=named(png(), "a.png"), note="hello")
    assert answer.status_code == 422
    problems = {each["field"]: each["problem"] for each in answer.json()["errors"]}
    assert problems == {"picture": "is unknown", "note": "is unknown", "file": "is missing"}


@pytest.mark.parametrize(
    ("upload", "status", "problem", "words"),
    [
        ((b"", "image/png"), 422, "empty-upload", "no content"),
        ((b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), 415, NOT_ALLOWED, "image/png"),
        ((b"<!doctype html><script>", "image/png"), 415, NOT_ALLOWED, "not of a known type"),
        ((b"%PDF-1.7", "application/octet-stream"), 415, NOT_ALLOWED, "not of a known type"),
        ((png(), "image/jpeg"), 422, "media-type-differs", "image/png, not 'image/jpeg'"),
        ((png(), "text/html"), 422, "media-type-differs", "not 'text/html'"),
    ],
)
def test_a_file_that_is_not_what_it_may_be_is_refused(
    uploads: Uploads, upload: tuple[bytes, str], status: int, problem: str, words: str
) -> None:
    answer = uploads.post(*upload)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["type"].endswith(f"/{problem}")
    assert words in told["detail"]
    assert not MediaItem.objects.exists()


def test_a_file_above_the_limit_of_its_type_is_refused(uploads: Uploads, settings: Any) -> None:
    settings.MEDIA_MAX_IMAGE_BYTES = 1_000
    answer = uploads.post(png())
    assert (answer.status_code, answer.json()["limit"], answer.json()["size"]) == (413, 1_000, len(png()))


def test_a_body_above_every_limit_is_refused_before_it_is_read(uploads: Uploads, settings: Any) -> None:
    settings.MEDIA_MAX_IMAGE_BYTES = settings.MEDIA_MAX_VIDEO_BYTES = 1_000
    answer = uploads.post(b"x" * 50_000)
    assert (answer.status_code, answer.json()["size"]) == (413, 50_000)


def test_a_compressed_body_is_refused(uploads: Uploads) -> None:
    answer = uploads.client.post(
        "/api/v1/media", png(), content_type="image/png", headers={"Content-Encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert "Content-Encoding" in answer.json()["detail"]


def test_uploads_need_the_scope_to_write_and_reading_that_to_read(
    uploads_with: Callable[..., Uploads],
) -> None:
    reader, writer = uploads_with("events:read"), uploads_with("events:write")
    assert reader.post(png()).status_code == 403
    media = writer.post(png()).json()["id"]
    assert writer.get(media).status_code == 403
    assert reader.get(media).status_code == 200


def test_a_file_that_was_never_uploaded_is_not_found(uploads: Uploads) -> None:
    for media in (digest(b"other"), "nothing", "x" * 300):
        answer = uploads.get(media)
        assert (answer.status_code, answer.json()["type"]) == (404, "/api/problems/media-not-found")


def test_uploads_are_refused_while_too_many_wait(uploads: Uploads, settings: Any) -> None:
    settings.MEDIA_MAX_PENDING = 2
    assert [uploads.post(png(red)).status_code for red in range(4)] == [201, 201, 201, 429]
    answer = uploads.post(png(9))
    assert (answer.json()["limit"], answer["Retry-After"]) == (2, "30")
    assert uploads.post(png(0)).status_code == 200  # it is there


def test_a_key_uploads_so_many_files_a_minute(uploads: Uploads, settings: Any) -> None:
    settings.API_MAX_UPLOADS = 2
    answers = [uploads.post(png(red)) for red in range(3)]
    assert [each.status_code for each in answers] == [201, 201, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_a_part_that_an_attempt_left_in_the_store_is_replaced(uploads: Uploads, media_store: Path) -> None:
    left = media_store / name_of(digest(png()))
    left.parent.mkdir(parents=True)
    left.write_bytes(png()[:100])
    assert uploads.post(png()).status_code == 201
    assert left.read_bytes() == png()
    assert [path.name for path in left.parent.iterdir()] == [left.name]


def test_answers_match_the_document(uploads: Uploads) -> None:
    document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    media = uploads.post(png()).json()["id"]
    for path, method, answer in (
        ("/api/v1/media", "post", uploads.post(png(1))),
        ("/api/v1/media", "post", uploads.post(png())),
        ("/api/v1/media", "post", uploads.post(b"")),
        ("/api/v1/media/{id}", "get", uploads.get(media)),
        ("/api/v1/media/{id}", "get", uploads.get("none")),
    ):
        promised = document["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        schema = {**promised[answer["Content-Type"]]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())


def test_the_table_is_rebuilt_row_for_row(uploads: Uploads) -> None:
    for red in range(3):
        uploads.post(png(red))
    before = list(MediaItem.objects.order_by("id").values())
    rebuild_projections([each for each in registered() if each.table.name == "scoring_mediaitem"])
    assert list(MediaItem.objects.order_by("id").values()) == before
