"""Policies of event types: versions in use, versions, and their history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0018_exploration_and_breakers"),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyInUse",
            fields=[
                ("newest", models.IntegerField()),
                ("active", models.IntegerField(null=True)),
                ("shadow", models.IntegerField(null=True)),
                ("requested", models.IntegerField(null=True)),
                ("requested_by", models.CharField(blank=True, default="", max_length=80)),
                ("requested_at", models.DateTimeField(null=True)),
                ("request_reason", models.CharField(blank=True, default="", max_length=500)),
                ("changed_by", models.CharField(blank=True, default="", max_length=80)),
                ("changed_at", models.DateTimeField()),
                ("event_type", models.CharField(max_length=60, primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name": "policy in use",
                "verbose_name_plural": "policies in use",
            },
        ),
        migrations.CreateModel(
            name="PolicyChange",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("event_type", models.CharField(max_length=60)),
                ("number", models.IntegerField()),
                ("change", models.CharField(max_length=60)),
                ("actor", models.CharField(blank=True, default="", max_length=80)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["event_type", "position"], name="policychange_type")],
            },
        ),
        migrations.CreateModel(
            name="StoredPolicy",
            fields=[
                ("number", models.IntegerField()),
                ("drafted_by", models.CharField(blank=True, default="", max_length=80)),
                ("drafted_at", models.DateTimeField()),
                ("ruleset", models.IntegerField()),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("shadow", "shadow"),
                            ("active", "active"),
                            ("archived", "archived"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("staged_by", models.CharField(blank=True, default="", max_length=80)),
                ("staged_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("activated_by", models.CharField(blank=True, default="", max_length=80)),
                ("activated_at", models.DateTimeField(null=True)),
                ("key", models.CharField(max_length=75, primary_key=True, serialize=False)),
                ("event_type", models.CharField(max_length=60)),
                ("mode", models.CharField(max_length=10)),
                ("terms", models.JSONField()),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
                "permissions": [
                    ("draft_policy", "Can draft policies, run them in shadow and request their activation"),
                    (
                        "activate_policy",
                        "Can approve or reject activations of policies, and take them out of use",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event_type", "number"), name="policy_type_number")
                ],
            },
        ),
    ]
