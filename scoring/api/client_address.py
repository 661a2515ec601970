"""The client address of a request."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address; empty if the server knows none (a Unix socket).

    Behind a proxy (`ASSAY_BEHIND_PROXY=1`) it is the last address of `X-Forwarded-For`, which the proxy
    added; the client may have forged the earlier ones. Otherwise it is the connection's address.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        if _is_address(forwarded):
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
