"""Audit of configuration: every change is an entry of the log, with its actor.

People, groups, exchange rates and schedules are configuration: they have their own tables, and nothing is
rebuilt from these entries. The entries contain no names, addresses or passwords of people.
"""

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from reviews.models import WellnessLimit
from scoring.catalog.exchange_rates.models import ExchangeRate
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import read_stream

CHANGED = "changed"  # recorded for a private value instead of the old and new ones
COMMANDS = ("createsuperuser", "changepassword", "shell")  # commands with which an operator changes accounts

# The actor of this request; None outside requests: migrations, the scheduler, tests.
current_actor: ContextVar[str | None] = ContextVar("current_actor", default=None)


@dataclass(frozen=True, slots=True)
class Audited:
    """How a table's changes are recorded: `{stream}/{primary key}`, `{stream}.changed`."""

    stream: str
    fields: tuple[str, ...]
    private: tuple[str, ...] = ()


AUDITED: dict[type[Model], Audited] = {
    User: Audited(
        "user",
        ("username", "is_active", "is_staff", "is_superuser"),
        private=("password", "email", "first_name", "last_name"),
    ),
    Group: Audited("group", ("name",)),
    WellnessLimit: Audited(
        "wellness_limit", ("group_id", "sensitive_per_hour", "work_minutes", "break_minutes")
    ),
    ExchangeRate: Audited("exchange_rate", ("currency", "base", "rate", "valid_from")),
    PeriodicTask: Audited(
        "schedule",
        (
            *("name", "task", "enabled", "args", "kwargs", "interval_id", "crontab_id", "clocked_id"),
            *("start_time", "one_off", "expires", "expire_seconds", "queue", "priority"),
        ),
    ),
    IntervalSchedule: Audited("interval", ("every", "period")),
    CrontabSchedule: Audited(
        "crontab", ("minute", "hour", "day_of_month", "month_of_year", "day_of_week", "timezone")
    ),
    ClockedSchedule: Audited("clocked", ("clocked_time",)),
}


def connect_audit() -> None:
    """Start recording changes of the audited tables."""
    for model in AUDITED:
        pre_save.connect(_keep_old, sender=model)
        post_save.connect(_record_saved, sender=model)
        post_delete.connect(_record_deleted, sender=model)
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_record_members, sender=through)


def record_run(task: PeriodicTask, *, actor: str) -> None:
    """Record that a schedule was run by hand."""
    _append(task, "run", {"task": task.task}, actor=actor)


def _actor() -> str | None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    return current_actor.get() or (f"command/{command}" if command in COMMANDS else None)


def _keep_old(sender: type[Model], instance: Model, **_: Any) -> None:
    audited = AUDITED[sender]
    names = (*audited.fields, *audited.private)
    old = sender._default_manager.filter(pk=instance.pk).values(*names).first() if _actor() else None
    instance._audited_before = old or {}  # type: ignore[attr-defined]


def _record_saved(sender: type[Model], instance: Model, created: bool, **_: Any) -> None:
    actor = _actor()
    if actor is None:
        return
    changes = _changes(AUDITED[sender], instance._audited_before, instance)  # type: ignore[attr-defined]
    if created or changes:
        _append(instance, "created" if created else "changed", {"changes": changes}, actor=actor)


def _record_deleted(sender: type[Model], instance: Model, **_: Any) -> None:
    if actor := _actor():
        was = {name: _plain(getattr(instance, name)) for name in AUDITED[sender].fields}
        _append(instance, "deleted", {"was": was}, actor=actor)


def _record_members(
    sender: type[Model], instance: Model, action: str, model: type[Model], pk_set: set[Any] | None, **_: Any
) -> None:
    """Record groups or permissions that a user or a group gained or lost."""
    actor = _actor()
    verb = {"post_add": "added", "post_remove": "removed", "pre_clear": "cleared"}.get(action)
    if actor is None or verb is None or type(instance) not in AUDITED or pk_set == set():
        return
    members = [] if pk_set is None else sorted(map(str, model._default_manager.filter(pk__in=pk_set)))
    _append(instance, "changed", {verb: {str(model._meta.verbose_name_plural): members}}, actor=actor)


def _changes(audited: Audited, before: Mapping[str, Any], instance: Model) -> dict[str, Any]:
    """field -> [old, new] of each changed field; for private fields only that they changed."""
    after = {name: getattr(instance, name) for name in (*audited.fields, *audited.private)}
    differing = [name for name, value in after.items() if _plain(before.get(name)) != _plain(value)]
    return {
        name: CHANGED if name in audited.private else [_plain(before.get(name)), _plain(after[name])]
        for name in differing
    }


_PLAIN: Mapping[type, Callable[[Any], Any]] = {
    Decimal: lambda value: format(value.normalize(), "f"),
    datetime: lambda value: value,
}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return _PLAIN.get(type(value), str)(value)


def _append(instance: Model, verb: str, data: Mapping[str, Any], *, actor: str) -> None:
    audited = AUDITED[type(instance)]
    stream = f"{audited.stream}/{instance.pk}"
    entry = NewEntry(
        stream=stream,
        expected_version=len(read_stream(stream)),
        type=f"{audited.stream}.{verb}",
        data={"name": str(instance), **data},
        metadata={"actor": actor},
    )
    append([entry], now=timezone.now())
