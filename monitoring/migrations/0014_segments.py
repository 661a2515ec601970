"""Segments of business figures, of the weeks of models and of drift; the hours that figures are summed from."""

from typing import Any

from django.db import migrations, models

from scoring.catalog.fields import Category
from scoring.catalog.registry import event_types


def name_the_field(apps: Any, schema_editor: Any) -> None:
    """Segments had no field yet: each was a value of the type's first category that models are sliced by."""
    days = apps.get_model("monitoring", "BusinessDay")
    for kind in event_types().values():
        field = next((name for name in kind.sliced_by if isinstance(kind.fields.get(name), Category)), "")
        days.objects.filter(event_type=kind.name).exclude(segment="").update(field=field)


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0013_model_sender_windows"),
    ]

    operations = [
        migrations.AddField(
            model_name="performanceweek",
            name="segments",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="performanceweek",
            name="days",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="businessday",
            name="field",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.RunPython(name_the_field, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="businessday", name="businessday_segment"),
        migrations.AddConstraint(
            model_name="businessday",
            constraint=models.UniqueConstraint(
                fields=["event_type", "day", "field", "segment"], name="businessday_segment"
            ),
        ),
        migrations.CreateModel(
            name="BusinessHour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_type", models.CharField(max_length=60)),
                ("start", models.DateTimeField()),
                ("figures", models.JSONField(default=dict)),
                ("stale", models.BooleanField(default=False)),
                ("computed_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=["event_type", "start"], name="businesshour_start")
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelSegmentWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_type", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=80)),
                ("start", models.DateTimeField()),
                ("rows", models.BigIntegerField(default=0)),
                ("features", models.BinaryField()),
                ("scores", models.BinaryField()),
                ("contributions", models.BinaryField(default=bytes)),
                ("field", models.CharField(max_length=80)),
                ("value", models.CharField(max_length=80)),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["model", "start"], name="modelsegmentwindow_model")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["model", "field", "value", "start"], name="modelsegmentwindow_key"
                    )
                ],
            },
        ),
    ]
