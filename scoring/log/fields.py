"""Column types of the log."""

from django.db import models


class Xid8Field(models.Field):
    """PostgreSQL's 64-bit transaction id. Read as text by psycopg2; cast it where arithmetic is needed."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class CurrentTransactionId(models.Func):
    """The id of the writing transaction, filled in by the database itself."""

    function = "pg_current_xact_id"
    arity = 0
    output_field = Xid8Field()
