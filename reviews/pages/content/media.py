"""The pictures and videos of an event: blurred and gray until a moderator asks for them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.urls import reverse

from reviews.console.event_details import EventDetail
from scoring.catalog.media.attachments import ids_of
from scoring.catalog.registry import event_type
from scoring.content.media.models import MediaItem
from scoring.rules.banks.models import Bank
from scoring.rules.banks.pages.permissions import ADD as ADD_TO_BANK

VIEW, SEE = "scoring.view_mediaitem", "scoring.see_mediafile"


class ShownMedia(NamedTuple):
    """A file of an event. `blurred` and `still` are addresses of its previews, "" if it has none or the user
    may not see it; asking for `still` is recorded in the log. `note` says why there is nothing to see.
    """

    id: str
    words: str
    blurred: str
    still: str
    page: str
    note: str
    nsfw: float | None
    has_hash: bool


class MediaPanel(NamedTuple):
    """The files of an event, and the banks that the user may add their hashes to."""

    files: list[ShownMedia]
    banks: list[Bank]

    @property
    def can_be_banked(self) -> list[ShownMedia]:
        return [each for each in self.files if each.has_hash]


def media_panel(detail: EventDetail, *, user: AbstractUser | AnonymousUser) -> MediaPanel | None:
    """The files that an event names, in their order; None without any, or for users who may not see them."""
    ids = media_of(detail)
    if not ids or not user.has_perm(VIEW):
        return None
    items = MediaItem.objects.in_bulk(ids)
    may_bank = user.has_perm(ADD_TO_BANK)
    banks = list(Bank.objects.filter(archived_at=None).order_by("title")) if may_bank else []
    may_see = user.has_perm(SEE)
    event = detail.position
    files = [_shown(items[each], event=event, may_see=may_see) for each in ids if each in items]
    return MediaPanel(files, banks)


def media_of(detail: EventDetail) -> list[str]:
    """The ids of the files that an event names, each once."""
    found = (detail.fields.get(name) for name in event_type(detail.type).media_fields)
    return list(dict.fromkeys(each for value in found if value for each in _ids(value)))


def _ids(value: Any) -> Sequence[str]:
    return value if isinstance(value, list) else ids_of(value)


def _shown(item: MediaItem, *, event: int, may_see: bool) -> ShownMedia:
    return ShownMedia(
        id=item.id,
        words=_words(item),
        blurred=_preview(item, "blurred"),
        still=f"{still}?event={event}" if may_see and (still := _preview(item, "still")) else "",
        page=reverse("admin:media", args=[item.id]),
        note=_note(item),
        nsfw=item.nsfw,
        has_hash=bool(item.hashes),
    )


def _words(item: MediaItem) -> str:
    """What a file is: "image, 1024 by 768", with the sign for by."""
    size = f", {item.width} \N{MULTIPLICATION SIGN} {item.height}" if item.width and item.height else ""
    long = f", {item.seconds:.0f} s" if item.seconds else ""
    return f"{item.kind}{size}{long}"


def _preview(item: MediaItem, name: str) -> str:
    there = name in item.previews and item.removed_at is None
    return reverse(f"admin:media_{name}", args=[item.id]) if there else ""


def _note(item: MediaItem) -> str:
    if item.removed_at is not None:
        return "The file was removed."
    notes: Mapping[str, str] = {
        MediaItem.Status.PENDING: "The file is still being processed.",
        MediaItem.Status.FAILED: f"The file could not be read: {item.error}.",
    }
    return notes.get(item.status, "")
