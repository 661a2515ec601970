"""Registers the pages of policies with the admin."""

from scoring.learning.policies.pages import draft_page, overview, policy_page  # noqa: F401
