"""Media over HTTP: upload a file, ask what became of it. Files themselves are never given back here."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import deadlines
from scoring.api.items import ApiView
from scoring.api.keys.permissions import sender_of
from scoring.api.links import media_link
from scoring.api.media.parsing import FileParser, FormParser, read_upload
from scoring.api.media.rates import count_upload
from scoring.api.schema.media import RETRIEVE_MEDIA, UPLOAD_MEDIA
from scoring.content.media.errors import MediaNotFound
from scoring.content.media.models import MediaItem
from scoring.content.media.upload import receive_upload

STORE_SECONDS = 60.0  # measuring and storing the largest file, also on a store elsewhere


class MediaUploadView(ApiView):
    scopes = {"POST": "events:write"}
    parser_classes = [FormParser, FileParser]

    @extend_schema(**UPLOAD_MEDIA)
    def post(self, request: Request) -> Response:
        count_upload(sender_of(request).prefix)
        deadlines.allow(STORE_SECONDS)
        upload = read_upload(request)
        with upload.file:
            receipt = receive_upload(
                upload.file,
                stated_type=upload.stated_type,
                source=sender_of(request).source,
                now=timezone.now(),
                actor=sender_of(request).actor,
            )
        body = media_answer(receipt.item)
        headers = {"Location": body["links"]["self"]}
        if not receipt.created:
            headers["Idempotent-Replayed"] = "true"
        return Response(body, status=201 if receipt.created else 200, headers=headers)


class MediaView(ApiView):
    scopes = {"GET": "events:read"}

    @extend_schema(**RETRIEVE_MEDIA)
    def get(self, request: Request, id: str) -> Response:
        item = MediaItem.objects.filter(pk=id[:64]).first() if len(id) <= 64 else None
        if item is None:
            raise MediaNotFound(id[:64])
        return Response(media_answer(item))


def media_answer(item: MediaItem) -> dict[str, Any]:
    """An uploaded file as its sender sees it. What is not known yet is null."""
    return {
        "id": item.id,
        "type": item.type,
        "bytes": item.bytes,
        "width": item.width,
        "height": item.height,
        "frames": item.frames,
        "seconds": item.seconds,
        "status": item.status,
        "error": item.error,
        "quality": item.quality,
        "nsfw": item.nsfw,
        "received_at": item.received_at,
        "settled_at": item.settled_at,
        "removed_at": item.removed_at,
        "links": {"self": media_link(item.id)},
    }
