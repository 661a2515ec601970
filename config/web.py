"""The site that the web server serves (`python -m serving config.web:site`)."""

import re
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from serving.server import Site

try:
    from config.wsgi import application
    from scoring.api.media.parsing import max_body_bytes, spool_directory
except ImproperlyConfigured as error:
    raise SystemExit(str(error)) from None  # a setting's own message; a traceback would hide it

# The largest request to a page: a label file of 10 MiB, or a file of a list's values of 48 MiB, plus the rest
# of the form.
PAGE_MAX_BODY_BYTES, IMPORT_MAX_BODY_BYTES = 11 * 2**20, 49 * 2**20
MEDIA = "/api/v1/media"
LIST_IMPORT = re.compile(r"/admin/lists/[a-z0-9_]+/import/")
# Thread pools of their own: probes are answered while the main pool is busy, and liveness during readiness.
DEDICATED_POOLS = {"/healthz": "alive", "/readyz": "ready", "/metrics": "metrics"}


def body_limit(path: str) -> int:
    if LIST_IMPORT.fullmatch(path):
        return IMPORT_MAX_BODY_BYTES
    if path == MEDIA:
        return max_body_bytes()
    return settings.API_MAX_BODY_BYTES if is_api(path) else PAGE_MAX_BODY_BYTES


def is_api(path: str) -> bool:
    return path.startswith("/api/")


def spooled_in(path: str) -> Path | None:
    """Uploads may be large: their bodies are kept in files."""
    return spool_directory() if path == MEDIA else None


site = Site(
    application,
    threads=settings.WEB_THREADS,
    body_limit=body_limit,
    rejects_large_bodies=is_api,  # as a problem, after checking the API key
    dedicated=DEDICATED_POOLS,
    spool_directory=spooled_in,
)
