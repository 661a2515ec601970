"""Labels over HTTP: state and retract them, list those held until their event arrives."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import deadlines
from scoring.api.items import ApiView, ItemsView, Result, read_items, read_object, seconds_for
from scoring.api.keys.issue import Sender
from scoring.api.keys.permissions import sender_of
from scoring.api.links import event_link
from scoring.api.pending import list_pending, read_paging
from scoring.api.schema.labels import LIST_HELD, STATE_LABELS
from scoring.catalog.registry import event_type
from scoring.errors import ScoringError
from scoring.intake import admission
from scoring.intake.label_sources import PRECEDENCE, is_known_source
from scoring.intake.label_statements import parse_statement
from scoring.intake.labels import LabelReceipt, LabelStatement, record_labels
from scoring.lanes import held_labels
from scoring.lanes import queue as pending
from scoring.lanes.models import Pending
from scoring.log.entries import Entry
from scoring.log.read import read_positions
from scoring.timestamps import to_iso

STATUS = {"recorded": 201, "held": 202, "unchanged": 200}


class LabelsView(ItemsView):
    scopes = {"POST": "labels:write"}

    @extend_schema(**STATE_LABELS)
    def post(self, request: Request) -> Response:
        now = timezone.now()
        items, listed = read_items(request.data)
        deadlines.allow(seconds_for(len(items)))
        results = state_labels(items, sender=sender_of(request), now=now)
        return self.respond(results, listed=listed, headers={})


class HeldLabelsView(ApiView):
    scopes = {"GET": "labels:read"}

    @extend_schema(**LIST_HELD)
    def get(self, request: Request) -> Response:
        paging = read_paging(request.query_params)
        rows, following = list_pending(Pending.State.HELD, sender=sender_of(request), paging=paging)
        entries = read_positions([row.position for row in rows]) if rows else []
        return Response({"results": [held_label(entry) for entry in entries], "next_after": following})


def state_labels(items: Sequence[object], *, sender: Sender, now: datetime) -> list[Result | ScoringError]:
    """Parse and record labels; returns a result or an error for each, in order. Raises LaneBehind."""
    parsed = [try_parse(item, sender=sender, now=now) for item in items]
    valid = [attempt for attempt in parsed if isinstance(attempt, LabelStatement)]
    receipts = iter(_record(valid, sender=sender, now=now) if valid else ())
    return [
        result_of(attempt, next(receipts)) if isinstance(attempt, LabelStatement) else attempt
        for attempt in parsed
    ]


def try_parse(item: object, *, sender: Sender, now: datetime) -> LabelStatement | ScoringError:
    """The statement if it is valid and the sender may make it, otherwise the error."""
    try:
        statement = parse_statement(read_object(item), now=now)
        sender.check_event_type(statement.event_type)
        sender.check_label_source(statement.label_source)
    except ScoringError as error:
        return error
    return statement


def _record(statements: Sequence[LabelStatement], *, sender: Sender, now: datetime) -> list[LabelReceipt]:
    """Record labels as far as their lanes have room: they share the lanes' limits with events."""
    counted = Counter(event_type(statement.event_type).lane for statement in statements)
    admission.admit(counted, priority=pending.NORMAL)
    receipts = record_labels(
        statements,
        source=sender.source,
        now=now,
        actor=sender.actor,
        held_capacity=held_labels.remaining_capacity(sender.source),
    )
    held_labels.note_held(sender.source, sum(receipt.status == "held" for receipt in receipts))
    return receipts


def result_of(statement: LabelStatement, receipt: LabelReceipt) -> Result | ScoringError:
    """201 for a new label, 202 while its event has not arrived, 200 for a repeated one."""
    if receipt.refused:
        return receipt.refused
    body = {
        "event_type": statement.event_type,
        "event_id": statement.event_id,
        "label": statement.value,
        "source": statement.label_source,
        "status": receipt.status,
        "effective": receipt.effective,
        "known_at": receipt.known_at and to_iso(receipt.known_at),
        "reported_at": receipt.reported_at and to_iso(receipt.reported_at),
        "warnings": warnings_of(statement),
        "links": links_of(statement.event_type, statement.event_id),
    }
    if event_type(statement.event_type).policies:
        body["policies"] = list(statement.policies)
    return Result(STATUS[receipt.status], body, replayed=receipt.status == "unchanged")


def warnings_of(statement: LabelStatement) -> list[str]:
    """Warnings about an accepted label that may be a mistake."""
    if is_known_source(statement.label_source):
        return []
    return [f"the source {statement.label_source!r} has no rank: it ranks after {', '.join(PRECEDENCE)}"]


def held_label(entry: Entry) -> dict[str, Any]:
    kind, _, event_id = entry.data["event"].split("/", 2)
    return {
        "event_type": kind,
        "event_id": event_id,
        "label": entry.data["value"],
        "source": entry.data["source"],
        "known_at": entry.data["known_at"],
        "reported_at": entry.data.get("reported_at"),
        "links": links_of(kind, event_id),
        **({"policies": entry.data["policies"]} if "policies" in entry.data else {}),
    }


def links_of(kind: str, event_id: str) -> dict[str, str]:
    return {"event": event_link(kind, event_id)}
