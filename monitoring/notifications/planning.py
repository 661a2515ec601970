"""Which notices of an owner are sent now, which wait, and which go into the digest. Pure."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitoring.notifications.settings import DeliverySettings

FIRED, RESOLVED = "fired", "resolved"
INFO, CRITICAL = "info", "critical"


@dataclass(frozen=True, slots=True)
class Notice:
    """A transition of an alert: the position of its entry, the alert's key, and its group.

    `parent`: the key of the alert of the same cause that fired first, "" for that one itself.
    """

    position: int
    alert: str
    transition: str
    severity: str
    group: str
    at: datetime
    parent: str = ""

    @property
    def is_urgent(self) -> bool:
        """Whether it is sent at once: in quiet hours and beyond the daily number of messages as well."""
        return self.severity == CRITICAL and self.transition == FIRED


@dataclass(slots=True)
class Plan:
    """`messages`: the notices of each message to send now; `digest`: those that the digest will have."""

    messages: list[list[Notice]] = field(default_factory=list)
    digest: list[Notice] = field(default_factory=list)


def plan_messages(
    waiting: Sequence[Notice],
    *,
    announced: Collection[str],
    sent_today: int,
    settings: DeliverySettings,
    now: datetime,
) -> Plan:
    """What becomes of an owner's waiting notices, which are in order of position; others go on waiting.

    - Infos go into the digest, and so do alerts whose parent was sent, alerts that were resolved before they
      were sent, and the end of one that was not sent. `announced`: the alerts whose firing was sent.
    - Those of one group share a message. It waits `group_minutes` for more, and during quiet hours.
    - Beyond `max_a_day` messages since the owner's midnight, all go into the digest.
    - A critical alert that fires is sent at once, whatever the hour and the number, with its group.
    """
    plan = Plan(digest=[each for each in waiting if _is_for_digest(each, waiting, announced)])
    groups: dict[str, list[Notice]] = defaultdict(list)
    for notice in waiting:
        if notice not in plan.digest:
            groups[notice.group].append(notice)
    for group in groups.values():
        if any(each.is_urgent for each in group):
            plan.messages.append(group)
        elif _is_ripe(group, settings, now=now):
            fits = sent_today + len(plan.messages) < settings.max_a_day
            plan.messages.append(group) if fits else plan.digest.extend(group)
    return plan


def is_digest_due(oldest: datetime, settings: DeliverySettings, *, now: datetime) -> bool:
    """Whether a digest was due since its oldest notice."""
    return oldest < settings.last_digest(now)


def _is_for_digest(notice: Notice, waiting: Sequence[Notice], announced: Collection[str]) -> bool:
    if notice.severity == INFO:
        return True
    own = [each for each in waiting if each.alert == notice.alert]
    if any(each.is_urgent for each in own):
        return False
    if notice.transition == RESOLVED:
        return notice.alert not in announced
    return notice.parent in announced or any(
        each.transition == RESOLVED and each.position > notice.position for each in own
    )


def _is_ripe(group: Sequence[Notice], settings: DeliverySettings, *, now: datetime) -> bool:
    waited = now - min(each.at for each in group)
    return waited >= timedelta(minutes=settings.group_minutes) and not settings.is_quiet(now)
