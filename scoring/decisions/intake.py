"""Events in: append the receipt with its pending row, ring the lane, wait if the client does."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from scoring.catalog.event_type import ParsedFields
from scoring.catalog.registry import event_type
from scoring.decisions import doorbell, fallback, pending
from scoring.decisions.answers import answer_from, answer_from_stream
from scoring.errors import PayloadConflict
from scoring.log import vault
from scoring.log.append import append_new
from scoring.log.entries import Entry, NewEntry
from scoring.log.read import read_streams
from scoring.timestamps import to_iso

logger = logging.getLogger(__name__)

OnTimeout = Literal["pending", "fallback"]
# Lists longer than this are bulk: they do not overtake, nor hold up, a client that waits for one decision.
MOST_EVENTS_WITH_PRIORITY = 32


@dataclass(frozen=True, slots=True)
class Submission:
    """One event as parsed by its type: `scoring.catalog.registry.event_type(type).parse(payload, ...)`."""

    type: str
    parsed: ParsedFields


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one submission.

    `created` is False when the same payload had been received before; `answer` is then the original one.
    `conflict` is set, and `answer` None, when the id is taken by another payload.
    """

    stream: str
    created: bool
    answer: dict[str, Any] | None
    conflict: PayloadConflict | None = None


def receive_events(
    submissions: Sequence[Submission],
    *,
    source: str,
    now: datetime,
    wait: float | None = None,
    on_timeout: OnTimeout = "pending",
    actor: str = "",
) -> list[Receipt]:
    """Append the events of one sender and return a receipt for each, in the order given.

    With `wait` (seconds) the call returns as soon as every event is decided, at the latest after that time;
    events still undecided are then answered as pending, or by the failure policy if `on_timeout` is
    "fallback". Without it nothing is waited for.
    """
    entries = [received_entry(submission, source=source, actor=actor) for submission in submissions]
    token = secrets.token_hex(8) if wait else None
    with transaction.atomic():
        vault.store(vault_items(submissions))
        written, _ = append_new(entries, now=now)
        pending.enqueue_events(
            written,
            now=now,
            wake_token=token,
            urgent=bool(wait) and len(entries) <= MOST_EVENTS_WITH_PRIORITY,
        )
    rung = doorbell.ring_lanes({event_type(entry.data["type"]).lane for entry in written})
    answers = _answers_of_new(written, token=token, wait=wait, on_timeout=on_timeout, cause=rung.cause)
    return _receipts(entries, {entry.stream for entry in written}, answers)


def received_entry(
    submission: Submission, *, source: str, actor: str = "", history: bool = False
) -> NewEntry:
    """The `event.received` entry of a submission; personal values are replaced by their digests."""
    parsed = submission.parsed
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
        },
        metadata={"actor": actor} if actor else {},
    )


def vault_items(submissions: Sequence[Submission]) -> list[tuple[str, str]]:
    """The personal values of the submissions as (kind, value)."""
    return [
        (name, str(submission.parsed.fields[name]))
        for submission in submissions
        for name in submission.parsed.personal
    ]


def differing_fields(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> list[str]:
    """Names of the fields in which two receipts of one id differ, the day's exchange rate left aside."""
    names = sorted(stored["fields"].keys() | sent["fields"].keys())
    differing = [
        name for name in names if _as_sent(stored["fields"].get(name)) != _as_sent(sent["fields"].get(name))
    ]
    return differing if stored["occurred_at"] == sent["occurred_at"] else ["occurred_at", *differing]


def _as_sent(value: Any) -> Any:
    return {key: value[key] for key in ("minor", "currency")} if isinstance(value, dict) else value


def _answers_of_new(
    written: Sequence[Entry], *, token: str | None, wait: float | None, on_timeout: OnTimeout, cause: str
) -> dict[str, dict[str, Any]]:
    answers = {entry.stream: answer_from(entry, []) for entry in written}
    scored = [entry for entry in written if event_type(entry.data["type"]).scored]
    if not (wait and token and scored):
        return answers
    if not cause:
        decided, cause = doorbell.wait_for_answers(token, count=len(scored), seconds=wait)
        answers.update(decided)
    undecided = [entry for entry in scored if answers[entry.stream]["status"] == "pending"]
    if undecided and (cause or on_timeout == "fallback"):
        answers.update(fallback.decide(undecided, cause=cause or "timeout"))
    return answers


def _receipts(
    entries: Sequence[NewEntry], created: set[str], answers: dict[str, dict[str, Any]]
) -> list[Receipt]:
    repeated = [entry.stream for entry in entries if entry.stream not in created]
    stored = read_streams(repeated) if repeated else {}
    first_sent: set[str] = set()
    receipts = []
    for entry in entries:
        is_new = entry.stream in created and entry.stream not in first_sent
        first_sent.add(entry.stream)
        receipts.append(
            Receipt(entry.stream, True, answers[entry.stream])
            if is_new
            else _receipt_of_repeated(entry, stored.get(entry.stream), answers)
        )
    return receipts


def _receipt_of_repeated(
    entry: NewEntry, stored: Sequence[Entry] | None, answers: dict[str, dict[str, Any]]
) -> Receipt:
    history = stored or read_streams([entry.stream])[entry.stream]
    differing = differing_fields(history[0].data, entry.data)
    if differing:
        return Receipt(entry.stream, False, None, PayloadConflict(entry.stream, differing))
    answer = answers.get(entry.stream) or answer_from_stream(history)
    return Receipt(entry.stream, False, answer)
