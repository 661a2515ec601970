"""WSGI entry point. Everything is imported before the first request, so that no client waits for it."""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse

from config.celery import app as celery_app
from config.gc_pause import gc_paused
from config.tracing.starting import start_tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
start_tracing("web", environment=os.environ)
with gc_paused():
    django_application = get_wsgi_application()
    import_module(settings.ROOT_URLCONF)
    celery_app.loader.import_default_modules()  # pages check schedules by their tasks
    import_module("scoring.intake.warm_up").warm_up_signals()  # can be imported once the apps are ready


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's response; a complete one as a list, which a server can send at once."""
    response = django_application(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response
    response.close()
    return [response.content]
