"""Uploads as they arrive: the file as the body of the request, or as the part `file` of a form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request

from scoring.api.errors import RequestTooLarge
from scoring.content.media.errors import EmptyUpload
from scoring.intake.errors import InvalidRequest, RequestProblem

PART = "file"
FORM_BYTES = 16_384  # that a form may have beyond its file
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Upload:
    """A received file, and the Content-Type that was stated for it."""

    file: IO[bytes]
    stated_type: str


def max_body_bytes() -> int:
    """The largest body of an upload."""
    return max(settings.MEDIA_MAX_IMAGE_BYTES, settings.MEDIA_MAX_VIDEO_BYTES) + FORM_BYTES


def spool_directory() -> Path:
    """Where bodies of uploads are kept until they are answered: on a disk, which /tmp may not be."""
    directory: Path = settings.VAR_DIR / "uploads"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


class FileParser(BaseParser):
    """Any body is the file itself, copied in parts. Raises RequestTooLarge."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Upload]:
        check_size((parser_context or {})["request"])
        file, size = TemporaryFile(dir=spool_directory()), 0  # noqa: SIM115 - the view closes it
        while part := stream.read(CHUNK_BYTES):
            size += len(part)
            if size > max_body_bytes():
                file.close()
                raise RequestTooLarge(size=None, limit=max_body_bytes())
            file.write(part)
        return {PART: Upload(file, media_type or "")}


class FormParser(BaseParser):
    """The file is the part `file` of a form, the only one. Raises RequestTooLarge, InvalidRequest."""

    media_type = "multipart/form-data"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Upload]:
        check_size((parser_context or {})["request"])
        form = MultiPartParser().parse(stream, media_type, parser_context)
        found = form.files.getlist(PART)
        names: Iterable[str] = [*form.data, *(name for name in form.files if name != PART)]
        problems = [RequestProblem(name[:60], "is unknown", [PART]) for name in names]
        if len(found) != 1:
            problem = "is missing" if not found else f"is given {len(found)} times"
            problems.append(RequestProblem(PART, problem, "one file"))
        if problems:
            raise InvalidRequest(problems)
        return {PART: Upload(found[0].file, found[0].content_type or "")}


def check_size(request: Request) -> None:
    """Raises RequestTooLarge for a body that its length, or the web server, says is too large."""
    limit = max_body_bytes()
    if request.META.get("serving.body_cut_off"):
        raise RequestTooLarge(size=None, limit=limit)
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if size > limit:
        raise RequestTooLarge(size=size, limit=limit)


def read_upload(request: Request) -> Upload:
    """The upload of a request. Raises EmptyUpload, RequestTooLarge, InvalidRequest, UnsupportedMediaType."""
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise UnsupportedMediaType(
            request.META["HTTP_CONTENT_ENCODING"], "send the file without a Content-Encoding"
        )
    if request.META.get("CONTENT_LENGTH") in (None, "", "0"):
        raise EmptyUpload
    upload: Upload = request.data[PART]
    return upload
