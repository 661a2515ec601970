"""What the web server runs (`python -m serving config.web:site`): the WSGI application behind its front."""

from django.conf import settings

from config.environment import read_int
from config.wsgi import application
from serving.server import Site

# A label file of 10 MiB and what a form adds to it: the largest of any page.
PAGE_MAX_BODY_BYTES = 11 * 2**20
# Answered beside the pool: health is asked for when that is busy, and liveness when readiness waits.
BESIDE = {"/healthz": "alive", "/readyz": "ready", "/metrics": "metrics"}


def limit_of(path: str) -> int:
    return settings.API_MAX_BODY_BYTES if is_api(path) else PAGE_MAX_BODY_BYTES


def is_api(path: str) -> bool:
    return path.startswith("/api/")


site = Site(
    application,
    threads=read_int("ASSAY_WEB_THREADS", 16),
    limit_of=limit_of,
    refuses_itself=is_api,  # as a problem, after it has looked at the key
    beside=BESIDE,
)
