from django.db import migrations, models

PEOPLE = "review"
RANKED = ("chargeback", "network", "customer")
STATED = "SELECT DISTINCT split_part(event_stream, '/', 2), lower(btrim(source)) FROM scoring_label"


def let_keys_state_what_they_stated(apps, schema_editor):
    """Keys made before may go on stating every source that their sender has stated, except what people say."""
    keys = [key for key in apps.get_model("scoring", "ApiKey").objects.all() if "labels:write" in key.scopes]
    if not keys:
        return
    stated = {}
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(STATED)
        for sender, source in cursor.fetchall():
            stated.setdefault(sender, set()).add(source)
    for key in keys:
        own = {key.source, *stated.get(key.source, ())} - {PEOPLE, *RANKED}
        key.label_sources = [*RANKED, *sorted(own)]
        key.save(update_fields=["label_sources"])


class Migration(migrations.Migration):
    """API keys say which label sources, event types and client addresses they are for, and until when."""

    dependencies = [
        ("scoring", "0007_decisions_in_one_place"),
    ]

    operations = [
        migrations.AddField("apikey", "label_sources", models.JSONField(blank=True, default=list)),
        migrations.AddField("apikey", "event_types", models.JSONField(blank=True, default=list)),
        migrations.AddField(
            "apikey",
            "networks",
            models.JSONField(blank=True, default=list, verbose_name="client addresses"),
        ),
        migrations.AddField("apikey", "expires_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("apikey", "last_used_at", models.DateTimeField(blank=True, null=True)),
        migrations.AlterModelOptions(
            "label",
            options={
                "permissions": [
                    ("upload_label", "Can upload a file of labels"),
                    ("upload_review", "Can upload labels as verdicts of the review queue"),
                    ("upload_label_history", "Can upload labels that hold from a time in the past"),
                ]
            },
        ),
        migrations.RunPython(let_keys_state_what_they_stated, migrations.RunPython.noop),
    ]
