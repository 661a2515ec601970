"""Outcomes come from the catalog, so their columns list no choices."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0013_permission_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="decision",
            name="outcome",
            field=models.CharField(max_length=10),
        ),
        migrations.AlterField(
            model_name="shadowscore",
            name="decided",
            field=models.CharField(max_length=10),
        ),
        migrations.AlterField(
            model_name="shadowscore",
            name="outcome",
            field=models.CharField(max_length=10),
        ),
    ]
