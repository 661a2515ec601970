"""Requests that the server refuses itself, before the application sees them."""

import json

Headers = list[tuple[str, str]]


class Refusal(Exception):
    """A refused request: HTTP status, problem details (RFC 9457) and, for a 503, when to retry in seconds."""

    def __init__(
        self, *, status: str, slug: str, title: str, detail: str, retry_after: int | None = None
    ) -> None:
        self.status, self.slug, self.title, self.detail = status, slug, title, detail
        self.retry_after = retry_after
        super().__init__(detail)

    @property
    def headers(self) -> Headers:
        headers = [("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")]
        return headers + ([("Retry-After", str(self.retry_after))] if self.retry_after else [])

    @property
    def document(self) -> bytes:
        kind, status = f"/api/problems/{self.slug}", int(self.status[:3])
        members = {"type": kind, "title": self.title, "status": status, "detail": self.detail}
        return json.dumps(members).encode()


def malformed(detail: str) -> Refusal:
    return Refusal(
        status="400 Bad Request",
        slug="malformed-request",
        title="The request cannot be read",
        detail=detail,
    )


def head_too_slow(seconds: float) -> Refusal:
    return Refusal(
        status="408 Request Timeout",
        slug="head-too-slow",
        title="The headers arrived too slowly",
        detail=f"the request line and headers must arrive within {seconds:.0f} s",
    )


def body_too_slow(seconds: float, *, bytes_per_second: int) -> Refusal:
    return Refusal(
        status="408 Request Timeout",
        slug="body-too-slow",
        title="The body arrived too slowly",
        detail=f"the body must arrive within {seconds:.0f} s, or at {bytes_per_second // 1000} kB/s or more",
    )


def body_too_large(size: int | None, *, limit: int) -> Refusal:
    """`size` is None if the body was not read to its end."""
    shown = f"more than {limit}" if size is None else size
    return Refusal(
        status="413 Content Too Large",
        slug="too-large",
        title="The body is too large",
        detail=f"the body has {shown} bytes; a request may have at most {limit}",
    )


def head_too_large(limit: int) -> Refusal:
    return Refusal(
        status="431 Request Header Fields Too Large",
        slug="head-too-large",
        title="The headers are too large",
        detail=f"the request line and headers may have at most {limit} bytes together",
    )


def unknown_transfer_coding(coding: str) -> Refusal:
    return Refusal(
        status="501 Not Implemented",
        slug="unknown-transfer-coding",
        title="The transfer coding is not supported",
        detail=f"Transfer-Encoding {coding!r} is not supported; send chunked, or Content-Length",
    )


def server_busy(reason: str) -> Refusal:
    return Refusal(
        status="503 Service Unavailable",
        slug="server-busy",
        title="Too many requests at once",
        detail=f"{reason}; send the request again",
        retry_after=1,
    )
