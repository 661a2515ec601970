"""What several events say, and what became of each: for lists of events beside the one on the page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from reviews.console.event_details import amended, current_decisions
from reviews.models import Case
from reviews.strikes.recording import struck_field
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.fields import Text
from scoring.catalog.registry import event_type
from scoring.log import vault
from scoring.log.read import read_positions
from scoring.timestamps import from_iso


class Snapshot(NamedTuple):
    """An event as corrected. `text` and `author` are "" where the event has none, where it was erased, and
    where it is personal and was not asked for.

    `outcome` is that of the latest decision, "" without one; `case`: None without one.
    """

    position: int
    stream: str
    type: str
    external_id: str
    occurred_at: datetime
    author: str
    text: str
    outcome: str
    case: Case | None
    is_retracted: bool


def snapshots_of(positions: Sequence[int], *, personal: PersonalAccess) -> dict[int, Snapshot]:
    """The events at these positions, in a few queries. Personal names are masked; texts are not."""
    receipts = read_positions(positions)
    versions, retracted = amended([entry.position for entry in receipts])
    held = {entry.position: versions.get(entry.position, entry).data for entry in receipts}
    known = vault.reveal(_digests(held.values())) if personal.may_read else {}
    decisions, cases = current_decisions(list(held)), Case.objects.in_bulk(list(held))
    return {
        entry.position: Snapshot(
            position=entry.position,
            stream=entry.stream,
            type=entry.data["type"],
            external_id=entry.data["id"],
            occurred_at=from_iso(held[entry.position]["occurred_at"]),
            author=_author(held[entry.position], known, personal=personal),
            text=_shown(held[entry.position], text_field(entry.data["type"]), known),
            outcome=decisions[entry.position].outcome if entry.position in decisions else "",
            case=cases.get(entry.position),
            is_retracted=entry.position in retracted,
        )
        for entry in receipts
    }


def text_field(type_name: str) -> str:
    """The first text of an event type, "" if it has none."""
    fields = event_type(type_name).fields.items()
    return next((name for name, field in fields if isinstance(field, Text)), "")


def _author_field(type_name: str) -> str:
    return struck_field(event_type(type_name))


def _digests(receipts: Any) -> list[str]:
    """The digests of personal texts and authors."""
    return [
        str(receipt["fields"][name])
        for receipt in receipts
        for name in (text_field(receipt["type"]), _author_field(receipt["type"]))
        if name in receipt["fields"] and event_type(receipt["type"]).fields[name].personal
    ]


def _author(receipt: Mapping[str, Any], known: Mapping[str, str], *, personal: PersonalAccess) -> str:
    name = _author_field(receipt["type"])
    value, shown = str(receipt["fields"].get(name, "")), _shown(receipt, name, known)
    if not shown or shown == value:
        return shown
    return personal.words(shown, event_type(receipt["type"]).fields[name], name=name, digest=value)


def _shown(receipt: Mapping[str, Any], name: str, known: Mapping[str, str]) -> str:
    value = str(receipt["fields"].get(name, ""))
    if not value or not event_type(receipt["type"]).fields[name].personal:
        return value
    return known.get(value, "")
