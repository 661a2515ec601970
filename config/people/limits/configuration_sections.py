"""The section `group_limits` of the configuration file: what the members of a group see and may use."""

from typing import Any

from config.people.limits.changing import as_data, change_limits, check_limits, find_group, in_row
from config.people.limits.errors import LimitsInvalid, LimitsUnchanged
from scoring.admin_kit.row_rules.limits import UNLIMITED, Limits
from scoring.admin_kit.row_rules.models import GroupLimits
from scoring.configuration.errors import Path
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    LIST,
    MAPPING,
    Applying,
    Data,
    Item,
    Items,
    Key,
    Planning,
    check_members,
    check_texts,
    invalid_at,
    without_defaults,
)

KINDS = {"event_types": LIST, "labels": MAPPING}


class GroupLimitsSection:
    """Groups with limits; those of a group that a file does not mention are lifted when it is pruned.

    Groups themselves are not part of the file, so it must not name one that this installation lacks.
    """

    name, title, depth, approval = "group_limits", "Limits of groups", 1, ""

    def export(self, *, requests: bool = False) -> Items:
        rows = GroupLimits.objects.select_related("group").order_by("group__name")
        return {(row.group.name,): _item(in_row(row)) for row in rows if not in_row(row).is_nothing}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        self._change(key, _limits(data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        self._change(key, UNLIMITED, applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        limits = _limits(data)
        find_group(key[0])
        try:
            check_limits(key[0], limits)
        except LimitsInvalid as error:
            raise invalid_at((), error.problems) from error
        return None if limits.is_nothing else _item(limits)

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return None

    def _change(self, key: Key, limits: Limits, applying: Applying) -> None:
        by: dict[str, Any] = {"actor": applying.actor, "now": applying.now, "reason": applying.reason}
        try:
            change_limits(find_group(key[0]), limits, **by)
        except LimitsInvalid as error:
            raise invalid_at((), error.problems) from error
        except LimitsUnchanged:
            return


def _limits(data: Data) -> Limits:
    """The limits that an item of a file means. Raises ItemInvalid."""
    members = check_members(data, KINDS)
    labels = members.get("labels") or {}
    check_members(labels, dict.fromkeys(map(str, labels), LIST), at=("labels",))
    types = _texts(members.get("event_types") or [], ("event_types",))
    return Limits.of(types, {name: _texts(each or [], ("labels", name)) for name, each in labels.items()})


def _texts(values: list[Any], at: Path) -> list[str]:
    check_texts(values, at)
    return values


def _item(limits: Limits) -> Item:
    return without_defaults(as_data(limits), {"event_types": [], "labels": {}})


register_section(GroupLimitsSection())
