"""PDQ hashes as people and files write them."""

import re

from scoring.catalog.errors import FieldError

MAX_QUALITY = 100
HASH_ALLOWED = "64 hexadecimal digits, a PDQ hash"

_HASH = re.compile(r"[0-9a-f]{64}")


def parse_hash(text: str) -> str:
    """A hash in canonical form. Raises FieldError, also for that of a picture without any contrast."""
    found = text.strip().lower()
    if not found:
        raise FieldError("is missing", HASH_ALLOWED)
    if not _HASH.fullmatch(found):
        raise FieldError(f"{text.strip()[:70]!r} is not a PDQ hash", HASH_ALLOWED)
    if len(set(found)) == 1 and found[0] in "0f":
        raise FieldError("is the hash of an empty picture", "hashes of pictures with some contrast")
    return found
