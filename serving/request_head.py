"""Checks of a request's line and headers beyond those of the parser."""

from serving import refusals
from serving.environ import Request


def check_head(request: Request) -> dict[bytes, bytes]:
    """The headers by name. Raises `Refusal` for what the parser accepts but no application should see."""
    named = dict(request.headers)
    if request.version not in ("1.0", "1.1"):
        raise refusals.malformed(f"HTTP/{request.version} is not supported; send HTTP/1.1")
    request.target = without_origin(request.target)
    if not request.target.startswith(b"/"):
        raise refusals.malformed("the request line must name a path that begins with /")
    if (coding := named.get(b"transfer-encoding", b"chunked").lower()) != b"chunked":
        raise refusals.unknown_transfer_coding(coding.decode("latin-1")[:80])
    hosts = sum(name == b"host" for name, _ in request.headers)
    if hosts > 1 or (not hosts and request.version == "1.1"):
        raise refusals.malformed("the request must have exactly one Host header")
    return named


def without_origin(target: bytes) -> bytes:
    """Path and query of a request target that may name scheme and host, as proxies send it.

    >>> without_origin(b"http://localhost:8000/healthz?a=1"), without_origin(b"/healthz")
    (b'/healthz?a=1', b'/healthz')
    """
    if target.startswith((b"http://", b"https://")):
        _, slash, rest = target.partition(b"://")[2].partition(b"/")
        return slash + rest if slash else b"/"
    return target
