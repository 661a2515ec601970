from django.db import migrations, models

import scoring.lanes.models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0005_feature_sets_and_batch_views"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="pending",
            name="pending_ready",
        ),
        migrations.AddIndex(
            model_name="pending",
            index=models.Index(
                models.F("lane"),
                models.F("priority"),
                scoring.lanes.models.SplitPart("event_stream", models.Value("/"), models.Value(2)),
                models.F("position"),
                condition=models.Q(("state", "ready")),
                name="pending_ready_in_turn",
            ),
        ),
    ]
