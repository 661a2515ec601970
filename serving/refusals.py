"""Requests that the server answers itself, before an application sees them."""

import json

Headers = list[tuple[str, str]]


class Refusal(Exception):
    """The HTTP status, the slug and title of the problem (RFC 9457), what to do, and when to come back."""

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


def malformed(what: str) -> Refusal:
    return Refusal(
        status="400 Bad Request",
        slug="malformed-request",
        title="The request cannot be read",
        detail=what,
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
    """`size` is None for a body that was not read to its end."""
    said = f"more than {limit}" if size is None else size
    return Refusal(
        status="413 Content Too Large",
        slug="too-large",
        title="The body is too large",
        detail=f"the body has {said} bytes; at most {limit} are taken in one request",
    )


def head_too_large(limit: int) -> Refusal:
    return Refusal(
        status="431 Request Header Fields Too Large",
        slug="head-too-large",
        title="The headers are too large",
        detail=f"the request line and headers may have {limit} bytes together",
    )


def coding_unknown(coding: str) -> Refusal:
    return Refusal(
        status="501 Not Implemented",
        slug="unknown-transfer-coding",
        title="The transfer coding is not known",
        detail=f"Transfer-Encoding {coding!r} is not read; send chunked, or Content-Length",
    )


def server_busy(what: str) -> Refusal:
    return Refusal(
        status="503 Service Unavailable",
        slug="server-busy",
        title="Too many requests at once",
        detail=f"{what}; send the request again",
        retry_after=1,
    )
