from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

from reviews.similar.database import prepare_search
from reviews.models.similar import SmallFloatField


def create_index(apps: object, schema_editor: object) -> None:
    """Only where PostgreSQL has pgvector; cases are compared one by one elsewhere."""
    prepare_search()


class Migration(migrations.Migration):

    dependencies = [
        ("reviews", "0014_four_eyes_and_linked_cases"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseExplanation",
            fields=[
                ("event_position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_type", models.CharField(max_length=60)),
                ("vector", ArrayField(base_field=SmallFloatField(), size=None)),
                ("main", models.JSONField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["event_type", "-event_position"], name="caseexplanation_type")
                ],
            },
        ),
        migrations.RunPython(create_index, migrations.RunPython.noop),
    ]
