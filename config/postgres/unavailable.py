"""What to do when a command finds no database, or one without tables."""

from django.db import DatabaseError, OperationalError, ProgrammingError

UNDEFINED_TABLE = "42P01"  # PostgreSQL's code


def advice_on(error: DatabaseError) -> str | None:
    """What happened and what to do; None for other errors of the database."""
    code = getattr(error.__cause__, "pgcode", None)
    said = str(error).strip().splitlines() or [""]
    if isinstance(error, OperationalError) and code is None:
        return (
            f"PostgreSQL cannot be reached: {said[0]}\nStart everything with `make up`, or the embedded"
            " servers alone with `manage.py services start`. For a server of your own, check DATABASE_URL."
        )
    if isinstance(error, ProgrammingError) and code == UNDEFINED_TABLE:
        return f"{said[0]}\nCreate the tables first: `manage.py migrate` (`make up` does so by itself)."
    return None
