"""Registers the page of the switch "rules only" with the admin."""

from scoring.rules.rules_only import pages  # noqa: F401
