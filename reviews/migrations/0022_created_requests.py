from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0021_golden_choosers_and_failed_actions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='actionrequest',
            index=models.Index(fields=['-created_at'], name='action_request_created'),
        ),
    ]
