"""Third-party admin classes, restyled with Unfold."""

from importlib import import_module
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django_celery_beat.admin import ClockedScheduleAdmin as BeatClockedScheduleAdmin
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.people import accounts  # noqa: F401 (registers people and groups)
from config.people.audit import record_run
from config.people.limits import pages as limits_pages  # noqa: F401 (registers the pages)
from config.people.signing_in import account_page  # noqa: F401 (registers the page)
from config.schedules import is_needed
from scoring.admin_kit.change_lists import ModelAdmin, moment_column
from scoring.admin_kit.pages import actor_of
from scoring.schedules import schedule_problems

# Solar schedules need a library that is not installed, so they are not registered again.
for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, ClockedSchedule, SolarSchedule):
    admin.site.unregister(model)

# allauth's tables hold what *Your account* shows, or secrets; none is edited by hand.
for module in ("account", "socialaccount", "mfa", "usersessions"):
    import_module(f"allauth.{module}.admin")
for model in [each for each in admin.site._registry if each.__module__.startswith("allauth.")]:
    admin.site.unregister(model)

# The package says "periodic task"; every title here says "schedule".
PeriodicTask._meta.verbose_name, PeriodicTask._meta.verbose_name_plural = "schedule", "schedules"

# In place of the package's texts, which repeat the labels.
HELP_TEXTS = {
    "name": "",
    "enabled": "",
    "description": "",
    "interval": "Choose an interval, a crontab or a clocked time, and leave the others empty.",
    "crontab": "",
    "clocked": "For a schedule that runs once.",
    "start_time": "The schedule does not run before this time.",
    "one_off": "Run once, then disable the schedule.",
}
WHAT_A_NEEDED_SCHEDULE_DOES = ("name", "regtask", "task", "args", "kwargs", "one_off")


# As in unfold's documentation: the form defines its own widgets, which would otherwise remain unstyled.
class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    template_name = "unfold/widgets/select.html"


class TaskForm(PeriodicTaskForm):
    """For a schedule that Assay needs, only the times can be edited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in HELP_TEXTS.keys() & self.fields.keys():  # without the fields of users who may only look
            self.fields[name].help_text = HELP_TEXTS[name]
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()
        if self.instance.pk and is_needed(self.instance):
            for name in WHAT_A_NEEDED_SCHEDULE_DOES:
                self.fields[name].disabled = True
            self.fields["enabled"].disabled = self.instance.enabled  # a disabled one may be enabled

    def clean(self) -> dict[str, Any]:
        """Refuse a schedule that would always fail, or run forever and do nothing."""
        data: dict[str, Any] = super().clean()
        if not self.errors:
            problems = schedule_problems(
                data["task"], args=data["args"], kwargs=data["kwargs"], queue=data.get("queue")
            )
            for field, problem in problems.items():
                self.add_error(field, problem)
        return data


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, ModelAdmin):
    form = TaskForm
    list_title = "Schedules"
    list_display = ("name", "enabled", "when", moment_column("last_run_at", "last run"))
    list_filter = ("enabled",)
    search_help_text = "Name or task"
    date_hierarchy = None
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    # The package's fieldsets, without solar schedules.
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (
            "When",
            {
                "fields": (
                    *("interval", "crontab", "crontab_translation", "clocked"),
                    *("start_time", "last_run_at", "one_off"),
                )
            },
        ),
        ("Arguments", {"fields": ("args", "kwargs"), "classes": ("collapse",)}),
        (
            "Delivery",
            {
                "fields": (
                    *("expires", "expire_seconds", "queue", "exchange"),
                    *("routing_key", "priority", "headers"),
                ),
                "classes": ("collapse",),
            },
        ),
    )

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and is_needed(obj))

    @admin.action(description="Enable selected schedules", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, list(queryset), enabled=True)

    @admin.action(description="Disable selected schedules", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        needed = [task.name for task in queryset if is_needed(task)]
        if needed:
            self.message_user(
                request,
                f"Assay needs these schedules, so they stay enabled: {', '.join(needed)}.",
                messages.WARNING,
            )
        self._switch(request, [task for task in queryset if not is_needed(task)], enabled=False)

    @admin.action(description="Run selected schedules now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        super().run_tasks(request, queryset)
        for task in queryset:
            record_run(task, actor=actor_of(request))

    def _switch(self, request: HttpRequest, tasks: list[PeriodicTask], *, enabled: bool) -> None:
        """One by one: a change of many rows at once would not be recorded in the log."""
        for task in tasks:
            task.enabled = enabled
            task.save()
        word = "enabled" if enabled else "disabled"
        self.message_user(request, f"{len(tasks)} {'schedule' if len(tasks) == 1 else 'schedules'} {word}.")

    @admin.display(description="when")
    def when(self, task: PeriodicTask) -> str:
        return task.crontab.human_readable if task.crontab else str(task.scheduler)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(BeatClockedScheduleAdmin, ModelAdmin):
    pass
