"""The extension `vector` (pgvector) of PostgreSQL: whether it is there, and creating it."""

from django.db import DatabaseError, connection, transaction

MAX_DIMENSION = 2_000  # of an index of the extension

_INSTALLED = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')"
_OFFERED = "SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector')"
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"


def has_vector() -> bool:
    """Whether the extension can be used in this database."""
    return _ask(_INSTALLED)


def is_offered() -> bool:
    """Whether the database server has the extension, so that it can be created."""
    return _ask(_OFFERED)


def has_relation(name: str) -> bool:
    """Whether the database has a table or an index of this name."""
    return _ask(_EXISTS, name)


def create_vector() -> bool:
    """Create the extension; False if the server does not have it, or the user of the database may not."""
    if not is_offered():
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except DatabaseError:  # the user of the database may not
        return False
    return True


def _ask(question: str, *values: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, values or None)
        return bool(cursor.fetchone()[0])
