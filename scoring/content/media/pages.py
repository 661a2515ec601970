"""The page of an uploaded file, and its previews.

A file is never shown as it was sent. Its previews are pictures that were encoded anew when it was processed;
the upload itself can only be downloaded, as a file of no type. Whoever sees more than the blurred preview is
recorded in the log (`media.revealed`).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from scoring.admin_kit.pages import AdminPage, actor_of, register_page, type_of_event
from scoring.admin_kit.row_rules.visible import sees_type
from scoring.catalog.media.attachments import Attachments
from scoring.catalog.registry import event_types
from scoring.content.media import files
from scoring.content.media.entries import REVEALED, stream_of
from scoring.content.media.errors import MediaAlreadyRemoved, MediaFileMissing
from scoring.content.media.handling import process_again, record_revealed, remove_media, why_not_shown
from scoring.content.media.models import MediaItem
from scoring.errors import ScoringError
from scoring.log.read import read_stream

SEE, DOWNLOAD, REMOVE = "scoring.see_mediafile", "scoring.download_mediafile", "scoring.remove_mediafile"
# Whatever a browser makes of the response: no script, no frame, no form, no further request.
SANDBOX = "default-src 'none'; sandbox"
MAX_REASON, MAX_DIGITS = 200, 19


def safe_file(content: Any, *, content_type: str, name: str, as_attachment: bool) -> FileResponse:
    """A stored file with a fixed type that no browser guesses beyond, isolated from the site."""
    response = FileResponse(content, content_type=content_type, as_attachment=as_attachment, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def sees_media(user: Any) -> bool:
    """Whether a user sees an event type that may have files. A file itself belongs to no event type."""
    return any(
        isinstance(field, Attachments)
        for name, kind in event_types().items()
        if sees_type(user, name)
        for field in kind.fields.values()
    )


class _OfOneFile(AdminPage):
    """A page of one uploaded file."""

    def shown_types(self) -> Iterable[str]:
        """Files belong to no event type: users see them if they see a type with files."""
        yield from super().shown_types()
        if not sees_media(self.request.user):
            raise Http404("no such file was uploaded")

    def item(self) -> MediaItem:
        """Raises Http404."""
        found = MediaItem.objects.filter(pk=self.kwargs["id"]).first()
        if found is None:
            raise Http404("no such file was uploaded")
        return found


@register_page
class BlurredPreview(_OfOneFile):
    """The blurred, gray preview: for everyone who may see that there is a file."""

    path, name, title = "media/<str:id>/blurred/", "media_blurred", "Blurred preview"
    permission = "scoring.view_mediaitem"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return preview_of(self.item(), "blurred")


@register_page
@method_decorator(never_cache, name="dispatch")
class StillPreview(_OfOneFile):
    """The picture itself, or frames of the video; that it was looked at is recorded first."""

    path, name, title = "media/<str:id>/still/", "media_still", "Preview"
    permission = SEE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        item, now, event = self.item(), timezone.now(), self._event_position()
        if refused := _refusal(request, event, now=now):
            return refused
        if "still" in item.previews:
            record_revealed(item.id, what="preview", now=now, actor=actor_of(request), event_position=event)
        return preview_of(item, "still")

    def _event_position(self) -> int:
        """`?event=` is the position of the event whose case shows the file; 0 without one."""
        event = self.request.GET.get("event", "")
        return int(event) if event.isdecimal() and len(event) < MAX_DIGITS else 0

    def shown_types(self) -> Iterable[str]:
        return [*super().shown_types(), *type_of_event(self._event_position())]


@register_page
@method_decorator(never_cache, name="dispatch")
class FileDownload(_OfOneFile):
    """The upload as it was sent, to be saved: never shown by the browser."""

    path, name, title = "media/<str:id>/file/", "media_file", "Download"
    permission = DOWNLOAD

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        item, now = self.item(), timezone.now()
        if refused := _refusal(request, 0, now=now):
            return refused
        try:
            content = files.open_file(item.id)
        except MediaFileMissing as missing:
            raise Http404(str(missing)) from missing
        record_revealed(item.id, what="file", now=now, actor=actor_of(request))
        return safe_file(
            content, content_type="application/octet-stream", name=f"{item.id}.bin", as_attachment=True
        )


@register_page
class MediaPage(_OfOneFile):
    """What is known of a file, with its blurred preview; and what may be done with it."""

    path, name, title = "media/<str:id>/", "media", "Uploaded file"
    permission = "scoring.view_mediaitem"
    template_name = "scoring/media.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        item, user = self.item(), self.request.user
        self.subtitle = item.id
        views = [entry for entry in read_stream(stream_of(item.id)) if entry.type == REVEALED]
        return super().get_context_data(
            **kwargs,
            item=item,
            views=views[-20:][::-1],
            may_see=user.has_perm(SEE),
            may_download=user.has_perm(DOWNLOAD),
            may_remove=user.has_perm(REMOVE) and not item.removed_at,
        )

    def post(self, request: HttpRequest, id: str) -> HttpResponse:
        self.require(REMOVE)
        item, now = self.item(), timezone.now()
        try:
            if request.POST.get("action") == "again":
                process_again(item.id, now=now, actor=actor_of(request))
                messages.success(
                    request, "The file is processed again. Events that named it stay as they are."
                )
            else:
                self._remove(request, item)
        except (MediaAlreadyRemoved, MediaFileMissing) as error:
            messages.warning(request, f"Nothing changed: {error}.")
        return redirect("admin:media", id=item.id)

    def _remove(self, request: HttpRequest, item: MediaItem) -> None:
        reason = " ".join(request.POST.get("reason", "").split())[:MAX_REASON]
        if not reason:
            messages.error(request, "The file was not removed. Say why.")
            return
        remove_media(item.id, reason=reason, now=timezone.now(), actor=actor_of(request))
        messages.success(
            request, "The file was removed. Its hashes and scores stay with the events that named it."
        )


def _refusal(request: HttpRequest, event_position: int, *, now: datetime) -> HttpResponse | None:
    """The response with which a file is not shown now, None if it may be."""
    user = request.user.get_username()
    why = why_not_shown(user, event_position=event_position, now=now)
    return HttpResponse(f"{why}\n", status=429, content_type="text/plain; charset=utf-8") if why else None


def preview_of(item: MediaItem, preview: files.Preview) -> FileResponse:
    """A preview as a response. Raises Http404 if there is none (yet)."""
    try:
        content = files.open_file(item.id, preview)
    except ScoringError as missing:
        raise Http404("the file has no preview") from missing
    name = f"{item.id[:16]}-{preview}.jpg"
    return safe_file(content, content_type=files.PREVIEW_TYPE, name=name, as_attachment=False)
