"""`/metrics` for Prometheus, for clients with the token or, if none is set, on this machine."""

import hmac
import logging
from ipaddress import ip_address

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis import RedisError

from monitoring.exposition import exposition

logger = logging.getLogger(__name__)

# A request with one of these headers came through a proxy, whatever its address.
PROXY_HEADERS = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)
HINT = "Set ASSAY_METRICS_TOKEN and send it as `Authorization: Bearer <token>`, or call from this machine.\n"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        refused = HttpResponse(HINT, status=401, content_type="text/plain")
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    try:
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
    except (DatabaseError, RedisError) as error:
        logger.warning("the metrics could not be read: %s", error)
        return HttpResponse("/readyz shows what cannot be reached\n", status=503, content_type="text/plain")


def may_read(request: HttpRequest) -> bool:
    """Whether the request has the token or, if none is set, comes from this machine.

    Behind a proxy every request does, so a token is needed there.
    """
    if settings.METRICS_TOKEN:
        sent = request.META.get("HTTP_AUTHORIZATION", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    proxied = settings.SECURE_PROXY_SSL_HEADER or any(name in request.META for name in PROXY_HEADERS)
    return not proxied and is_loopback(request.META.get("REMOTE_ADDR", ""))


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
