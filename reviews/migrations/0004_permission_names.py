"""Plain names for the permissions of reviewers; permissions that are already stored are renamed."""

from django.db import migrations, models

NAMES = {
    "work_case": "Can claim, decide and release cases, and undo own verdicts",
    "undo_verdict": "Can undo any reviewer's verdict",
}
FORMER_NAMES = {
    "work_case": "Can claim, decide and release cases, and undo one's own verdicts",
    "undo_verdict": "Can undo anybody's verdict",
}


def rename_to(names):
    def rename(apps, schema_editor):
        stored = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="reviews")
        for codename, name in names.items():
            stored.filter(codename=codename).update(name=name)

    return rename


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0003_released_cases"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AlterModelOptions("case", {"permissions": list(NAMES.items())}),
        migrations.AlterField(
            "case",
            "why",
            models.CharField(
                "origin", choices=[("review", "sent to review"), ("sample", "random sample")], max_length=10
            ),
        ),
        migrations.RunPython(rename_to(NAMES), rename_to(FORMER_NAMES)),
    ]
