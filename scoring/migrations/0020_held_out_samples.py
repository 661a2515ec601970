"""Samples of held-out events with their scores, on which policies are tried."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scoring', '0019_policies'),
    ]

    operations = [
        migrations.CreateModel(
            name='HeldOutSample',
            fields=[
                ('model', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('sample', models.JSONField()),
            ],
        ),
    ]
