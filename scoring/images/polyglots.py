"""Files that are more than one thing: an image that a browser, an archiver or a PDF reader opens too.

Readers differ in where they look. A ZIP archive ends a file, a PDF document begins within the first 1,024
bytes, an archive that unpacks itself may begin anywhere, and markup does harm wherever a browser reads it.
Other data after an image is no reason to refuse it: cameras append second pictures and short videos.
"""

import re
import zipfile
from io import BytesIO

_PDF_HEAD = 1_024

_MARKUP = re.compile(
    rb"<(?:(?P<html>(?:script|html|iframe|body)[\s>/]|!doctype\s+html)"
    rb"|(?P<svg>svg\s[^<>]{0,400}xmlns)|(?P<php>\?php\s))",
    re.IGNORECASE,
)
_NAMES = {"html": "an HTML document", "svg": "an SVG document", "php": "a PHP script"}
_ARCHIVES = {b"Rar!\x1a\x07": "a RAR archive", b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive"}


def other_format(content: bytes) -> str:
    """The kind of document or archive that a file is, or is too, with its article; "" if none.

    >>> other_format(b"GIF89a ... <script>"), other_format(b"GIF89a ...")
    ('an HTML document', '')
    """
    if found := _MARKUP.search(content):
        return _NAMES[str(found.lastgroup)]
    if _is_pdf(content):
        return "a PDF document"
    if zipfile.is_zipfile(BytesIO(content)):
        return "a ZIP archive"
    return next((name for mark, name in _ARCHIVES.items() if mark in content), "")


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:_PDF_HEAD] or (b"%PDF-1." in content and b"%%EOF" in content)
