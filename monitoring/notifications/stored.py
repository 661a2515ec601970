"""The settings of owners: read from their table, and changed with an entry in the log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from monitoring.notifications.errors import (
    NotificationSettingsInvalid,
    NotificationSettingsUnchanged,
)
from monitoring.notifications.models import NotificationSettings
from monitoring.notifications.owners import check_owner
from monitoring.notifications.settings import DEFAULTS, SIGNED, DeliverySettings, problems_of, settings_text
from scoring.catalog.parsing.reasons import clean_reason
from scoring.log.append import append
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import last_version, read_stream
from scoring.rules.ruleset.life_cycle import require_reason
from scoring.webhooks.errors import WebhookRefused
from scoring.webhooks.posting import check_url, host_of, new_secret

MAX_SHOWN = 30


@dataclass(frozen=True, slots=True)
class OwnerSettings:
    """The settings that hold for an owner, with the webhook's address and secret, "" without one."""

    owner: str
    delivery: DeliverySettings = DEFAULTS
    webhook_url: str = ""
    webhook_secret: str = ""

    @property
    def channels(self) -> list[str]:
        return [*(["email"] if self.delivery.email else []), *(["webhook"] if self.webhook_url else [])]

    @property
    def text(self) -> str:
        return settings_text(self.delivery, webhook_host=host_of(self.webhook_url))


def settings_of(owner: str) -> OwnerSettings:
    """The settings of an owner: those set, or the defaults."""
    return in_row(owner, NotificationSettings.objects.filter(pk=owner).first())


def in_row(owner: str, row: NotificationSettings | None) -> OwnerSettings:
    if row is None:
        return OwnerSettings(owner)
    return OwnerSettings(owner, DeliverySettings.of(row.settings), row.webhook_url, row.webhook_secret)


def change_settings(
    owner: str, delivery: DeliverySettings, *, webhook_url: str, reason: str, actor: str, now: datetime
) -> Entry:
    """Set the settings of an owner. A signed webhook to a new address gets a new secret.

    Raises UnknownOwner, ReasonRequired, NotificationSettingsInvalid, NotificationSettingsUnchanged, and
    StreamConflict after a concurrent change.
    """
    check_settings(owner, delivery, webhook_url=webhook_url, reason=reason)
    version = last_version(f"notification/{owner}")  # before the row, so that a change between them conflicts
    before = settings_of(owner)
    if (delivery, webhook_url) == (before.delivery, before.webhook_url):
        raise NotificationSettingsUnchanged(owner)
    data = {
        "owner": owner,
        **delivery.as_data(),
        "webhook_host": host_of(webhook_url),
        "reason": clean_reason(reason),
    }
    with transaction.atomic():
        NotificationSettings.objects.update_or_create(
            owner=owner,
            defaults={
                "settings": delivery.as_data(),
                "webhook_url": webhook_url,
                "webhook_secret": _secret(before, delivery, webhook_url),
                "changed_by": actor,
                "changed_at": now,
            },
        )
        new = NewEntry(
            stream=f"notification/{owner}",
            expected_version=version,
            type="notification.changed",
            data=data,
            metadata={"actor": actor},
        )
        return append([new], now=now)[0]


def check_settings(owner: str, delivery: DeliverySettings, *, webhook_url: str, reason: str) -> None:
    """Raises UnknownOwner, ReasonRequired, NotificationSettingsInvalid."""
    check_owner(owner)
    require_reason(reason, f"the notification settings of {owner} change")
    problems = list(problems_of(delivery))
    if webhook_url:
        try:
            check_url(webhook_url)
        except WebhookRefused as refused:
            problems.append(("webhook_url", str(refused)))
    if problems:
        raise NotificationSettingsInvalid(owner, problems)


def history(owner: str) -> list[dict[str, Any]]:
    """The latest changes for pages, newest first, each with the new settings in words."""
    entries = [each for each in read_stream(f"notification/{owner}") if each.type == "notification.changed"]
    return [
        {
            "text": settings_text(
                DeliverySettings.of(entry.data), webhook_host=entry.data.get("webhook_host", "")
            ),
            "reason": entry.data["reason"],
            "actor": entry.metadata.get("actor", ""),
            "at": entry.recorded_at,
        }
        for entry in reversed(entries[-MAX_SHOWN:])
    ]


def _secret(before: OwnerSettings, delivery: DeliverySettings, webhook_url: str) -> str:
    if not webhook_url or delivery.webhook_format != SIGNED:
        return ""
    same = webhook_url == before.webhook_url and before.webhook_secret
    return before.webhook_secret if same else new_secret()
