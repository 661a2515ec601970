"""Whole videos in hash banks: events match them by the share of frames, and replay agrees."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scoring.content.media.handling import process_again
from scoring.content.media.models import MediaItem
from scoring.content.media.processing.process import settle
from scoring.content.media.processing.protocol import Outcome
from scoring.content.media.queue import Claimed
from scoring.log.projections import registered
from scoring.log.read import read_stream
from scoring.log.rebuild import rebuild_projections
from scoring.replay.service import replay
from scoring.rules.banks.changing.adding import change_item_expiry, remove_items
from scoring.rules.banks.models import Bank, BankItem, BankMatch
from scoring.rules.banks.search.lookup import find_bank_hits
from scoring.rules.ruleset.stream import current_version
from scoring.signals import redis_connections as connections
from tests.factories.banks import ANA, banked, banked_video, defined_bank, differing, pdq
from tests.factories.catalog import catalog_with
from tests.factories.media import Uploads
from tests.integration.content.test_events_with_media import decisions, post, work

pytestmark = pytest.mark.django_db(transaction=True)

MP4 = b"\0\0\0\x18ftypmp42" + bytes(500)
KNOWN = [pdq(f"known {number}") for number in range(25)]
# 16 of its 20 frames are known, which are 16 of the 25 known ones: 80 and 64 percent.
SENT = [*(differing(each, 7) for each in KNOWN[:16]), *(pdq(f"other {number}") for number in range(4))]
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def clips() -> Iterator[None]:
    connections.client.cache_clear()
    with catalog_with("tests.factories.clips"):
        yield


@pytest.fixture
def bank() -> None:
    """A bank with a known video."""
    defined_bank(action="block", compared_match_percent=60)
    banked_video("known_abuse", *KNOWN, now=now())


def processed(media: str, frames: Sequence[str]) -> None:
    """What a worker records of a video with these frames."""
    hashes = [{"at": float(at), "quality": 90, "pdq": [text] * 8} for at, text in enumerate(frames)]
    result = {"width": 64, "height": 48, "frames": len(frames), "seconds": 20.0}
    outcome = Outcome({**result, "hashes": hashes, "nsfw": 0.1, "previews": []}, "")
    settle(MediaItem.objects.get(pk=media), outcome, Claimed(media, "forum", 1), now=now())


def uploaded(uploads: Uploads, frames: Sequence[str] = tuple(SENT)) -> str:
    media = str(uploads.post(MP4).json()["id"])
    processed(media, frames)
    return media


def decided(uploads: Uploads, media: str, id: str = "C-1") -> dict[str, Any]:
    post(uploads, media, id=id)
    work()
    return dict(decisions(f"clip/forum/{id}")[-1].data)


def replayed() -> bool:
    report = replay("clip", since=now() - HOUR, until=now() + HOUR)
    assert report.first == []
    return report.is_identical


def test_a_video_matches_by_the_shares_of_all_its_frames(uploads: Uploads, bank: None) -> None:
    media = uploaded(uploads)
    data = decided(uploads, media)
    [finding] = data["findings"]
    assert (data["outcome"], data["decided_by"]) == ("block", "bank")
    assert (finding["match"], finding["query_share"], finding["known_share"]) == ("video", 0.8, 0.64)
    assert (finding["distance"], finding["media"]) == (7, media)
    assert finding["text"].endswith("(80% of this video's frames, 64% of the known one's)")
    [match] = BankMatch.objects.all()
    assert (match.match, match.query_share, match.known_share) == ("video", 0.8, 0.64)
    [carried] = read_stream("clip/forum/C-1")[0].data["media"]
    assert len(carried["hashes"]) == 16  # and the file's own stream has all 20
    [reason] = uploads.client.get("/api/v1/events/clip/C-1").json()["decision"]["reasons"]
    assert "64% of the known one's" in reason["text"]
    assert replayed()


def test_a_video_that_shares_too_little_does_not_match(uploads: Uploads, bank: None) -> None:
    few = uploaded(uploads, SENT[1:])  # 15 of 19, and 15 of 25
    assert decided(uploads, few)["findings"] == []
    defined_bank(action="block", query_match_percent=0, compared_match_percent=60)
    assert [each["match"] for each in decided(uploads, few, "C-2")["findings"]] == ["video"]
    assert replayed()


def test_a_frame_that_is_a_known_picture_is_a_match_of_its_own_kind(uploads: Uploads, bank: None) -> None:
    banked("known_abuse", SENT[-1], now=now())
    [finding] = decided(uploads, uploaded(uploads, [pdq("new"), SENT[-1]]))["findings"]
    assert (finding["match"], finding["distance"]) == ("frame", 0)
    assert "query_share" not in finding
    assert replayed()


def test_replay_reads_the_frames_of_the_time_when_a_file_was_processed_again(
    uploads: Uploads, bank: None
) -> None:
    media = uploaded(uploads)
    decided(uploads, media)
    process_again(media, now=now())
    processed(media, [pdq("changed")])
    assert decided(uploads, media, "C-2")["findings"] == []
    assert replayed()


def test_a_removed_and_an_expired_video_match_no_more(uploads: Uploads, bank: None) -> None:
    media = uploaded(uploads)
    decided(uploads, media)
    item = BankItem.objects.get()
    change_item_expiry(bank="known_abuse", ids=[item.pk], expires_at=now() + HOUR, actor=ANA, now=now())
    [row] = BankItem.objects.filter(removed_version=None)
    assert (row.frames, Bank.objects.get().frames) == (item.frames, 25)
    assert decided(uploads, media, "C-2")["outcome"] == "block"
    assert remove_items(bank="known_abuse", ids=[row.pk], reason="no", actor=ANA, now=now()) == 1
    assert Bank.objects.get().frames == 0
    assert decided(uploads, media, "C-3")["findings"] == []
    assert replayed()


def test_the_database_finds_what_the_lane_does(uploads: Uploads, bank: None) -> None:
    [finding] = decided(uploads, uploaded(uploads))["findings"]
    event = read_stream("clip/forum/C-1")[0].data
    [hit] = find_bank_hits(event, version=current_version(), now=now()).hits
    assert (hit.item, hit.match, hit.distance) == (finding["item"], "video", finding["distance"])
    assert (hit.query_share, hit.known_share) == (0.8, 0.64)


def test_the_bank_is_rebuilt_row_for_row(uploads: Uploads, bank: None) -> None:
    decided(uploads, uploaded(uploads))
    before = [list(model.objects.order_by("pk").values()) for model in (Bank, BankItem, BankMatch)]
    rebuild_projections(registered())
    assert [list(model.objects.order_by("pk").values()) for model in (Bank, BankItem, BankMatch)] == before
