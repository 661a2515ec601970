"""What the database offers for the search: the extension `vector`, and an index for each model."""

from django.db import connection, transaction

from scoring.content.embeddings.models import TextModel
from scoring.sql.advisory_locks import LockSpace, lock_until_commit
from scoring.sql.vector_extension import (
    MAX_DIMENSION,
    create_vector,
    has_relation,
    has_vector,
    is_offered,
)

NO_EXTENSION = (
    "PostgreSQL lacks the extension vector (pgvector), so texts are compared with all known ones, one by one:"
    " exact, and slower with their number. Install pgvector on the database server."
)
NOT_CREATED = (
    "The extension vector (pgvector) is not created in this database yet. manage.py embed_texts creates it if"
    " its database user may; else have a superuser run CREATE EXTENSION vector. Without it texts are compared"
    " with all known ones, one by one."
)


def is_indexed(model: TextModel) -> bool:
    """Whether known texts are found by an index, approximately; otherwise they are compared one by one."""
    return has_vector() and has_relation(index_name(model))


def missing_extension() -> str:
    """What to do for the extension to be usable; "" if it is."""
    if has_vector():
        return ""
    return NOT_CREATED if is_offered() else NO_EXTENSION


def prepare_search(model: TextModel) -> bool:
    """Create the extension and the model's index where they are missing and can be; returns `is_indexed`."""
    if is_indexed(model):
        return True
    if not has_vector() and not create_vector():
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
