"""PostgreSQL and Redis servers bundled with the project, used unless addresses of other servers are set."""
