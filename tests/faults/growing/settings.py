"""The product's settings plus an app whose event type changes its features between releases."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.growing"]  # noqa: F405
