"""Schedules name tasks by the module in which they are now."""

from django.db import migrations
from django.utils import timezone

TASKS = {
    "scoring.decisions.tasks.run_lane": "scoring.runner.tasks.run_lane",
    "scoring.decisions.tasks.sweep": "scoring.runner.tasks.sweep",
    "monitoring.tasks.run_consumers": "scoring.log.tasks.run_consumers",
}
SCHEDULES = {"sweep lanes for lost doorbells": "sweep lanes for lost notifications"}


def rename(tasks, schedules):
    def run(apps, editor):
        schedule = apps.get_model("django_celery_beat", "PeriodicTask")
        for old, new in tasks.items():
            schedule.objects.filter(task=old).update(task=new)
        for old, new in schedules.items():
            if schedule.objects.filter(name=new).exists():  # a beat of this release was there first
                schedule.objects.filter(name=old).delete()
            schedule.objects.filter(name=old).update(name=new)
        # A running beat reads its schedules again.
        changes = apps.get_model("django_celery_beat", "PeriodicTasks")
        changes.objects.update_or_create(ident=1, defaults={"last_update": timezone.now()})

    return run


def turned_round(names):
    return {new: old for old, new in names.items()}


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0010_artifact"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunPython(rename(TASKS, SCHEDULES), rename(turned_round(TASKS), turned_round(SCHEDULES)))
    ]
