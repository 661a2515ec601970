"""Pictures of a case: blurred until asked for, which the log records, and added to a bank with one key."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from reviews.models import Case, ReviewerAction
from scoring.content.media.entries import PROCESSED, RECEIVED, stream_of
from scoring.content.media.handling import record_revealed
from scoring.content.media.models import MediaItem
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.rules.banks.models import BankItem
from tests.factories.banks import defined_bank, pdq
from tests.integration.reviews.browsing import LOOK, WORK, Browse, page_of, text_of
from tests.integration.reviews.moderation import consume, decide_event, receive

pytestmark = pytest.mark.usefixtures("transactional_db", "online_redis")
ID = "ab" * 32
SEE = ("scoring.view_mediaitem", "scoring.see_mediafile")
BANKER = (*WORK, *SEE, "scoring.add_bankitem")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def picture() -> MediaItem:
    """A processed picture of high quality."""
    sent = {"id": ID, "type": "image/png", "kind": "image", "bytes": 100, "source": "shop"}
    done: dict[str, Any] = {
        "id": ID, "width": 1024, "height": 768, "frames": 1, "seconds": None, "nsfw": 0.8, "quality": 90,
        "hashes": [{"at": 0.0, "quality": 90, "pdq": ["f0" * 32] * 8}], "previews": ["still", "blurred"],
    }  # fmt: skip
    for version, (name, data) in enumerate(((RECEIVED, sent), (PROCESSED, done))):
        append([NewEntry(stream_of(ID), version, name, data)], now=now())
    return MediaItem.objects.get()


@pytest.fixture
def case(picture: MediaItem) -> Case:
    """The case of a post with this picture."""
    event = receive("content", "C-1", now=now(), kind="post", author="ann", attachments=[ID])
    decide_event(event, now=now())
    consume(now=now())
    return Case.objects.get()


def test_a_picture_is_shown_blurred_and_offered_on_request(browse: Browse, case: Case) -> None:
    page = text_of(browse("ana", *WORK, *SEE).get(page_of(case)))
    assert f'class="rv-blurred" src="{reverse("admin:media_blurred", args=[ID])}"' in page
    assert f'data-still="{reverse("admin:media_still", args=[ID])}?event={case.pk}"' in page
    assert "image, 1024 \N{MULTIPLICATION SIGN} 768" in page
    assert ID not in page.split("Event fields")[1].split("Signals")[0]


def test_without_the_permission_there_is_nothing_but_the_blurred_preview(browse: Browse, case: Case) -> None:
    page = text_of(browse("ana", *WORK, SEE[0]).get(page_of(case)))
    assert "rv-blurred" in page
    assert "data-still" not in page
    assert "rv-blurred" not in text_of(browse("otto", *LOOK).get(page_of(case)))


def test_a_likely_sexual_picture_makes_the_case_sensitive(case: Case) -> None:
    assert case.sensitive


def test_looking_at_a_picture_counts_as_work(picture: MediaItem) -> None:
    record_revealed(ID, what="preview", now=now(), actor="user/ana")
    assert ReviewerAction.objects.get().reviewer == "ana"


def bank(client: Any, case: Case, **sent: str) -> HttpResponse:
    form = {"media": ID, "bank": "known_abuse", "reason": "Case C-1", "back": page_of(case), **sent}
    return client.post(reverse("admin:bank_media"), form, follow=True)


def test_a_picture_is_added_to_a_bank_from_its_case(browse: Browse, case: Case) -> None:
    defined_bank()
    ana = browse("ana", *BANKER)
    assert "Add to a hash bank" in text_of(ana.get(page_of(case)))
    assert "1 hash added to" in text_of(bank(ana, case))
    item = BankItem.objects.get()
    assert (item.media, item.source, item.reason, item.quality) == (ID, "review", "Case C-1", 90)
    assert "1 were there already" in text_of(bank(ana, case))


@pytest.mark.parametrize(
    ("sent", "told"), [({"bank": "none"}, "there is no bank"), ({"reason": ""}, "Not added")]
)
def test_what_cannot_be_added_says_why(browse: Browse, case: Case, sent: dict[str, str], told: str) -> None:
    defined_bank()
    assert told in bank(browse("ana", *BANKER), case, **sent).content.decode()
    assert not BankItem.objects.exists()


def test_adding_to_a_bank_takes_its_permission_and_a_known_file(browse: Browse, case: Case) -> None:
    assert bank(browse("ana", *WORK), case).status_code == 403
    assert bank(browse("bo", *BANKER), case, media="cd" * 32).status_code == 404


def test_a_video_is_added_as_a_whole_from_its_case(browse: Browse, case: Case, picture: MediaItem) -> None:
    defined_bank()
    frames = [{"at": at, "quality": 90, "pdq": [pdq(at)] * 8} for at in (0, 1, 2)]
    MediaItem.objects.update(kind="video", hashes=frames)
    ana = browse("ana", *BANKER)
    assert "The video was added to Known abuse" in text_of(bank(ana, case))
    item = BankItem.objects.get()
    assert (item.media, item.source, len(item.frame_lines)) == (ID, "review", 3)
    assert item.frame_lines[1] == f"{pdq(1)},90,1.000"
    assert "The video is in Known abuse already" in text_of(bank(ana, case))
