"""The queue's rows live for milliseconds: vacuum it by the number of dead rows, not by its share of a small table.

Without it the index that claims are read from fills with dead entries, and a claim reads through all of them.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE scoring_pending SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
            " autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0,"
            " autovacuum_analyze_threshold = 10000)",
            "ALTER TABLE scoring_pending RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
            " autovacuum_vacuum_cost_delay, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold)",
        )
    ]
