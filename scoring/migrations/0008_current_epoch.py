from django.db import migrations


class Migration(migrations.Migration):
    """The epoch that entries are written in, as it is when it is asked for.

    A prepared statement that waits for a lock on the log goes on with what it saw before. A volatile function
    looks anew, so a writer that waited for a new epoch to begin writes in that one.
    """

    dependencies = [
        ("scoring", "0007_decisions_in_one_place"),
    ]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE FUNCTION scoring_current_epoch() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
                BEGIN
                    RETURN COALESCE((SELECT max(number) FROM scoring_logepoch), 1);
                END
                $$
            """,
            reverse_sql="DROP FUNCTION scoring_current_epoch()",
        ),
    ]
