"""Codes of authenticator apps."""

import base64
import hmac
import struct
import time


def totp(secret: str, *, steps: int = 0) -> str:
    """The code of RFC 6238 now, or `steps` half minutes later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 1_000_000:06}"
