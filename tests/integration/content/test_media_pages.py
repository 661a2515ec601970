"""Uploaded files are shown to people with permission, never as they were sent, and each look is recorded."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.people.groups import GROUPS, permissions_of
from scoring.content.media import files
from scoring.content.media.entries import PROCESSED, stream_of
from scoring.content.media.handling import remove_older
from scoring.content.media.models import MediaItem
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream
from tests.factories.log import NOW
from tests.factories.media import Uploads, png

pytestmark = pytest.mark.django_db(transaction=True)

JPEG = b"\xff\xd8\xff\xe0 stands for a picture"


@pytest.fixture
def media(uploads: Uploads) -> str:
    """A processed file with both previews."""
    media: str = uploads.post(png()).json()["id"]
    for preview in ("still", "blurred"):
        files.put_preview(media, preview, BytesIO(JPEG + preview.encode()))
    data = {
        "id": media,
        "kind": "image",
        "attempt": 1,
        "width": 64,
        "height": 48,
        "hashes": [{"at": None, "quality": 80, "pdq": ["0f" * 32] * 8}],
        "nsfw": 0.75,
        "previews": ["still", "blurred"],
    }
    append([NewEntry(stream_of(media), 1, PROCESSED, data)], now=NOW)
    return media


@pytest.fixture
def person() -> Callable[[str], Client]:
    """A browser of a person of this group."""

    def sign_in(group: str) -> Client:
        user = User.objects.create_user(f"{group}-1", password="x", is_staff=True)
        user.user_permissions.set(permissions_of(GROUPS[group]))
        client = Client()
        client.force_login(user)
        return client

    return sign_in


def address(name: str, media: str) -> str:
    return reverse(f"admin:{name}", args=[media])


def content_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def looks(media: str) -> list[tuple[str, str]]:
    entries = read_stream(stream_of(media))
    return [(e.data["what"], e.metadata["actor"]) for e in entries if e.type == "media.revealed"]


@pytest.mark.parametrize(
    ("group", "statuses"),
    [
        ("analyst", {"media": 200, "media_blurred": 200, "media_still": 200, "media_file": 403}),
        ("lead", {"media": 200, "media_blurred": 200, "media_still": 200, "media_file": 200}),
        ("auditor", {"media": 200, "media_blurred": 200, "media_still": 403, "media_file": 403}),
    ],
)
def test_who_may_see_what(person: Any, media: str, group: str, statuses: dict[str, int]) -> None:
    client = person(group)
    assert {name: client.get(address(name, media)).status_code for name in statuses} == statuses


def test_nobody_sees_anything_without_signing_in(media: str) -> None:
    for name in ("media", "media_blurred", "media_still", "media_file"):
        assert Client().get(address(name, media)).status_code == 302


def test_previews_are_pictures_of_a_fixed_type_that_run_nothing(person: Any, media: str) -> None:
    response = person("analyst").get(address("media_still", media))
    assert content_of(response) == JPEG + b"still"
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Content-Disposition"].startswith("inline; filename=")
    assert "no-store" in response["Cache-Control"]


def test_the_upload_itself_is_only_downloaded_and_has_no_type(person: Any, media: str) -> None:
    response = person("lead").get(address("media_file", media))
    assert content_of(response) == png()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_every_look_but_the_blurred_one_is_in_the_log_and_on_the_page(person: Any, media: str) -> None:
    client = person("lead")
    client.get(address("media_blurred", media))
    assert looks(media) == []
    client.get(address("media_still", media))
    client.get(address("media_file", media))
    assert looks(media) == [("preview", "user/lead-1"), ("file", "user/lead-1")]
    page = client.get(address("media", media)).content.decode()
    assert "downloaded the file" in page
    assert "saw the preview" in page


def test_a_removed_file_is_gone_and_what_it_gave_stays(
    person: Any, uploads: Uploads, media: str, media_store: Any
) -> None:
    client = person("lead")
    assert client.post(address("media", media), {"action": "remove"}).status_code == 302
    assert MediaItem.objects.get().removed_at is None  # without a reason
    client.post(address("media", media), {"action": "remove", "reason": "erasure request"})
    item = MediaItem.objects.get()
    assert item.removed_at
    assert (item.status, item.nsfw, len(item.hashes)) == ("done", 0.75, 1)
    assert not [path for path in media_store.rglob("*") if path.is_file()]
    for name in ("media_blurred", "media_still", "media_file"):
        assert client.get(address(name, media)).status_code == 404
    assert uploads.get(media).json()["removed_at"]
    assert uploads.post(png()).status_code == 201  # it may be uploaded again


def test_an_analyst_may_not_remove_files(person: Any, media: str) -> None:
    answer = person("analyst").post(address("media", media), {"action": "remove", "reason": "x"})
    assert answer.status_code == 403


def test_a_file_is_processed_again(person: Any, media: str) -> None:
    person("lead").post(address("media", media), {"action": "again"})
    assert MediaItem.objects.get().status == "pending"


def test_files_are_kept_as_long_as_the_installation_says(media: str, settings: Any) -> None:
    received = MediaItem.objects.get().received_at
    late = received + timedelta(days=91)
    assert remove_older(now=late) == 0
    settings.MEDIA_KEEP_DAYS = 90
    assert remove_older(now=late - timedelta(days=2)) == 0
    assert remove_older(now=late) == 1
    assert MediaItem.objects.get().removed_at


def test_the_list_shows_files_and_links_to_their_pages(person: Any, media: str) -> None:
    client = person("analyst")
    page = client.get(reverse("admin:scoring_mediaitem_changelist"))
    assert media[:12] in page.content.decode()
    change = client.get(reverse("admin:scoring_mediaitem_change", args=[media]))
    assert (change.status_code, change["Location"]) == (302, address("media", media))
