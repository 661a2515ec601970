"""What users reported about the event on the page."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from reviews.console.event_details import EventDetail
from reviews.console.reports import reports_about
from reviews.pages.content.snapshots import snapshots_of
from reviews.work.reason_codes import policy_titles
from scoring.admin_kit.personal.access import PersonalAccess
from scoring.catalog.registry import event_type
from scoring.log.read import read_positions

MAX_SHOWN = 5
NO_POLICY = "no policy named"


class ShownReport(NamedTuple):
    """A report: the policy that it names, in words, and its text, "" without one that may be shown."""

    position: int
    at: datetime
    policy: str
    text: str


class Reports(NamedTuple):
    """How many reports there are, how many name each policy, and the latest of them."""

    total: int
    counts: list[tuple[str, int]]
    latest: list[ShownReport]


def reports_panel(detail: EventDetail, *, personal: PersonalAccess) -> Reports | None:
    """The reports of an event; None for a type that has none, or if nobody reported it."""
    found = reports_about(detail.type, source=detail.source, external_id=detail.external_id)
    positions = list(found.order_by("-position").values_list("position", flat=True))
    if not positions:
        return None
    titles = policy_titles(event_type(detail.type))
    named = {
        entry.position: str(entry.data["fields"].get("policy", "")) for entry in read_positions(positions)
    }
    words = {position: titles.get(named[position], NO_POLICY) for position in positions}
    shown = snapshots_of(positions[:MAX_SHOWN], personal=personal)
    latest = [
        ShownReport(position, shown[position].occurred_at, words[position], shown[position].text)
        for position in positions[:MAX_SHOWN]
    ]
    return Reports(len(positions), Counter(words.values()).most_common(), latest)
