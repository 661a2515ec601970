"""The section `notifications` of the configuration file: by owner, what differs from the defaults.

Addresses and secrets of webhooks are no part of the file, which people may pass on; applying it keeps them.
"""

from typing import Any

from monitoring.notifications.errors import NotificationSettingsInvalid, NotificationSettingsUnchanged
from monitoring.notifications.models import NotificationSettings
from monitoring.notifications.settings import DEFAULTS, DeliverySettings
from monitoring.notifications.stored import change_settings, check_settings, in_row, settings_of
from scoring.configuration.errors import ItemInvalid
from scoring.configuration.sections.registry import register_section
from scoring.configuration.sections.section import (
    FLAG,
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

KINDS = {
    "email": FLAG,
    "webhook_format": TEXT,
    "time_zone": TEXT,
    "quiet_from": WHOLE,
    "quiet_until": WHOLE,
    "max_a_day": WHOLE,
    "group_minutes": WHOLE,
    "digest_hour": WHOLE,
}


class NotificationsSection:
    name, title, depth, approval = "notifications", "Notifications", 1, ""

    def export(self, *, requests: bool = False) -> Items:
        rows = NotificationSettings.objects.order_by("owner")
        items = {(row.owner,): _item(in_row(row.owner, row).delivery) for row in rows}
        return {key: item for key, item in items.items() if item}

    def apply(self, key: Key, data: Data, applying: Applying) -> None:
        _change(key[0], _wanted(data), applying)

    def remove(self, key: Key, applying: Applying) -> None:
        """Back to the defaults; the webhook stays."""
        _change(key[0], DEFAULTS, applying)

    def plan(self, key: Key, data: Data, planning: Planning) -> Item | None:
        wanted = _wanted(data)
        try:
            check_settings(key[0], wanted, webhook_url="", reason=planning.reason)
        except NotificationSettingsInvalid as error:
            raise _invalid(error) from error
        return _item(wanted) or None

    def plan_removal(self, key: Key, planning: Planning) -> Item | None:
        return None


def _change(owner: str, delivery: DeliverySettings, applying: Applying) -> None:
    by: dict[str, Any] = {"reason": applying.reason, "actor": applying.actor, "now": applying.now}
    try:
        change_settings(owner, delivery, webhook_url=settings_of(owner).webhook_url, **by)
    except NotificationSettingsInvalid as error:
        raise _invalid(error) from error
    except NotificationSettingsUnchanged:
        return


def _wanted(data: Data) -> DeliverySettings:
    """The settings that an item of a file means. Raises ItemInvalid."""
    given = check_members(data, KINDS)
    return DeliverySettings.of({name: value for name, value in given.items() if value is not None})


def _item(delivery: DeliverySettings) -> Item:
    return without_defaults(delivery.as_data(), DEFAULTS.as_data())


def _invalid(error: NotificationSettingsInvalid) -> ItemInvalid:
    return ItemInvalid([((field,), problem, None) for field, problem in error.problems])


register_section(NotificationsSection())
