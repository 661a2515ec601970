"""How an owner of alerts gets messages: channels, time zone, quiet hours, messages a day, digest."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

SIGNED, SLACK = WEBHOOK_FORMATS = ("signed", "slack")
MAX_A_DAY, MAX_GROUP_MINUTES = 200, 120


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """`email`: to the user, or to each member of the group. `webhook_format`: of the webhook, if any.

    Hours are of the owner's `time_zone`. Quiet hours are from `quiet_from` until `quiet_until`; none if the
    two are equal. `max_a_day`: messages a day; further ones go into the digest, sent at `digest_hour`.
    `group_minutes`: how long a message waits for further alerts of its group.
    """

    email: bool = True
    webhook_format: str = SIGNED
    time_zone: str = "UTC"
    quiet_from: int = 22
    quiet_until: int = 7
    max_a_day: int = 10
    group_minutes: int = 2
    digest_hour: int = 8

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Settings from their data; what is missing has its default."""
        return cls(**{each.name: data[each.name] for each in fields(cls) if each.name in data})

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    def is_quiet(self, now: datetime) -> bool:
        """Whether `now` is in the quiet hours.

        >>> from datetime import UTC
        >>> night = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
        >>> DeliverySettings().is_quiet(night), DeliverySettings(time_zone="America/New_York").is_quiet(night)
        (True, False)
        """
        hour = self._local(now).hour
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= hour < self.quiet_until
        return hour >= self.quiet_from or hour < self.quiet_until

    def day_start(self, now: datetime) -> datetime:
        """When the owner's day began."""
        return self._local(now).replace(hour=0, minute=0, second=0, microsecond=0)

    def last_digest(self, now: datetime) -> datetime:
        """The latest time at which a digest was due."""
        today = self.day_start(now).replace(hour=self.digest_hour)
        return today if today <= now else today - timedelta(days=1)

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.time_zone))


DEFAULTS = DeliverySettings()


def problems_of(settings: DeliverySettings) -> Iterator[tuple[str, str]]:
    """(field, what is wrong and what is allowed) for each setting that is not allowed."""
    if settings.webhook_format not in WEBHOOK_FORMATS:
        yield "webhook_format", f"is {settings.webhook_format!r}; allowed are {', '.join(WEBHOOK_FORMATS)}"
    if settings.time_zone not in available_timezones():
        yield "time_zone", f"is {settings.time_zone!r}; name one such as Europe/Berlin or UTC"
    for name in ("quiet_from", "quiet_until", "digest_hour"):
        if not 0 <= getattr(settings, name) <= 23:
            yield name, f"is {getattr(settings, name)}; enter an hour from 0 to 23"
    if not 1 <= settings.max_a_day <= MAX_A_DAY:
        yield "max_a_day", f"is {settings.max_a_day}; enter a number from 1 to {MAX_A_DAY}"
    if not 0 <= settings.group_minutes <= MAX_GROUP_MINUTES:
        yield "group_minutes", f"is {settings.group_minutes}; enter minutes from 0 to {MAX_GROUP_MINUTES}"


def settings_text(settings: DeliverySettings, *, webhook_host: str) -> str:
    """Settings in one line."""
    channels = [
        *(["e-mail"] if settings.email else []),
        *([f"webhook to {webhook_host} ({settings.webhook_format})"] if webhook_host else []),
    ]
    quiet = (
        f"quiet from {settings.quiet_from:02}:00 to {settings.quiet_until:02}:00"
        if settings.quiet_from != settings.quiet_until
        else "no quiet hours"
    )
    return (
        f"{' and '.join(channels) or 'no channel'}; {quiet} ({settings.time_zone});"
        f" at most {settings.max_a_day} a day, digest at {settings.digest_hour:02}:00;"
        f" {settings.group_minutes} min for a group"
    )
