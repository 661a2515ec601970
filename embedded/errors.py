"""What can go wrong with the embedded services."""


class ServiceUnusable(Exception):
    """A service cannot run here. The message says why and what to do about it."""
