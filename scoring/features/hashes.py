"""64-bit hashes of values, which states and tables hold instead of text."""

import hashlib
from functools import lru_cache


@lru_cache(maxsize=200_000)
def value_hash(text: str) -> int:
    """64-bit hash of a value (BLAKE2b of its UTF-8, little-endian); never 0, which means missing."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") or 1


def signed_hash(text: str) -> int:
    """The same 64 bits as a signed number, as the kernel reads them.

    >>> signed_hash("grocery") % 2**64 == value_hash("grocery")
    True
    """
    unsigned = value_hash(text)
    return unsigned - 2**64 if unsigned >= 2**63 else unsigned
