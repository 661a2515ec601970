"""The client address of a request."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def client_address(request: HttpRequest | Request) -> str:
    """The client's address in canonical form; "" if it is unknown.

    Behind a proxy (`ASSAY_BEHIND_PROXY=1`) it is the last address of `X-Forwarded-For`, which the proxy
    added; the client may have forged the earlier ones. If that is not an address, or the header is missing,
    the client is unknown: the connection's address is the proxy's, which must not stand in for a client's.
    Without a proxy it is the connection's address; a Unix socket has none.

    Callers treat an unknown address as the least trusted: a key bound to addresses is refused, refused keys
    and wrong passwords are counted together for all unknown addresses, and logs say that it is unknown.
    """
    if settings.BEHIND_PROXY:
        return canonical_address(request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2])
    return canonical_address(request.META.get("REMOTE_ADDR", ""))


def canonical_address(text: str) -> str:
    """The address in canonical form, IPv4 if an IPv6 address maps one; "" for anything else.

    >>> canonical_address(" ::FFFF:10.0.0.7 "), canonical_address("a host")
    ('10.0.0.7', '')
    """
    try:
        address = ip_address(text.strip()[:64])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)
