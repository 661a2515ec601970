"""Compressed request bodies, inflated up to the size limit of a body."""

import zlib

from scoring.api.errors import MalformedEncoding, RequestTooLarge, UnsupportedEncoding

CONTENT_ENCODINGS = ("gzip", "deflate", "identity")
_GZIP = zlib.MAX_WBITS | 16
_WITHOUT_HEADER = -zlib.MAX_WBITS


def decompress(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The decompressed body. `encoding` is the Content-Encoding.

    Raises UnsupportedEncoding, MalformedEncoding, and RequestTooLarge for more than `limit` bytes.
    """
    name = encoding.strip().lower().removeprefix("x-")
    if name == "identity":
        return body
    if name not in CONTENT_ENCODINGS:
        raise UnsupportedEncoding(header="Content-Encoding", value=encoding, allowed=CONTENT_ENCODINGS)
    inflater = zlib.decompressobj(_GZIP if name == "gzip" else _window_of_deflate(body))
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise MalformedEncoding(name) from None
    if len(inflated) > limit:
        raise RequestTooLarge(size=None, limit=limit)
    if not inflater.eof or inflater.unused_data:  # truncated, or with trailing data
        raise MalformedEncoding(name)
    return inflated


def _window_of_deflate(body: bytes) -> int:
    """`deflate` is the zlib format (RFC 9110, section 8.4.1.2); some senders leave its header out."""
    header = int.from_bytes(body[:2], "big")
    has_header = (header >> 8) & 0x0F == zlib.DEFLATED and header % 31 == 0
    return zlib.MAX_WBITS if has_header else _WITHOUT_HEADER
