"""The product's settings with one app more, whose event type changes its features from release to release."""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.growing"]  # noqa: F405
