"""Registers the pages of breakers with the admin."""

from scoring.rules.breaker import pages  # noqa: F401
