"""Real PostgreSQL and Redis that come along with the project, for when no address of the user's own is set."""
