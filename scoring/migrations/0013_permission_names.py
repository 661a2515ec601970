"""Two permissions have names that say what they allow. Django creates permissions, but never renames them."""

from django.db import migrations

NAMES = {
    "promote_modelversion": (
        "Can promote a model, give it a share, roll back",
        "Can promote models, roll back, and start or stop canaries and shadows",
    ),
    "upload_label_history": (
        "Can upload labels that hold from a time in the past",
        "Can upload labels that apply from a time in the past",
    ),
}


def rename(to):
    def run(apps, editor):
        permissions = apps.get_model("auth", "Permission").objects
        for codename, names in NAMES.items():
            permissions.filter(codename=codename, content_type__app_label="scoring").update(name=names[to])

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0012_schedule_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="label",
            options={
                "permissions": [
                    ("upload_label", "Can upload a file of labels"),
                    ("upload_review", "Can upload labels as verdicts of the review queue"),
                    ("upload_label_history", NAMES["upload_label_history"][1]),
                ]
            },
        ),
        migrations.AlterModelOptions(
            name="modelversion",
            options={
                "permissions": [
                    ("approve_modelversion", "Can approve or reject a model"),
                    ("promote_modelversion", NAMES["promote_modelversion"][1]),
                ]
            },
        ),
        migrations.RunPython(rename(1), rename(0)),
    ]
