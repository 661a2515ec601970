"""The operations on media."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiRequest

from scoring.api.schema.parts import ALWAYS, WITH_BODY, answers
from scoring.api.schema.serializers.media import MediaSerializer
from scoring.content.media.signatures import TYPES

BINARY = {"type": "string", "format": "binary"}
FORM = {
    "type": "object",
    "properties": {"file": BINARY},
    "required": ["file"],
    "additionalProperties": False,
}

UPLOAD_MEDIA: dict[str, Any] = {
    "operation_id": "upload_media",
    "summary": "Upload a picture or a video",
    "description": (
        "The body is the file itself, with its type or `application/octet-stream` as Content-Type, or a form"
        " with the file as its part `file`. The response has the id that events name in their attachments."
        " The file is processed within seconds; events may name it at once. The same content again"
        " returns what is known of it."
    ),
    "tags": ["media"],
    "request": {
        **{name: OpenApiRequest(BINARY) for name in ("application/octet-stream", *TYPES)},
        "multipart/form-data": OpenApiRequest(FORM),
    },
    "responses": answers(
        {
            200: (MediaSerializer, "Uploaded before"),
            201: (MediaSerializer, "Stored, and queued to be processed"),
        },
        problems=WITH_BODY,
    ),
}
RETRIEVE_MEDIA: dict[str, Any] = {
    "operation_id": "retrieve_media",
    "summary": "Get what is known of an uploaded file",
    "description": "Its status and what was measured. The file itself is not given back.",
    "tags": ["media"],
    "parameters": [
        OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id, as the upload returned it")
    ],
    "responses": answers({200: (MediaSerializer, "")}, problems=(*ALWAYS, 404)),
}
