"""Permissions to export lists and to retry parked entries; indexes of the log by actor and by type.

The indexes are built without blocking writers, which takes minutes for a large log.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


class Migration(migrations.Migration):
    atomic = False  # PostgreSQL builds an index concurrently only outside a transaction

    dependencies = [("scoring", "0042_rules_only")]

    operations = [
        migrations.AlterModelOptions(
            name="event",
            options={
                "permissions": [
                    ("retract_event", "Can retract an event"),
                    ("export_list", "Can export events, decisions, labels, cases and the log as CSV"),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="pending",
            options={
                "permissions": [("retry_pending", "Can retry a parked entry")],
                "verbose_name_plural": "pending entries",
            },
        ),
        AddIndexConcurrently(
            model_name="logentry",
            index=models.Index(
                KeyTextTransform("actor", Cast("metadata", models.JSONField())),
                models.F("position"),
                condition=models.Q(metadata__startswith='{"actor":"')
                & ~models.Q(metadata__startswith='{"actor":"api_key/'),
                name="logentry_actor",
            ),
        ),
        AddIndexConcurrently(
            model_name="logentry",
            index=models.Index(
                fields=["type", "position"],
                condition=~models.Q(type__in=("event.received", "decision.made", "lane.sequenced")),
                name="logentry_type",
            ),
        ),
    ]
