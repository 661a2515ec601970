"""The type of a file by its first bytes, whatever its sender calls it. Pure; decodes nothing.

Signatures: https://www.iana.org/assignments/media-types, and the file format specifications.
"""

from typing import Literal, NamedTuple

Kind = Literal["image", "video"]

HEAD_BYTES = 4_096  # that `sniff` needs
UNSTATED = ("", "application/octet-stream", "application/x-www-form-urlencoded")  # say nothing about a file
# Other names of the types below.
ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/heif": "image/heic",
    "video/x-m4v": "video/mp4",
    "video/x-msvideo": "video/avi",
    "video/vnd.avi": "video/avi",
    "video/msvideo": "video/avi",
    "video/matroska": "video/x-matroska",
    "video/webm": "video/x-matroska",  # a Matroska file of certain codecs: its first bytes are the same
}
IMAGE_TYPES = (
    *("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic"),
    *("image/bmp", "image/tiff"),
)
VIDEO_TYPES = ("video/mp4", "video/quicktime", "video/x-matroska", "video/avi", "video/mpeg")
TYPES = (*IMAGE_TYPES, *VIDEO_TYPES)


class _Signature(NamedTuple):
    """`start` at the beginning of a file; and `mark` at `offset`, if given."""

    start: bytes
    type: str
    mark: bytes = b""
    offset: int = 0


_SIGNATURES = (
    _Signature(b"\xff\xd8\xff", "image/jpeg"),
    _Signature(b"\x89PNG\r\n\x1a\n", "image/png"),
    _Signature(b"GIF87a", "image/gif"),
    _Signature(b"GIF89a", "image/gif"),
    _Signature(b"RIFF", "image/webp", b"WEBP", 8),
    _Signature(b"RIFF", "video/avi", b"AVI ", 8),
    _Signature(b"II*\0", "image/tiff"),
    _Signature(b"MM\0*", "image/tiff"),
    _Signature(b"BM", "image/bmp", b"\0\0\0\0", 6),
    _Signature(b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    _Signature(b"\0\0\x01\xba", "video/mpeg"),
    _Signature(b"\0\0\x01\xb3", "video/mpeg"),
)
# Brands of ISO base media files (ISO/IEC 14496-12), by the type that they stand for.
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"),
    b"qt  ": "video/quicktime",
}


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head`; "" if it is none of `TYPES`.

    >>> sniff(b"GIF89a..."), sniff(b"<svg>")
    ('image/gif', '')
    """
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    for signature in _SIGNATURES:
        end = signature.offset + len(signature.mark)
        if head.startswith(signature.start) and head[signature.offset : end] == signature.mark:
            return signature.type
    return ""


def kind_of(media_type: str) -> Kind:
    """Whether a type of `TYPES` is one of pictures or of videos."""
    return "video" if media_type in VIDEO_TYPES else "image"


def canonical_type(stated: str) -> str:
    """The type that a Content-Type names, without parameters and in one spelling; "" if it states none.

    >>> canonical_type("image/JPG; name=a.jpg"), canonical_type("application/octet-stream")
    ('image/jpeg', '')
    """
    name = stated.partition(";")[0].strip().lower()
    return "" if name in UNSTATED else ALIASES.get(name, name)


def agrees(stated: str, found: str) -> bool:
    """Whether a file of the type `found` may be called what its sender stated; saying nothing agrees.

    The formats of ISO base media files that hold videos are each read as the other.
    """
    said = canonical_type(stated)
    siblings = ("video/mp4", "video/quicktime")
    return not said or said == found or (said in siblings and found in siblings)


def _of_brands(head: bytes) -> str:
    """The type of an ISO base media file, by its major brand or the first compatible brand that is known."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, size, 4))]
    return next((_BRANDS[brand] for brand in brands if brand in _BRANDS), "video/mp4")
