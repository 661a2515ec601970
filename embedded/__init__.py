"""Real PostgreSQL and Redis that come with the project, for when no address of the user's own is set."""
