"""What the database offers for the search: the extension `vector`, and an index for each model."""

from django.db import DatabaseError, connection, transaction

from scoring.content.embeddings.models import TextModel
from scoring.sql.advisory_locks import LockSpace, lock_until_commit

MAX_DIMENSION = 2_000  # of an index of the extension

_INSTALLED = "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'vector')"
_OFFERED = "SELECT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector')"
_INDEXED = "SELECT to_regclass(%s) IS NOT NULL"

NO_EXTENSION = (
    "PostgreSQL lacks the extension vector (pgvector), so texts are compared with all known ones, one by one:"
    " exact, and slower with their number. Install pgvector on the database server."
)
NOT_CREATED = (
    "The extension vector (pgvector) is not created in this database yet. manage.py embed_texts creates it if"
    " its database user may; else have a superuser run CREATE EXTENSION vector. Without it texts are compared"
    " with all known ones, one by one."
)


def has_vector() -> bool:
    """Whether the extension can be used in this database."""
    return _ask(_INSTALLED)


def is_indexed(model: TextModel) -> bool:
    """Whether known texts are found by an index, approximately; otherwise they are compared one by one."""
    return has_vector() and _ask(_INDEXED, index_name(model))


def missing_extension() -> str:
    """What to do for the extension to be usable; "" if it is."""
    if has_vector():
        return ""
    return NOT_CREATED if _ask(_OFFERED) else NO_EXTENSION


def prepare_search(model: TextModel) -> bool:
    """Create the extension and the model's index where they are missing and can be; returns `is_indexed`."""
    if is_indexed(model):
        return True
    if not has_vector() and not _create_extension():
        return False
    if model.dimension > MAX_DIMENSION:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        lock_until_commit(LockSpace.TEXT_INDEX, index_name(model))
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {index_name(model)} ON scoring_textembedding"
            f" USING hnsw ((embedding::vector({model.dimension:d})) vector_cosine_ops)"
            f" WHERE model_id = {model.pk:d} AND known"
        )
    return True


def drop_index(model: TextModel) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {index_name(model)}")


def index_name(model: TextModel) -> str:
    return f"textembedding_nearest_{model.pk:d}"


def _create_extension() -> bool:
    if not _ask(_OFFERED):
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
