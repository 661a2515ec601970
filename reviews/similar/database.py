"""The index that finds similar cases: pgvector's, where PostgreSQL has it."""

from django.db import connection, transaction

from reviews.models.similar import CaseExplanation
from reviews.similar.vectors import DIMENSION
from scoring.sql.advisory_locks import LockSpace, lock_until_commit
from scoring.sql.vector_extension import create_vector, has_relation, has_vector

TABLE = CaseExplanation._meta.db_table
INDEX = "caseexplanation_nearest"
AS_VECTOR = f"vector::vector({DIMENSION})"  # as the index has it; statements must say the same


def is_indexed() -> bool:
    """Whether similar cases are found by an index, approximately; otherwise they are compared one by one."""
    return has_vector() and has_relation(INDEX)


def prepare_search() -> bool:
    """Create the extension and the index where they are missing and can be; returns `is_indexed`."""
    if is_indexed():
        return True
    if not has_vector() and not create_vector():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        lock_until_commit(LockSpace.SIMILAR_CASES, INDEX)
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {INDEX} ON {TABLE} USING hnsw (({AS_VECTOR}) vector_cosine_ops)"
        )
    return True
