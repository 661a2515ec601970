"""Hours of business figures keep what labels change apart, so that only that is counted again."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0015_label_delays"),
    ]

    operations = [
        # Counted hours have labels in their figures. The next refreshes count them again.
        migrations.RunSQL("DELETE FROM monitoring_businesshour", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="businesshour",
            name="differences",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="businesshour",
            name="labeled",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
    ]
