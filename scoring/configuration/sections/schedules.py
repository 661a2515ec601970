"""The section `schedules`: recurring tasks by name."""

import json
import zoneinfo
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from scoring.configuration.errors import ItemInvalid, Path
from scoring.configuration.sections.section import (
    FLAG,
    LIST,
    MAPPING,
    TEXT,
    WHOLE,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    without_defaults,
)
from scoring.schedules import schedule_problems

KINDS = {
    **dict.fromkeys(("task", "every", "crontab", "timezone", "queue", "description"), TEXT),
    "args": LIST,
    "kwargs": MAPPING,
    "enabled": FLAG,
    "expire_seconds": WHOLE,
}
CRONTAB = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
MAX_NAME = 200  # characters
MAX_EVERY, MAX_COUNT = timedelta(days=3_660), 10**9
MAX_EXPIRE_SECONDS = 10**9
OF_CELERY = "celery."  # tasks whose schedules Celery keeps itself
DEFAULTS: dict[str, Any] = {
    "timezone": "UTC",
    "queue": None,
    "description": "",
    "args": [],
    "kwargs": {},
    "enabled": True,
    "expire_seconds": None,
}


class SchedulesSection:
    """Schedules for a single moment, and those of Celery itself, are not part of a configuration."""

    name, title, depth = "schedules", "Schedules", 1
    approval = ""

    def export(self, *, requests: bool = False) -> Items:
        rows = PeriodicTask.objects.filter(clocked=None, solar=None).exclude(task__startswith=OF_CELERY)
        return {
            (row.name,): _exported(row) for row in rows.select_related("interval", "crontab").order_by("name")
        }

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        row, is_changed = _wanted_row(key[0], data)
        if not is_changed:
            return
        for times in (row.interval, row.crontab):
            if times is not None and times.pk is None:
                times.save()
        row.interval, row.crontab = row.interval, row.crontab  # with the keys that they have now
        row.save()

    def remove(self, key: Key, applying: Applying) -> None:
        """Delete it, unless it comes with Assay."""
        if not _comes_with_assay(key[0], applying):
            PeriodicTask.objects.get(name=key[0]).delete()

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        row, _ = _wanted_row(key[0], data)
        return _exported(row)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        if _comes_with_assay(key[0], planning):
            return _exported(PeriodicTask.objects.select_related("interval", "crontab").get(name=key[0]))
        return None


def _wanted_row(name: str, data: Data) -> tuple[PeriodicTask, bool]:
    """The schedule as the file says, not yet saved, and whether it differs from the stored one.

    Raises ItemInvalid.
    """
    members = check_members(data, KINDS, required=("task",))
    wanted = {**DEFAULTS, **{member: value for member, value in members.items() if value is not None}}
    row = PeriodicTask.objects.filter(name=name).first() or PeriodicTask(name=name)
    before = _exported(row) if row.pk else None
    if before == without_defaults(wanted, DEFAULTS):
        return row, False
    _check(name, wanted, before)
    row.interval, row.crontab, row.clocked, row.solar = _interval(wanted), _crontab(wanted), None, None
    row.task, row.queue, row.description = wanted["task"], wanted["queue"], wanted["description"]
    row.args, row.kwargs = json.dumps(wanted["args"]), json.dumps(wanted["kwargs"])
    row.enabled, row.expire_seconds = wanted["enabled"], wanted["expire_seconds"]
    return row, True


def _comes_with_assay(name: str, applying: Applying) -> bool:
    """Whether the schedule cannot be deleted, which is noted."""
    is_own = name in settings.CELERY_BEAT_SCHEDULE
    if is_own:
        applying.notes.append(f"schedule {name!r} comes with Assay and stays.")
    return is_own


def _exported(row: PeriodicTask) -> dict[str, Any]:
    data = {
        "task": row.task,
        **_times(row),
        "args": json.loads(row.args or "[]"),
        "kwargs": json.loads(row.kwargs or "{}"),
        "queue": row.queue or None,
        "enabled": row.enabled,
        "expire_seconds": row.expire_seconds,
        "description": row.description,
    }
    return without_defaults(data, DEFAULTS)


def _times(row: PeriodicTask) -> dict[str, str]:
    if row.crontab:
        text = " ".join(str(getattr(row.crontab, name)) for name in CRONTAB)
        return {"crontab": text, "timezone": str(row.crontab.timezone)}
    return {"every": f"{row.interval.every} {row.interval.period}"} if row.interval else {}


def _check(name: str, wanted: Data, before: Data | None) -> None:
    """Raises ItemInvalid for a schedule that would always fail, or without one that Assay needs."""
    problems: list[tuple[Path, str, object]] = []
    if ("every" in wanted) == ("crontab" in wanted):
        problems.append(((), "needs either every or crontab", "every: 10 minutes, or crontab: 0 3 * * *"))
    found = schedule_problems(
        wanted["task"],
        args=json.dumps(wanted["args"]),
        kwargs=json.dumps(wanted["kwargs"]),
        queue=wanted["queue"],
    )
    problems += [((field,), problem, None) for field, problem in found.items()]
    if len(name) > MAX_NAME:
        problems.append(((), f"has a name of {len(name)} characters", f"at most {MAX_NAME}"))
    if (seconds := wanted["expire_seconds"]) is not None and not 0 < seconds <= MAX_EXPIRE_SECONDS:
        allowed = f"1 to {MAX_EXPIRE_SECONDS:,}"
        problems.append((("expire_seconds",), f"is {seconds:,}", allowed))
    if name in settings.CELERY_BEAT_SCHEDULE and name not in settings.OPTIONAL_SCHEDULES:
        problems += _needed_problems(wanted, before or {})
    if problems:
        raise ItemInvalid(problems)


def _needed_problems(wanted: Data, before: Data) -> list[tuple[Path, str, object]]:
    now = {**DEFAULTS, **before}
    changed = [
        each for each in ("task", "args", "kwargs", "queue") if before and wanted[each] != now.get(each)
    ]
    problem = "cannot change, because Assay needs this schedule"
    problems: list[tuple[Path, str, object]] = [((each,), problem, "other times") for each in changed]
    if not wanted["enabled"]:
        problems.append((("enabled",), "cannot be false, because Assay needs this schedule", True))
    return problems


def _interval(wanted: Data) -> IntervalSchedule | None:
    if "every" not in wanted:
        return None
    count, _, period = wanted["every"].partition(" ")
    periods = [choice for choice, _ in IntervalSchedule.PERIOD_CHOICES]
    if period not in periods or not _is_count(count, period):
        raise ItemInvalid(
            [(("every",), f"{wanted['every']!r} is not a length of time", [f"10 {each}" for each in periods])]
        )
    same = {"every": int(count), "period": period}
    return IntervalSchedule.objects.filter(**same).first() or IntervalSchedule(**same)


def _is_count(text: str, period: str) -> bool:
    """Whether a number of periods is at least one, and not too long."""
    is_number = text.isdecimal() and len(text) < 18
    return is_number and 0 < int(text) <= min(MAX_EVERY // timedelta(**{period: 1}), MAX_COUNT)


def _crontab(wanted: Data) -> CrontabSchedule | None:
    if "crontab" not in wanted:
        return None
    parts, zone = wanted["crontab"].split(), wanted["timezone"]
    if len(parts) != len(CRONTAB):
        raise ItemInvalid(
            [(("crontab",), f"{wanted['crontab']!r} has {len(parts)} parts", " ".join(CRONTAB))]
        )
    if zone not in zoneinfo.available_timezones():
        raise ItemInvalid([(("timezone",), f"{zone!r} is not a time zone", "a name such as Europe/Vienna")])
    times = dict(zip(CRONTAB, parts, strict=True))
    row = CrontabSchedule.objects.filter(**times, timezone=zone).first() or CrontabSchedule(
        **times, timezone=zone
    )
    if not row.pk:
        try:
            row.full_clean()
        except ValidationError as error:
            problem = f"{wanted['crontab']!r} is not a crontab: {' '.join(error.messages)}"
            raise ItemInvalid([(("crontab",), problem, None)]) from error
    return row
