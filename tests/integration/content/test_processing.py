"""Uploaded files are read by a process of their own; whatever a file does to it, the others are processed."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scoring.content.media import queue
from scoring.content.media.entries import FAILED, PROCESSED
from scoring.content.media.files import name_of
from scoring.content.media.models import MediaItem, MediaJob
from scoring.content.media.processing import sandbox as sandbox_module
from scoring.content.media.processing.process import process_next
from scoring.content.media.processing.sandbox import Sandbox
from scoring.content.media.tasks import sweep_media
from scoring.log.projections import registered
from scoring.log.read import read_stream
from scoring.log.rebuild import rebuild_projections
from tests.factories.media import Uploads, png

pytestmark = pytest.mark.django_db(transaction=True)

SCRIPT = Path(__file__).parents[2] / "unit" / "content" / "media" / "child_script.py"
LATER = timedelta(minutes=10)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The real process."""
    made = Sandbox()
    yield made
    made.stop()


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Sandbox]:
    """A process that does what a file's content says, after the beginning that makes it a picture."""
    monkeypatch.setattr(sandbox_module, "START_SECONDS", 1.0)
    settings.MEDIA_HARD_SECONDS = 1.0
    made = Sandbox([sys.executable, str(SCRIPT)])
    yield made
    made.stop()


def now() -> datetime:
    return datetime.now(UTC)


def much_later() -> datetime:
    return now() + LATER


def work(sandbox: Sandbox, *, clock: Any = now) -> int:
    count, turn = 0, ""
    while (served := process_next(sandbox, now=clock, after=turn)) is not None:
        count, turn = count + 1, served
    return count


def doing(what: str) -> bytes:
    return b"GIF89a\n" + what.encode()


def types_of(media: str) -> list[str]:
    return [entry.type for entry in read_stream(f"media/{media}")]


def test_a_picture_is_hashed_scored_and_gets_previews(
    uploads: Uploads, sandbox: Sandbox, media_store: Path
) -> None:
    media = uploads.post(png(width=320, height=200)).json()["id"]
    assert work(sandbox) == 1
    told = uploads.get(media).json()
    assert (told["status"], told["error"], told["width"], told["height"]) == ("done", "", 320, 200)
    assert 0 <= told["nsfw"] <= 1
    [hashed] = MediaItem.objects.get().hashes
    assert [len(text) for text in hashed["pdq"]] == [64] * 8
    assert (hashed["at"], hashed["quality"]) == (None, told["quality"])
    with Image.open(media_store / name_of(media, "still")) as still:
        assert (still.format, still.size) == ("JPEG", (320, 200))
    with Image.open(media_store / name_of(media, "blurred")) as blurred:
        assert (blurred.format, blurred.mode, blurred.size) == ("JPEG", "L", (320, 200))
    assert types_of(media) == ["media.received", PROCESSED]
    assert not MediaJob.objects.exists()


def test_files_that_cannot_be_read_fail_with_a_reason_and_the_next_one_is_processed(
    uploads: Uploads, sandbox: Sandbox
) -> None:
    refused = {
        "truncated": png(width=600, height=400)[:2_000],
        "huge": png(claimed=(20_000, 20_000)),
        "a page": png() + b"<html><script>alert(1)</script></html>",
        "nothing": b"\xff\xd8\xff\xe0" + b"\0" * 100,
    }
    ids = {what: uploads.post(content).json()["id"] for what, content in refused.items()}
    good = uploads.post(png()).json()["id"]
    work(sandbox)
    errors = {what: uploads.get(media).json()["error"] for what, media in ids.items()}
    assert "truncated" in errors["truncated"]
    assert "20,000" in errors["huge"]
    assert all(errors.values())
    assert uploads.get(good).json()["status"] == "done"
    assert types_of(ids["huge"]) == ["media.received", FAILED]


def test_a_video_is_sampled(uploads: Uploads, sandbox: Sandbox, media_store: Path) -> None:
    av = pytest.importorskip("av")
    path = media_store.parent / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for number in range(40):
            picture = Image.new("RGB", (160, 120), (number * 6, 80, 255 - number * 6))
            picture.paste((255, 255, 0), (number, number, number + 40, number + 30))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    told = uploads.post(path.read_bytes(), "video/mp4").json()
    assert work(sandbox) == 1
    done = uploads.get(told["id"]).json()
    assert (done["status"], done["error"], done["width"]) == ("done", "", 160)
    assert done["seconds"] == pytest.approx(3.9, abs=0.2)
    assert done["frames"] == 4
    assert all(each["at"] is not None for each in MediaItem.objects.get().hashes)


@pytest.mark.parametrize("what", ["crash", "hang", "nonsense"])
def test_what_kills_its_process_is_tried_twice_and_harms_no_other_file(
    uploads: Uploads, stand_in: Sandbox, what: str
) -> None:
    bad = uploads.post(doing(what)).json()["id"]
    good = uploads.post(doing("fine")).json()["id"]
    assert work(stand_in) == 2
    assert uploads.get(bad).json()["status"] == "pending"
    assert uploads.get(good).json()["status"] == "done"
    assert work(stand_in, clock=much_later) == 1
    told = uploads.get(bad).json()
    assert (told["status"], "tried 2 times" in told["error"]) == ("failed", True)
    assert not MediaJob.objects.exists()


def test_a_file_whose_worker_died_is_taken_by_another_after_its_time(
    uploads: Uploads, sandbox: Sandbox
) -> None:
    media = uploads.post(png()).json()["id"]
    claimed = queue.claim(now=now())
    assert claimed
    assert (claimed.id, claimed.attempt) == (media, 1)
    assert work(sandbox) == 0
    assert work(sandbox, clock=much_later) == 1
    assert read_stream(f"media/{media}")[-1].data["attempt"] == 2


def test_a_file_that_its_workers_never_survive_is_given_up(uploads: Uploads, sandbox: Sandbox) -> None:
    media = uploads.post(png()).json()["id"]
    for hours in range(2):
        assert queue.claim(now=now() + timedelta(hours=hours))
    assert work(sandbox, clock=lambda: now() + timedelta(hours=5)) == 1
    told = uploads.get(media).json()
    assert (told["status"], "died 2 times" in told["error"]) == ("failed", True)


def test_senders_take_turns(uploads_with: Any) -> None:
    flood, other = uploads_with(source="flood"), uploads_with(source="other")
    for red in range(5):
        flood.post(png(red))
    wanted = other.post(png(99)).json()["id"]
    first = queue.claim(now=now())
    assert first
    assert first.source == "flood"
    second = queue.claim(now=now(), after=first.source)
    assert second
    assert second.id == wanted


def test_a_file_that_is_missing_or_damaged_in_the_store_fails(
    uploads: Uploads, sandbox: Sandbox, media_store: Path
) -> None:
    missing, damaged = (uploads.post(png(red)).json()["id"] for red in (1, 2))
    (media_store / name_of(missing)).unlink()
    (media_store / name_of(damaged)).write_bytes(b"something else")
    work(sandbox)
    assert "not in the store" in uploads.get(missing).json()["error"]
    assert "damaged" in uploads.get(damaged).json()["error"]


def test_a_store_that_does_not_answer_costs_no_attempt(
    uploads: Uploads, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.post(png())

    def unreachable(*_: Any) -> Any:
        raise ConnectionError("no route to host")

    with monkeypatch.context() as patch:
        patch.setattr("scoring.content.media.files.open_file", unreachable)
        assert process_next(sandbox, now=now)
    assert MediaJob.objects.get().attempts == 0
    assert work(sandbox, clock=much_later) == 1
    assert MediaItem.objects.get().status == "done"


def test_the_sweep_queues_what_was_lost(uploads: Uploads) -> None:
    uploads.post(png())
    MediaJob.objects.all().delete()
    assert sweep_media() == 1
    assert MediaJob.objects.get().source == "forum"


def test_the_table_of_processed_files_is_rebuilt_row_for_row(uploads: Uploads, sandbox: Sandbox) -> None:
    uploads.post(png())
    uploads.post(png()[:300])
    work(sandbox)
    before = list(MediaItem.objects.order_by("id").values())
    rebuild_projections([each for each in registered() if each.table.name == "scoring_mediaitem"])
    assert list(MediaItem.objects.order_by("id").values()) == before
