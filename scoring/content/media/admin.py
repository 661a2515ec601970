"""The admin list of uploaded files, each with its page; and the views that show their previews."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from scoring.admin_kit.badges import badge
from scoring.admin_kit.change_lists import ReadOnlyAdmin, moment_column, unbroken
from scoring.admin_kit.formatting import percent_text
from scoring.content.media import pages  # noqa: F401 - registers them
from scoring.content.media.models import MediaItem
from scoring.content.media.pages import sees_media

TONES = {"pending": "warn", "done": "good", "failed": "bad"}


@admin.register(MediaItem)
class MediaItemAdmin(ReadOnlyAdmin):
    """Uploaded pictures and videos, latest first."""

    when_empty = "No files were uploaded yet. Senders upload them with POST /api/v1/media."
    list_display = (
        "short_id",
        "type",
        "size",
        "status_badge",
        "score",
        "source",
        moment_column("received_at", "received"),
    )
    list_filter = ("status", "kind")
    ordering = ("-received_at",)
    sortable_by = ()
    search_fields = ("id__startswith",)
    search_help_text = "The id, or its beginning"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and sees_media(request.user)

    @admin.display(description="file")
    def short_id(self, item: MediaItem) -> str:
        return unbroken(f"{item.id[:12]}…")

    @admin.display(description="size")
    def size(self, item: MediaItem) -> str:
        return unbroken(size_text(item.bytes))

    @admin.display(description="state")
    def status_badge(self, item: MediaItem) -> str:
        return badge("removed") if item.removed_at else badge(item.status, tone=TONES[item.status])

    @admin.display(description="sexual content")
    def score(self, item: MediaItem) -> str:
        return "-" if item.nsfw is None else percent_text(item.nsfw)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("admin:media", id=object_id)


def size_text(size: int) -> str:
    """A file's size: "184 kB", "12.3 MB"."""
    return f"{size / 1e6:,.1f} MB" if size >= 1_000_000 else f"{max(size // 1_000, 1):,} kB"
