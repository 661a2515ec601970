"""Errors of the embedded services."""


class ServiceUnusable(Exception):
    """A service cannot run on this machine. The message says why and what to do."""
