"""Registers the page of the configuration with the admin."""

from scoring.configuration import pages  # noqa: F401
