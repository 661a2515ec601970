"""WSGI entry point. Everything is imported before the first request, so that no client pays for it."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)
# A full collection looks at every object of every module, hundreds of milliseconds in which nobody is served.
# What is there now stays: it is left out.
gc.collect()
gc.freeze()
