import django.contrib.postgres.fields
from django.db import migrations, models

# Windows of before lack the new columns: the consumer counts the log again, from its beginning.
COUNT_AGAIN = """
DELETE FROM monitoring_hourlywindow;
UPDATE scoring_consumercursor SET epoch = 0, txid = 0, position = 0 WHERE name = 'monitoring.windows';
"""


def counts():
    names = (
        *("received", "decided_allow", "decided_review", "decided_block"),
        *("stake_allow", "stake_review", "stake_block", "fallbacks", "revised", "parked"),
        *("labels", "positives", "fraud_stake", "latency_us_sum", "latency_us_max"),
    )
    return [(name, models.BigIntegerField(default=0)) for name in names]


def latency():
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.BigIntegerField(), default=list, size=None
    )


def key():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):

    dependencies = [
        ("monitoring", "0001_initial"),
        ("scoring", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(COUNT_AGAIN, migrations.RunSQL.noop),
        migrations.RemoveConstraint("hourlywindow", "hourlywindow_type_hour"),
        migrations.RemoveIndex("hourlywindow", "hourlywindow_latest"),
        migrations.RenameField("hourlywindow", "hour", "start"),
        migrations.AddConstraint(
            "hourlywindow",
            models.UniqueConstraint(fields=("event_type", "start"), name="hourlywindow_type_start"),
        ),
        migrations.AddIndex(
            "hourlywindow", models.Index(fields=["-start", "event_type"], name="hourlywindow_latest")
        ),
        *(
            migrations.AddField("hourlywindow", name, models.BigIntegerField(default=0))
            for name in ("stake_allow", "stake_review", "stake_block", "positives", "fraud_stake")
        ),
        migrations.AddField("hourlywindow", "latency", latency()),
        migrations.CreateModel(
            name="MinuteWindow",
            fields=[
                ("id", key()),
                ("event_type", models.CharField(max_length=60)),
                ("start", models.DateTimeField()),
                *counts(),
                ("latency", latency()),
            ],
            options={
                "indexes": [models.Index(fields=["-start", "event_type"], name="minutewindow_latest")],
                "constraints": [
                    models.UniqueConstraint(fields=("event_type", "start"), name="minutewindow_type_start")
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelWindow",
            fields=[
                ("id", key()),
                ("event_type", models.CharField(max_length=60)),
                ("model", models.CharField(max_length=80)),
                ("start", models.DateTimeField()),
                ("rows", models.BigIntegerField(default=0)),
                ("decided_allow", models.BigIntegerField(default=0)),
                ("decided_review", models.BigIntegerField(default=0)),
                ("decided_block", models.BigIntegerField(default=0)),
                ("features", models.BinaryField()),
                ("scores", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("model", "start"), name="modelwindow_model_start")
                ],
            },
        ),
    ]
