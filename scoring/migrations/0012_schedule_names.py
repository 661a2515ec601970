"""Built-in schedules have names that say what they do."""

from itertools import count

from django.db import migrations
from django.utils import timezone

NAMES = {
    "sweep lanes for lost notifications": "restart lanes whose notification was lost",
    "publish batch views that are due": "publish due batch views",
    "bring back batch values that Redis has lost": "reload batch values missing from Redis",
    "check what lanes log": "compare logged features with recomputed ones",
    "forget old minutes": "delete old per-minute metrics",
    "look after trainings": "start queued trainings and fail lost ones",
    "compute the results of experiments": "compute experiment results",
    "retrain on payments": "retrain the payment model",
}


def rename(names):
    def run(apps, editor):
        schedules = apps.get_model("django_celery_beat", "PeriodicTask").objects
        for old, new in names.items():
            if schedules.filter(name=old).exists():
                schedules.filter(name=new).update(name=free_name(schedules, new))  # a schedule of the user's own
                schedules.filter(name=old).update(name=new)
        # A running beat reads its schedules again.
        changes = apps.get_model("django_celery_beat", "PeriodicTasks").objects
        changes.update_or_create(ident=1, defaults={"last_update": timezone.now()})

    return run


def free_name(schedules, name):
    """`name` with the first number that makes it unique, from 2."""
    return next(
        free for number in count(2) if not schedules.filter(name=(free := f"{name} ({number})")).exists()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0011_task_names"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunPython(rename(NAMES), rename({new: old for old, new in NAMES.items()})),
    ]
