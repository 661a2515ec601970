"""Registers the pages of policies with the admin."""

from scoring.learning.policies.pages import content_policy, draft_page, overview, policy_page  # noqa: F401
