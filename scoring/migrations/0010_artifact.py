from django.db import migrations


def rename_permissions(apps, schema_editor):
    """The content type is renamed with the model; its permissions would stay under the old name."""
    permissions = apps.get_model("auth", "Permission").objects
    for row in permissions.filter(content_type__app_label="scoring", codename__endswith="_modelartefact"):
        row.codename = row.codename.replace("artefact", "artifact")
        row.name = row.name.replace("artefact", "artifact")
        row.save()


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0009_corrections"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RenameModel("ModelArtefact", "ModelArtifact"),
        migrations.RenameField("ModelVersion", "artefact", "artifact"),
        migrations.RunPython(rename_permissions, migrations.RunPython.noop),
    ]
