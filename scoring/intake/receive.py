"""Receive events: append the receipt and queue it, notify the lane, wait for the decision if asked to."""

import logging
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import Error as DatabaseError
from django.db import connection

from scoring.catalog.event_type import ParsedFields
from scoring.catalog.registry import event_type
from scoring.intake.answers import answer_from_stream
from scoring.intake.errors import PayloadConflict
from scoring.intake.group_commit import ReceiptBatch, group_commit, lane_of
from scoring.lanes import queue as pending
from scoring.lanes.amendments import CORRECTED
from scoring.log import vault
from scoring.log.consumers.outages import is_outage
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_streams
from scoring.log.writing.request_ids import request_metadata
from scoring.signals import lane_notifications
from scoring.signals.reply_channels import ReplyChannel, open_reply_channel
from scoring.signals.spans import trace_metadata
from scoring.signals.telemetry import telemetry
from scoring.timestamps import to_iso

logger = logging.getLogger(__name__)

OnTimeout = Literal["pending", "fallback"]
# Decides received events without their lane, for a cause; returns the answers by stream. It lies above this
# room, since it looks at lists and rules: `scoring.decisions.failure_policy.decide_without_lane`.
FailurePolicy = Callable[[Sequence[Entry], str], dict[str, dict[str, Any]]]
# Longer lists are bulk: they neither overtake nor delay a client that waits for one decision.
MAX_URGENT_EVENTS = 32


@dataclass(frozen=True, slots=True)
class Submission:
    """One event as parsed by its type: `scoring.catalog.registry.event_type(type).parse(payload, ...)`."""

    type: str
    parsed: ParsedFields


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one submission.

    `created` is False if the same payload was received before; `answer` is then the original one. If the id
    is taken by another payload, `conflict` is set and `answer` is None.
    """

    stream: str
    created: bool
    answer: dict[str, Any] | None
    conflict: PayloadConflict | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """What decides events that no lane decides: if it cannot be reached and, `at_timeout`, if it is late."""

    policy: FailurePolicy | None
    at_timeout: bool


def receive_events(
    submissions: Sequence[Submission],
    *,
    source: str,
    now: datetime,
    wait: float | None = None,
    on_timeout: OnTimeout = "pending",
    failure_policy: FailurePolicy | None = None,
    actor: str = "",
) -> list[Receipt]:
    """Append the events of one sender and return a receipt for each, in the order given.

    With `wait` (seconds) the call returns as soon as every event is decided, at the latest after that time.
    Events still undecided are then answered as pending, or by the failure policy if `on_timeout` is
    "fallback". It also decides events whose lane cannot be notified; without a policy, all of these are
    answered as pending. Without `wait` the call returns at once. A repeated submission of an undecided event
    waits like the first one, since its sender may have lost the connection.
    """
    if not submissions:
        return []
    entries = [received_entry(submission, source=source, actor=actor) for submission in submissions]
    channel = open_reply_channel() if wait else None
    token = channel.token if channel else None
    batch = ReceiptBatch(
        entries,
        personal=vault_items(submissions),
        now=now,
        priority=priority_of(len(entries), wait=wait),
        wake_token=token,
    )
    group_commit.write(batch)
    created = {entry.stream: [entry] for entry in batch.written}
    repeated = read_streams([entry.stream for entry in entries if entry.stream not in created])
    stored = created | repeated
    answers = {stream: answer_from_stream(entries) for stream, entries in stored.items()}
    waiting = {stream for stream, answer in answers.items() if answer["status"] == "pending"}
    undecided = {stream: stored[stream][0] for stream in waiting - _disputed(entries, repeated)}
    cause = batch.cause or _wait_too(undecided.keys() & repeated, undecided, wake_token=token)
    if wait and channel and undecided:
        fallback = Fallback(failure_policy, at_timeout=on_timeout == "fallback")
        answers |= _wait_if_possible(undecided, channel=channel, wait=wait, fallback=fallback, cause=cause)
    return _receipts(entries, repeated, answers)


def priority_of(count: int, *, wait: float | None) -> int:
    """The priority of a request of `count` events: clients that wait for a few events come first."""
    return pending.URGENT if wait and count <= MAX_URGENT_EVENTS else pending.NORMAL


def received_entry(
    submission: Submission, *, source: str, actor: str = "", history: bool = False
) -> NewEntry:
    """The `event.received` entry of a submission, with digests in place of personal values.

    Its `signals`, and the versions of the lists that they depend on, are not part of the payload, so they are
    not compared with those of a repeated submission.
    """
    parsed, signals = submission.parsed, submission.parsed.signals
    fields = dict(parsed.fields)
    for name in parsed.personal:
        fields[name] = vault.digest_of(name, str(fields[name]))
    return NewEntry(
        stream=f"{submission.type}/{source}/{parsed.external_id}",
        expected_version=0,
        type="event.received",
        data={
            "type": submission.type,
            "source": source,
            "id": parsed.external_id,
            "occurred_at": to_iso(parsed.occurred_at),
            "history": history,
            "fields": fields,
            **({"detected": list(parsed.detected)} if parsed.detected else {}),
            **({"signals": signals.values} if signals.values else {}),
            **({"references": signals.references} if signals.references else {}),
            **({"external": signals.external} if signals.external else {}),
            **({"media": [each.as_data() for each in signals.media]} if signals.media else {}),
            **({"held": signals.held} if signals.held else {}),
        },
        # Here, since another request's thread may write the entry (`scoring.intake.group_commit`).
        metadata={**({"actor": actor} if actor else {}), **request_metadata(), **trace_metadata()},
    )


def vault_items(submissions: Sequence[Submission]) -> list[tuple[str, str]]:
    """The personal values of the submissions as (kind, value)."""
    return [
        (name, str(submission.parsed.fields[name]))
        for submission in submissions
        for name in submission.parsed.personal
    ]


def differing_fields(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """Names of the sent fields that differ between two receipts of one id, exchange rates aside."""
    names = sorted(_sent_fields(stored) | _sent_fields(sent))
    differing = [
        name for name in names if _as_sent(stored["fields"].get(name)) != _as_sent(sent["fields"].get(name))
    ]
    return differing if stored["occurred_at"] == sent["occurred_at"] else ["occurred_at", *differing]


def _sent_fields(receipt: Mapping[str, Any]) -> set[str]:
    """The fields that the sender sent: those that follow from others depend on the code's version too."""
    computed = event_type(receipt["type"]).computed_fields
    return {name for name in receipt["fields"] if name not in computed} - set(receipt.get("detected", ()))


def conflicting_fields(stream: Sequence[Entry], sent: Mapping[str, Any]) -> list[str]:
    """`differing_fields` from the event as received; none if they match one of its corrections.

    A sender that has corrected an event may send it again as it is now or as it was.
    """
    differing = differing_fields(stream[0].data, sent)
    if differing and any(not differing_fields(e.data, sent) for e in stream if e.type == CORRECTED):
        return []
    return differing


def _as_sent(value: Any) -> Any:
    return {key: value[key] for key in ("minor", "currency")} if isinstance(value, dict) else value


def _disputed(entries: Sequence[NewEntry], repeated: Mapping[str, Sequence[Entry]]) -> set[str]:
    """The streams that were submitted again with another payload."""
    return {
        entry.stream
        for entry in entries
        if entry.stream in repeated and conflicting_fields(repeated[entry.stream], entry.data)
    }


def _wait_too(streams: Set[str], undecided: Mapping[str, Entry], *, wake_token: str | None) -> str:
    """Let a client wait for events received before; returns why lanes could not be notified, or ""."""
    entries = [undecided[stream] for stream in streams]
    if entries and wake_token:
        pending.wait_for_queued([entry.position for entry in entries], wake_token=wake_token)
    return lane_notifications.notify_lanes({lane_of(entry) for entry in entries})


def _wait_if_possible(
    undecided: Mapping[str, Entry], *, channel: ReplyChannel, wait: float, fallback: Fallback, cause: str
) -> dict[str, dict[str, Any]]:
    """`_wait`, without answers if the database fails meanwhile: the events are stored and pending."""
    try:
        return _wait(undecided, channel=channel, wait=wait, fallback=fallback, cause=cause)
    except DatabaseError as error:
        if connection.in_atomic_block or not is_outage(error):
            raise
        logger.warning("%d events are answered as pending: %s", len(undecided), error)
        return {}


def _wait(
    undecided: Mapping[str, Entry], *, channel: ReplyChannel, wait: float, fallback: Fallback, cause: str
) -> dict[str, dict[str, Any]]:
    """Answers by stream from the lane or the failure policy, without those that did not come in time."""
    answers: dict[str, dict[str, Any]] = {}
    if not cause:
        with telemetry.stage("wait", events=len(undecided)):
            answers, cause = channel.collect(count=len(undecided), seconds=wait)
    left = [entry for stream, entry in undecided.items() if stream not in answers]
    if left and fallback.policy and (cause or fallback.at_timeout):
        return answers | fallback.policy(left, cause or "timeout")
    # A batch that was claimed before this client began to wait may have decided them.
    since = read_streams([entry.stream for entry in left])
    return answers | {stream: answer_from_stream(entries) for stream, entries in since.items()}


def _receipts(
    entries: Sequence[NewEntry],
    repeated: Mapping[str, Sequence[Entry]],
    answers: Mapping[str, dict[str, Any]],
) -> list[Receipt]:
    receipts = []
    first: dict[str, NewEntry] = {}
    for entry in entries:
        stored, earlier = repeated.get(entry.stream), first.get(entry.stream)
        first.setdefault(entry.stream, entry)
        differing = []
        if stored:
            differing = conflicting_fields(stored, entry.data)
        elif earlier:
            differing = differing_fields(earlier.data, entry.data)
        receipts.append(
            Receipt(
                stream=entry.stream,
                created=not (stored or earlier),
                answer=None if differing else answers[entry.stream],
                conflict=PayloadConflict(entry.stream, differing) if differing else None,
            )
        )
    return receipts
