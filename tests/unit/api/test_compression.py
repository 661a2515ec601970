"""Bodies are decompressed by their Content-Encoding, up to the size limit."""

import gzip
import zlib

import pytest

from scoring.api.compression import decompress
from scoring.api.errors import MalformedEncoding, RequestTooLarge, UnsupportedEncoding

BODY = b'{"type": "payment"}' * 100


def raw_deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(body) + deflater.flush()


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP ", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
    ],
    ids=["gzip", "capitals and a space", "x-gzip", "zlib", "raw deflate", "identity"],
)
def test_a_body_is_decompressed_by_its_content_encoding(encoding: str, sent: bytes) -> None:
    assert decompress(sent, encoding, limit=len(BODY)) == BODY


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "", "gzipped"])
def test_another_encoding_is_refused_by_name(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding, match="Content-Encoding") as refused:
        decompress(BODY, encoding, limit=10_000)
    assert refused.value.allowed == ("gzip", "deflate", "identity")


@pytest.mark.parametrize(
    "sent",
    [
        BODY,
        b"",
        gzip.compress(BODY)[:-9],
        gzip.compress(BODY) + gzip.compress(BODY),
        gzip.compress(BODY) + b"x",
    ],
    ids=["plain", "empty", "cut off", "two bodies", "something after it"],
)
def test_a_body_that_contradicts_its_content_encoding_is_refused(sent: bytes) -> None:
    with pytest.raises(MalformedEncoding, match="is not compressed with gzip, as its Content-Encoding says"):
        decompress(sent, "gzip", limit=10_000)


def test_a_decompression_bomb_is_not_inflated_beyond_the_limit() -> None:
    with pytest.raises(RequestTooLarge) as refused:
        decompress(gzip.compress(b"0" * 10_000_000), "gzip", limit=1_000)
    assert (refused.value.size, refused.value.limit) == (None, 1_000)
