"""What a file is, by its first bytes."""

import pytest

from scoring.content.media.signatures import TYPES, agrees, canonical_type, kind_of, sniff

HEADS = {
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/gif": b"GIF89a\1\0\1\0",
    "image/webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "image/avif": b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf",
    "image/heic": b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
    "image/bmp": b"BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0",
    "image/tiff": b"II*\0\x08\0\0\0",
    "video/mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
    "video/quicktime": b"\0\0\0\x14ftypqt  \0\0\2\0qt  ",
    "video/x-matroska": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1",
    "video/avi": b"RIFF\x24\0\0\0AVI LIST",
    "video/mpeg": b"\0\0\x01\xba\x44\0\4\0",
}


def test_every_type_has_an_example() -> None:
    assert set(HEADS) == set(TYPES)


@pytest.mark.parametrize("media_type", TYPES)
def test_a_file_is_known_by_its_beginning(media_type: str) -> None:
    assert sniff(HEADS[media_type]) == media_type
    assert kind_of(media_type) == media_type.partition("/")[0]


@pytest.mark.parametrize(
    "head",
    [b"", b"<svg>", b"<html>", b"%PDF-1.7", b"PK\3\4", b"RIFF\0\0\0\0WAVE", b"BMW is a car", b"\xff\xd8"],
)
def test_other_files_are_of_no_type(head: bytes) -> None:
    assert sniff(head) == ""


@pytest.mark.parametrize(
    ("stated", "found", "expected"),
    [
        ("", "image/png", True),
        ("application/octet-stream", "image/png", True),
        ("image/png; name=x.png", "image/png", True),
        ("IMAGE/JPG", "image/jpeg", True),
        ("video/webm", "video/x-matroska", True),
        ("video/quicktime", "video/mp4", True),
        ("image/jpeg", "image/png", False),
        ("text/html", "image/png", False),
        ("video/mp4", "video/avi", False),
    ],
)
def test_a_stated_type_agrees_if_it_says_the_same_or_nothing(stated: str, found: str, expected: bool) -> None:
    assert agrees(stated, found) is expected


def test_a_stated_type_has_one_spelling() -> None:
    assert canonical_type("Image/PJPEG ; q=1") == "image/jpeg"
