"""Registers the pages of exploration with the admin."""

from scoring.rules.exploration import pages  # noqa: F401
