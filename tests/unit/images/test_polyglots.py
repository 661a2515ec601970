"""What a file is besides an image."""

import os
import zipfile
from io import BytesIO

import pytest
from PIL import Image

from scoring.images.polyglots import other_format


def image(format: str, **options: object) -> bytes:
    file = BytesIO()
    Image.effect_noise((80, 60), 90).convert("RGB").save(file, format, **options)
    return file.getvalue()


def archive(comment: bytes = b"") -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("payload.js", "alert(1)")
        opened.comment = comment
    return file.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF"
SVG = b'<svg onload="alert(1)" xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("content", "other"),
    [
        (image("GIF") + b"<SCRIPT>alert(1)</SCRIPT>", "an HTML document"),
        (image("JPEG", comment=b"<html><body onload=alert(1)>"), "an HTML document"),
        (b"<!DOCTYPE html><title>x</title>", "an HTML document"),
        (image("PNG") + b"<iframe src=//example.test>", "an HTML document"),
        (SVG, "an SVG document"),
        (image("WEBP") + SVG, "an SVG document"),
        (image("JPEG", comment=b"<?php system($_GET[1]); ?>"), "a PHP script"),
        (image("PNG") + archive(), "a ZIP archive"),
        (archive(), "a ZIP archive"),
        (image("JPEG") + archive(b"a comment"), "a ZIP archive"),
        (image("JPEG") + b"PK\x06\x07" + bytes(16) + b"PK\x05\x06" + b"\xff" * 18, "a ZIP archive"),
        (image("JPEG", comment=PDF), "a PDF document"),
        (image("PNG") + PDF, "a PDF document"),
        (image("JPEG") + b"Rar!\x1a\x07\x01\x00", "a RAR archive"),
        (image("JPEG") + b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7-Zip archive"),
    ],
)
def test_a_file_that_others_open_too_is_named(content: bytes, other: str) -> None:
    assert other_format(content) == other


@pytest.mark.parametrize(
    "content",
    [
        *(image(format) for format in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF")),
        image("JPEG") + b"\0\0\0\x20ftypmp42" + os.urandom(10_000),  # a short video, as phones append one
        image("JPEG") + image("JPEG"),
        image("JPEG", comment=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF></rdf:RDF></x:xmpmeta>"),
        image("JPEG", comment=b"see <https://example.test> for the script; 1 < 2, svg, html and PDF"),
    ],
)
def test_an_image_is_an_image(content: bytes) -> None:
    assert other_format(content) == ""


@pytest.mark.parametrize(
    "mark", [b"PK\x05\x06", b"<html>", b"<body ", b"<?php ", b"<svg ", b"%PDF-1.7", b"Rar!"]
)
def test_a_mark_among_compressed_bytes_is_chance(mark: bytes) -> None:
    photo = image("JPEG")
    content = bytearray(photo + bytes(range(128, 256)) * 40)
    for place in range(len(photo), len(content) - 10, 500):
        content[place : place + len(mark)] = mark
    assert other_format(bytes(content)) == ""
