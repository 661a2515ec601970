"""Reasons for a score, as pages show them."""
