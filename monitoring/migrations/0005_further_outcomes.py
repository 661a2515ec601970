"""Counts and amounts of outcomes that only some event types declare, by name."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0004_batch_windows"),
    ]

    operations = [
        migrations.AddField(
            model_name="hourlywindow",
            name="decided_other",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="hourlywindow",
            name="stake_other",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="minutewindow",
            name="decided_other",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="minutewindow",
            name="stake_other",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="modelwindow",
            name="decided_other",
            field=models.JSONField(default=dict),
        ),
    ]
