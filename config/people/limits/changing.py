"""Changes the limits of a group. The only writer of `GroupLimits`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from config.people.limits.errors import GroupUnknown, LimitsInvalid, LimitsUnchanged
from reviews.work.allowed_labels import allowable_labels, types_with_verdicts
from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.admin_kit.row_rules.models import MAX_ACTOR, MAX_REASON, GroupLimits
from scoring.catalog.parsing.reasons import clean_reason
from scoring.catalog.registry import event_types
from scoring.configuration.type_settings.errors import FieldProblem
from scoring.log.append import append
from scoring.log.entries import NewEntry
from scoring.log.read import last_version
from scoring.rules.ruleset.life_cycle import require_reason


def find_group(name: str) -> Group:
    """The group of this name. Raises `GroupUnknown`."""
    group = Group.objects.filter(name=name).first()
    if group is None:
        raise GroupUnknown(name)
    return group


def limits_of_group(group: Group) -> Limits:
    """The limits that a group has."""
    return in_row(GroupLimits.objects.filter(pk=group.pk).first())


def in_row(row: GroupLimits | None) -> Limits:
    """The limits in the row of a group, None for one without limits."""
    return Limits.of(row.event_types, row.labels) if row else UNLIMITED


def as_data(limits: Limits) -> dict[str, Any]:
    """Limits as they are stored and logged: sorted lists, where an empty one allows all."""
    labels = {name: sorted(allowed) for name, allowed in sorted(limits.labels.items())}
    return {"event_types": sorted(limits.event_types or ()), "labels": labels}


def change_limits(group: Group, limits: Limits, *, reason: str, actor: str, now: datetime) -> None:
    """Set what the members of a group see and may use, from their next request on.

    Raises `LimitsInvalid`, `ReasonRequired`, `LimitsUnchanged`, and `StreamConflict` after a concurrent
    change.
    """
    require_reason(reason, f"the limits of the group {group.name} change")
    check_limits(group.name, limits)
    stream = f"group_limits/{group.pk}"
    with transaction.atomic():
        version = last_version(stream)  # read before the row, so that a change between them conflicts
        if limits == limits_of_group(group):
            raise LimitsUnchanged(group.name)
        data, why = as_data(limits), clean_reason(reason)
        entry = NewEntry(
            stream=stream,
            expected_version=version,
            type="group_limits.changed",
            data={"group": group.name, **data, "reason": why},
            metadata={"actor": actor},
        )
        append([entry], now=now)
        changed = {"reason": why[:MAX_REASON], "changed_by": actor[:MAX_ACTOR], "changed_at": now}
        GroupLimits.objects.update_or_create(group=group, defaults={**data, **changed})


def check_limits(group: str, limits: Limits) -> None:
    """Raises `LimitsInvalid` for unknown event types and labels, and appeals without what they are about."""
    if problems := [*_problems_of_types(limits), *_problems_of_labels(limits)]:
        raise LimitsInvalid(group, problems)


def _problems_of_types(limits: Limits) -> Iterator[FieldProblem]:
    known, chosen = event_types(), limits.event_types or frozenset()
    for name in sorted(chosen - known.keys()):
        yield "event_types", f"{name!r} is not an event type", list(known)
    for name, kind in known.items():
        if kind.appeals in chosen and name not in chosen:
            problem = f"{kind.appeals!r} is about events of the type {name!r}, which is not chosen"
            yield "event_types", problem, f"{name} too"


def _problems_of_labels(limits: Limits) -> Iterator[FieldProblem]:
    known = {kind.name: allowable_labels(kind) for kind in types_with_verdicts()}
    for name, labels in sorted(limits.labels.items()):
        if name not in known:
            yield "labels", f"{name!r} is not an event type with verdicts", list(known)
        elif not limits.sees(name):
            yield f"labels.{name}", "is not among the chosen event types", sorted(limits.event_types or ())
        else:
            for label in sorted(labels.difference(known[name])):
                yield f"labels.{name}", f"{label!r} is not a label of {name}", list(known[name])
