"""The senders of events that are known so far, for forms that offer them."""

from collections.abc import Callable, Iterable

from scoring.catalog.registry import event_types
from scoring.intake.models import Event

OWN_SOURCE = "assay"  # of events that the installation records itself, such as strikes; no key can have it
LATEST_EVENTS = 1_000  # of each type: finding every sender would read the whole table

SenderLookup = Callable[[], Iterable[str]]

_lookups: list[SenderLookup] = []


def register_senders(lookup: SenderLookup) -> SenderLookup:
    """A decorator: have `known_senders` include what `lookup` returns."""
    _lookups.append(lookup)
    return lookup


def known_senders() -> list[str]:
    """Every sender found by a registered lookup, in alphabetical order."""
    return sorted({sender for lookup in _lookups for sender in lookup()})


@register_senders
def senders_of_latest_events() -> set[str]:
    """The senders among the latest events of each type."""
    found: set[str] = set()
    for name in event_types():
        latest = Event.objects.filter(type=name).order_by("-occurred_at")[:LATEST_EVENTS]
        found |= set(latest.values_list("source", flat=True))
    return found
