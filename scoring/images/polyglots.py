"""Files that are more than one thing: an image that a browser, an archiver or a PDF reader opens too.

Readers differ in where they look. A ZIP archive ends a file, a PDF document begins within the first 1,024
bytes, an archive that unpacks itself may begin anywhere, and markup does harm wherever a browser reads it.
Other data after an image is no reason to refuse it: cameras append second pictures and short videos.
"""

import re

_PDF_HEAD = 1_024
_ZIP_TAIL = 65_557  # the record that ends an archive, with the longest comment
_ZIP_END, _ZIP64_LOCATOR, _ZIP_ENTRY = b"PK\x05\x06", b"PK\x06\x07", b"PK\x01\x02"

# A tag, and text after it: among the compressed bytes of many images a short tag alone occurs by chance.
_MARKUP = re.compile(
    rb"<(?:(?P<html>(?:script|html|iframe|body)[\s>/]|!doctype\s+html)"
    rb"|(?P<svg>svg\s[^<>]{0,400}xmlns)|(?P<php>\?php\s))(?=[\t\n\r -~]{4})",
    re.IGNORECASE,
)
_NAMES = {"html": "an HTML document", "svg": "an SVG document", "php": "a PHP script"}
_ARCHIVES = {b"Rar!\x1a\x07": "a RAR archive", b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive"}


def other_format(content: bytes) -> str:
    """The kind of document or archive that a file is, or is too, with its article; "" if none.

    >>> other_format(b"GIF89a ... <script>alert(1)"), other_format(b"GIF89a ...")
    ('an HTML document', '')
    """
    if found := _MARKUP.search(content):
        return _NAMES[str(found.lastgroup)]
    if _is_pdf(content):
        return "a PDF document"
    if _is_zip(content):
        return "a ZIP archive"
    return next((name for mark, name in _ARCHIVES.items() if mark in content), "")


def _is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:_PDF_HEAD] or (b"%PDF-1." in content and b"%%EOF" in content)


def _is_zip(content: bytes) -> bool:
    """Whether the entries of an archive lie where the record at its end says (APPNOTE.TXT, 4.3.16)."""
    end = content.rfind(_ZIP_END, max(len(content) - _ZIP_TAIL, 0))
    if end < 0:
        return False
    entries = end - int.from_bytes(content[end + 12 : end + 16], "little")
    is_large = content[max(end - 20, 0) :].startswith(_ZIP64_LOCATOR)
    return is_large or (entries >= 0 and content[entries : entries + 4] == _ZIP_ENTRY)
