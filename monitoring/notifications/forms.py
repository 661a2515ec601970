"""The form of an owner's notification settings."""

from typing import Any, Self

from django import forms

from monitoring.notifications.settings import (
    MAX_A_DAY,
    MAX_GROUP_MINUTES,
    SIGNED,
    SLACK,
    DeliverySettings,
)
from monitoring.notifications.stored import OwnerSettings

MAX_REASON, MAX_URL, MAX_ZONE = 500, 500, 60  # characters
LAST_HOUR = 23


class NotificationsForm(forms.Form):
    """Channels, quiet hours, messages a day and digest of an owner."""

    email = forms.BooleanField(
        label="By e-mail", required=False, help_text="To the user, or to each member of the group."
    )
    webhook_url = forms.CharField(
        label="Webhook",
        required=False,
        max_length=MAX_URL,
        help_text="An https address, such as https://hooks.example.org/assay. Empty for none.",
    )
    webhook_format = forms.ChoiceField(
        label="Format of the webhook",
        choices=[(SIGNED, "signed JSON (Standard Webhooks)"), (SLACK, "Slack-compatible")],
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=MAX_ZONE,
        help_text="Such as Europe/Berlin or UTC; hours are of this zone.",
    )
    quiet_from = forms.IntegerField(label="Quiet from, hour", min_value=0, max_value=LAST_HOUR)
    quiet_until = forms.IntegerField(
        label="Quiet until, hour",
        help_text="Only critical alerts are sent meanwhile. The same hour twice: no quiet hours.",
        min_value=0,
        max_value=LAST_HOUR,
    )
    max_a_day = forms.IntegerField(
        label="Messages a day, at most",
        min_value=1,
        max_value=MAX_A_DAY,
        help_text="Further alerts go into the digest. Critical ones are always sent.",
    )
    group_minutes = forms.IntegerField(
        label="Minutes for a group",
        min_value=0,
        max_value=MAX_GROUP_MINUTES,
        help_text="How long a message waits for further alerts of its group.",
    )
    digest_hour = forms.IntegerField(label="Digest at, hour", min_value=0, max_value=LAST_HOUR)
    reason = forms.CharField(label="Reason", max_length=MAX_REASON, help_text="The log keeps it.")

    @classmethod
    def showing(cls, owner: OwnerSettings) -> Self:
        """An unsent form with the settings that hold."""
        return cls(initial={**owner.delivery.as_data(), "webhook_url": owner.webhook_url})

    def delivery(self) -> DeliverySettings:
        """The settings of the valid form."""
        return DeliverySettings.of(self.cleaned_data)

    def add_problems(self, problems: list[tuple[str, str]]) -> None:
        """Show what is wrong beside the fields."""
        for field, problem in problems:
            self.add_error(field, problem)

    def webhook_url_text(self) -> str:
        url: Any = self.cleaned_data["webhook_url"]
        return str(url).strip()
