"""Hashes of 256 bits: as text (64 hexadecimal digits, as PDQ hashes are exchanged) and as four words."""

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from scoring.images.errors import InvalidHash

BITS = 256
WORDS = 4

Words = NDArray[np.uint64]

_TEXT = re.compile(r"[0-9a-fA-F]{64}")


def parse_hash(text: str) -> Words:
    """uint64[4] of a hash as text, the most significant word first; raises InvalidHash.

    >>> [int(word) for word in parse_hash("0" * 63 + "f")]
    [0, 0, 0, 15]
    """
    return parse_hashes([text])[0]


def parse_hashes(texts: Iterable[str]) -> Words:
    """uint64[n, 4] of n hashes as text; raises InvalidHash for the first that is none."""
    return words_of(b"".join(bytes.fromhex(_checked(text)) for text in texts))


def words_of(octets: bytes) -> Words:
    """uint64[n, 4] of n hashes of 32 bytes each."""
    return np.frombuffer(octets, dtype=">u8").astype(np.uint64).reshape(-1, WORDS)


def hash_text(words: Words) -> str:
    """The text of one hash, in lower case.

    >>> hash_text(parse_hash("0" * 63 + "F"))[-2:]
    '0f'
    """
    return words.astype(">u8").tobytes().hex()


def distances(one: Words, others: Words) -> NDArray[np.int64]:
    """The Hamming distance of `one` uint64[4] to each of `others` uint64[..., 4].

    >>> int(distances(parse_hash("0" * 64), parse_hash("f" + "0" * 63)))
    4
    """
    return np.bitwise_count(one ^ others).sum(axis=-1, dtype=np.int64)


def _checked(text: str) -> str:
    if not _TEXT.fullmatch(text):
        raise InvalidHash(text)
    return text
