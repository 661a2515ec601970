"""Makes messages of the notices that are due, and digests."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q
from django.urls import reverse

from monitoring.notifications.composing import AlertNews, events_of, subject_of, text_of
from monitoring.notifications.models import AlertNotice, NotificationMessage
from monitoring.notifications.planning import FIRED, Notice, is_digest_due, plan_messages
from monitoring.notifications.stored import OwnerSettings, settings_of

WAITING, DIGEST, DONE = AlertNotice.State.WAITING, AlertNotice.State.DIGEST, AlertNotice.State.DONE
ALERTS, DIGEST_KIND, TEST = "alerts", "digest", "test"
SENT, DIGESTED = "sent", "digested"
MAX_NOTICES = 1_000  # looked at in one run, oldest first


def queue_messages(*, now: datetime) -> int:
    """Queue the messages that are due for all owners; returns their number."""
    with transaction.atomic():
        open_notices = AlertNotice.objects.exclude(state=DONE).select_for_update(skip_locked=True)
        by_owner: dict[str, list[AlertNotice]] = defaultdict(list)
        for notice in open_notices.order_by("position")[:MAX_NOTICES]:
            by_owner[notice.owner].append(notice)
        return sum(_queue_of(settings_of(owner), notices, now=now) for owner, notices in by_owner.items())


def queue_test(owner: OwnerSettings, *, now: datetime) -> int:
    """Queue a test message by every channel of an owner; returns the number of channels."""
    subject = "Assay: test message"
    text = f"Messages about alerts of {owner.owner} arrive here.\n\n{owner.text}\n"
    content = {"text": text, "events": []}
    return _queue(owner, kind=TEST, batch=0, subject=subject, content=content, alerts=[], now=now)


def admin_home() -> str:
    """The address of the admin for links in messages."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("admin:index")


def _queue_of(owner: OwnerSettings, notices: Sequence[AlertNotice], *, now: datetime) -> int:
    by_position = {each.position: each for each in notices}
    waiting = [_planned(each) for each in notices if each.state == WAITING]
    plan = plan_messages(
        waiting,
        announced=_announced(waiting),
        sent_today=_sent_since(owner.owner, owner.delivery.day_start(now)),
        settings=owner.delivery,
        now=now,
    )
    queued = 0
    for message in plan.messages:
        queued += _queue_alerts(owner, [by_position[each.position] for each in message], ALERTS, now=now)
    _set_state((by_position[each.position] for each in plan.digest), DIGEST)
    collected = [each for each in notices if each.state == DIGEST]
    if collected and is_digest_due(min(each.at for each in collected), owner.delivery, now=now):
        queued += _queue_alerts(owner, collected, DIGEST_KIND, now=now)
    return queued


def _queue_alerts(owner: OwnerSettings, notices: Sequence[AlertNotice], kind: str, *, now: datetime) -> int:
    home = admin_home()
    news = [
        AlertNews(each.alert, each.position, each.transition, each.severity, each.data, each.at)
        for each in notices
    ]
    _set_state(notices, DONE, DIGESTED if kind == DIGEST_KIND else SENT)
    return _queue(
        owner,
        kind=kind,
        batch=min(each.position for each in notices),
        subject=subject_of(news, kind=kind),
        content={"text": text_of(news, home=home, kind=kind), "events": events_of(news, home=home)},
        alerts=[
            {
                "alert": each.alert,
                "position": each.position,
                "transition": each.transition,
                "rule": each.data.get("rule", ""),
            }
            for each in notices
        ],
        now=now,
    )


def _queue(
    owner: OwnerSettings,
    *,
    kind: str,
    batch: int,
    subject: str,
    content: Mapping[str, object],
    alerts: list[dict[str, object]],
    now: datetime,
) -> int:
    messages = [
        NotificationMessage(
            owner=owner.owner,
            channel=channel,
            kind=kind,
            batch=batch,
            subject=subject,
            content=content,
            alerts=alerts,
            created_at=now,
            due_at=now,
        )
        for channel in owner.channels
    ]
    NotificationMessage.objects.bulk_create(messages)
    return len(messages)


def _planned(notice: AlertNotice) -> Notice:
    return Notice(notice.position, notice.alert, notice.transition, notice.severity, notice.group, notice.at)


def _announced(waiting: Iterable[Notice]) -> set[str]:
    """Those of the alerts, and of their parents, whose latest firing was sent."""
    named = {key for each in waiting for key in (each.alert, each.parent)}
    fired = AlertNotice.objects.filter(alert__in=named, transition=FIRED)
    latest = fired.values("alert").annotate(latest=Max("position")).values_list("latest", flat=True)
    sent = AlertNotice.objects.filter(position__in=list(latest), outcome=SENT)
    return set(sent.values_list("alert", flat=True))


def _sent_since(owner: str, since: datetime) -> int:
    """How many messages were queued since then, counting one by several channels once."""
    mine = Q(owner=owner, kind=ALERTS, created_at__gte=since)
    return NotificationMessage.objects.filter(mine).aggregate(sent=Count("batch", distinct=True))["sent"] or 0


def _set_state(notices: Iterable[AlertNotice], state: AlertNotice.State, outcome: str = "") -> None:
    changed = list(notices)
    for notice in changed:
        notice.state, notice.outcome = state, outcome
    AlertNotice.objects.bulk_update(changed, ["state", "outcome"])
